"""Saga notes: what operators wrote at an order, and whom it was handed to."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Table,
    Text,
    Uuid,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.orders.events import OrderAssigned, OrderNoted
from eventstore.store import Recorded
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows
from readmodels.views import SagaNote

NAME: Final = "saga_notes"
VERSION: Final = 1

NOTES = Table(
    "saga_notes",
    METADATA,
    Column("order_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("kind", Text),
    Column("author", Text),
    Column("text", Text),
    Column("assignee", Text),
    Column("recorded_at", DateTime(timezone=True)),
)
INSERT = insert_rows(NOTES)
IS_ASSIGNMENT = NOTES.c.kind == literal_column("'assigned'")  # as the partial index spells it


class SagaNotes(ByStream):
    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (NOTES,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        rows = [row for row in map(to_row, events) if row]
        return [Write(INSERT, arrays(NOTES, rows))] if rows else []


def to_row(recorded: Recorded) -> tuple[object, ...] | None:
    """The row of a note or a hand-over; None of any other event."""
    match recorded.event:
        case OrderNoted(note, author):
            said: tuple[object, ...] = ("note", author, note, None)
        case OrderAssigned(assignee, reason, author):
            said = ("assigned", author, reason, assignee)
        case _:
            return None
    return (UUID(recorded.stream_id.removeprefix("order/")), recorded.version, *said, recorded.recorded_at)


def in_charge(order_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Who has the order, as a subquery."""
    query = select(NOTES.c.assignee).where(NOTES.c.order_id == order_id, IS_ASSIGNMENT)
    return query.order_by(NOTES.c.version.desc()).limit(1).scalar_subquery()


async def of_order(connection: AsyncConnection, order_id: UUID) -> Sequence[SagaNote]:
    """Oldest first."""
    columns = [column for column in NOTES.columns if column is not NOTES.c.order_id]
    query = select(*columns).where(NOTES.c.order_id == order_id).order_by(NOTES.c.version)
    return [SagaNote(**row) for row in (await connection.execute(query)).mappings()]
