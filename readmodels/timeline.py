"""The timeline: every event of every order, as it is shown."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import cache
from typing import Any, Final, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Column, DateTime, Table, Text, Uuid, select
from sqlalchemy.ext.asyncio import AsyncConnection

from eventstore.fast_json import fast_json, write_json
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows
from readmodels.views import TimelineEntry

NAME: Final = "timeline"
VERSION: Final = 1

TIMELINE = Table(
    "timeline",
    METADATA,
    Column("order_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("position", BigInteger),
    Column("type", Text),
    Column("recorded_at", DateTime(timezone=True)),
    Column("step", Text),
    Column("actor", Text),
    Column("data", Text),
)
INSERT = insert_rows(TIMELINE)


class Timeline(ByStream):
    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (TIMELINE,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        return [Write(INSERT, arrays(TIMELINE, map(to_row, events)))]


def to_row(recorded: Recorded) -> tuple[object, ...]:
    return (
        recorded.stream_id.removeprefix("order/"),  # the driver takes text for a UUID, which is cheaper
        recorded.version,
        recorded.position,
        recorded.type,
        recorded.recorded_at,
        recorded.metadata.get("step"),
        recorded.metadata.get("actor"),
        to_json(recorded.event),
    )


def to_json(event: object) -> str:
    return _writer(cast(Hashable, type(event)))(event).decode()


@cache
def _writer(cls: Any) -> Callable[[object], bytes]:
    return write_json if fast_json(cls) else TypeAdapter(cls).dump_json


async def of_order(
    connection: AsyncConnection, order_id: UUID, *, after: int, limit: int
) -> Sequence[TimelineEntry]:
    """Events with `version > after`, in order. Raises InvalidValue (`invalid-limit`)."""
    columns = [column for column in TIMELINE.columns if column is not TIMELINE.c.order_id]
    query = (
        select(*columns)
        .where(TIMELINE.c.order_id == order_id, TIMELINE.c.version > after)
        .order_by(TIMELINE.c.version)
        .limit(cursors.check_limit(limit))
    )
    return [TimelineEntry(**row) for row in (await connection.execute(query)).mappings()]


async def of_orders(
    connection: AsyncConnection, order_ids: Collection[UUID], *, limit: int
) -> Mapping[UUID, Sequence[TimelineEntry]]:
    """The first `limit` events of each order, in order. Raises InvalidValue (`invalid-limit`)."""
    columns = [column for column in TIMELINE.columns if column is not TIMELINE.c.order_id]
    first = TIMELINE.c.version <= cursors.check_limit(limit)
    query = select(*TIMELINE.columns).where(TIMELINE.c.order_id.in_(order_ids), first)
    found: dict[UUID, list[TimelineEntry]] = {}
    for row in (await connection.execute(query.order_by(TIMELINE.c.order_id, TIMELINE.c.version))).mappings():
        entry = TimelineEntry(**{column.name: row[column] for column in columns})
        found.setdefault(row[TIMELINE.c.order_id], []).append(entry)
    return found
