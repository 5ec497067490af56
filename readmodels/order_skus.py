"""Which orders have which SKUs in them: so that a list by SKU costs no more than another."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, Text, Uuid, exists

from domain.orders.events import LineSubstituted, OrderPlaced
from eventstore.store import Recorded
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows

NAME: Final = "order_skus"
VERSION: Final = 1

SKUS = Table(
    "order_skus", METADATA, Column("sku", Text, primary_key=True), Column("order_id", Uuid, primary_key=True)
)
INSERT = insert_rows(SKUS).on_conflict_do_nothing()


class OrderSkus(ByStream):
    """A SKU that was ever in an order stays with it: what was dropped or replaced is looked for as well."""

    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (SKUS,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        rows = [
            (sku, UUID(recorded.stream_id.removeprefix("order/"))) for recorded in events for sku in skus(recorded)
        ]
        return [Write(INSERT, arrays(SKUS, rows))] if rows else []


def skus(recorded: Recorded) -> list[str]:
    """The SKUs that the event brings into its order."""
    match recorded.event:
        case OrderPlaced(lines=lines):
            return [line.sku for line in lines]
        case LineSubstituted(substitute=line):
            return [line.sku]
        case _:
            return []


def contains(order_id: ColumnElement[UUID], sku: str) -> ColumnElement[bool]:
    """Whether the order has, or had, the SKU."""
    return exists().where(SKUS.c.order_id == order_id, SKUS.c.sku == sku)
