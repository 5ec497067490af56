"""Stock levels per SKU and warehouse. Several streams may come to feed a row, so it changes by increments only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, assert_never, cast

from sqlalchemy import BigInteger, Column, Row, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.inventory.events import (
    BackorderFilled,
    BackorderWithdrawn,
    StockAdjusted,
    StockEvent,
    StockReceived,
    UnitsBackordered,
    UnitsReleased,
    UnitsReserved,
    UnitsRestocked,
    UnitsShipped,
)
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows
from readmodels.views import Page, StockView, WarehouseStock

NAME: Final = "stock"
VERSION: Final = 1

STOCK = Table(
    "stock",
    METADATA,
    Column("sku", Text, primary_key=True),
    Column("warehouse", Text, primary_key=True),
    Column("on_hand", BigInteger),
    Column("reserved", BigInteger),
)
_INSERT = insert_rows(STOCK)
ADD = _INSERT.on_conflict_do_update(
    index_elements=[STOCK.c.sku, STOCK.c.warehouse],
    set_={name: STOCK.c[name] + _INSERT.excluded[name] for name in ("on_hand", "reserved")},
)


class Stock(ByStream):
    name = NAME
    version = VERSION
    streams = ("stock/",)
    tables = (STOCK,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        rows = [(*key, *change) for key, change in sums(events).items()]
        return [Write(ADD, arrays(STOCK, rows))]


def sums(events: Iterable[Recorded]) -> Mapping[tuple[str, str], tuple[int, int]]:
    """By SKU and warehouse, what the events add to `on_hand` and to `reserved`."""
    added: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for recorded in events:
        _, warehouse, sku = recorded.stream_id.split("/", 2)
        on_hand, reserved = added[sku, warehouse]
        more_on_hand, more_reserved = increment(cast(StockEvent, recorded.event))
        added[sku, warehouse] = (on_hand + more_on_hand, reserved + more_reserved)
    return added


def increment(event: StockEvent) -> tuple[int, int]:
    """What the event adds to `on_hand` and to `reserved`."""
    match event:
        case StockReceived(quantity) | StockAdjusted(quantity) | UnitsRestocked(_, quantity):
            return quantity, 0
        case UnitsReserved(_, quantity) | BackorderFilled(_, quantity):
            return 0, quantity
        case UnitsReleased(_, quantity):
            return 0, -quantity
        case UnitsShipped(_, quantity):
            return -quantity, -quantity
        case UnitsBackordered() | BackorderWithdrawn():
            return 0, 0
        case _:
            assert_never(event)


async def of_sku(connection: AsyncConnection, sku: str) -> StockView | None:
    views = _views((await connection.execute(select(STOCK).where(STOCK.c.sku == sku).order_by(*_KEY))).all())
    return views[0] if views else None


async def of_skus(connection: AsyncConnection, skus: Collection[str]) -> Mapping[str, StockView]:
    """Those of the SKUs that were ever in stock."""
    rows = await connection.execute(select(STOCK).where(STOCK.c.sku.in_(skus)).order_by(*_KEY))
    return {view.sku: view for view in _views(rows.all())}


async def levels(connection: AsyncConnection, *, limit: int, cursor: str | None) -> Page[StockView]:
    """By SKU. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    skus = select(STOCK.c.sku).distinct().order_by(STOCK.c.sku).limit(cursors.check_limit(limit) + 1)
    if cursor is not None:
        skus = skus.where(STOCK.c.sku > cursors.decode(cursor, str)[0])
    rows = await connection.execute(select(STOCK).where(STOCK.c.sku.in_(skus)).order_by(*_KEY))
    return cursors.page(_views(rows.all()), limit, lambda view: view, lambda view: (view.sku,))


_KEY = (STOCK.c.sku, STOCK.c.warehouse)


def _views(rows: Sequence[Row[Any]]) -> list[StockView]:
    return [
        StockView(sku, [WarehouseStock(row.warehouse, row.on_hand, row.reserved) for row in group])
        for sku, group in groupby(rows, key=attrgetter("sku"))
    ]
