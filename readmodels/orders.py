"""Orders: one row each, the fold of the order's stream."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Self, cast
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.orders.model import OrderStatus
from domain.record import EMPTY, OrderRecord, OrderStreamEvent, fold_record
from eventstore.fast_json import write_json
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Skipped, Tables, Write, arrays, upsert_rows
from readmodels.views import OrderView

NAME: Final = "orders"
VERSION: Final = 5
STREAMS: Final = ("order/",)

ORDERS = Table(
    "orders",
    METADATA,
    Column("order_id", Uuid, primary_key=True),
    Column("order_number", Text),
    Column("customer_id", Text),
    Column("status", Text),
    Column("payment_status", Text),
    Column("fulfilment_status", Text),
    Column("attention", Boolean),
    Column("total_minor", BigInteger),
    Column("currency", Text),
    Column("placed_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("version", BigInteger),
    Column("state", Text),
)
UPSERT = upsert_rows(ORDERS)
LOAD = select(ORDERS.c.order_id, ORDERS.c.version, ORDERS.c.state).where(
    ORDERS.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
RECENT = 2000

_STATE = TypeAdapter(OrderRecord)
_stream = attrgetter("stream_id")


class StreamBroken(Exception):
    """An event does not follow the order's row: going on would make a wrong row."""


@dataclass(frozen=True, slots=True)
class Folded:
    """An order's record after `version` events."""

    version: int
    record: OrderRecord


NOTHING = Folded(0, EMPTY)


class Orders(ByStream):
    """Keeps the records of the orders it wrote last, so that a live order is not read back for every event.

    A record kept is used only where it is the one before the next event. What it holds follows from the stream
    alone, so it stays right when the transaction that it was made for does not commit.
    """

    name = NAME
    version = VERSION
    streams = STREAMS
    tables = (ORDERS,)
    sees_skipped = True

    def __init__(self, *, recent: int = RECENT) -> None:
        self._limit = recent
        self._recent: dict[str, Folded] = {}

    def fresh(self) -> Self:
        return type(self)(recent=self._limit)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        grouped = {stream: list(group) for stream, group in groupby(sorted(events, key=_stream), key=_stream)}
        before = await self._before(tables, grouped)
        rows = []
        for stream, recorded in grouped.items():
            after = advance(before[stream], recorded)
            self._keep(stream, after)
            rows.append(to_row(stream, after, recorded[-1].recorded_at))
        return [Write(UPSERT, arrays(ORDERS, rows))]

    async def _before(self, tables: Tables, grouped: Mapping[str, Sequence[Recorded]]) -> Mapping[str, Folded]:
        known = {}
        for stream, recorded in grouped.items():
            kept = self._recent.get(stream, NOTHING) if recorded[0].version > 1 else NOTHING
            if kept.version == recorded[0].version - 1:
                known[stream] = kept
        missing = [stream for stream in grouped if stream not in known]
        return {**known, **await _load(tables, missing)} if missing else known

    def _keep(self, stream: str, folded: Folded) -> None:
        self._recent.pop(stream, None)
        self._recent[stream] = folded
        while len(self._recent) > self._limit:
            del self._recent[next(iter(self._recent))]


async def _load(tables: Tables, streams: Sequence[str]) -> Mapping[str, Folded]:
    ids = [UUID(stream.removeprefix("order/")) for stream in streams]
    rows = await tables.fetch(LOAD, {"ids": ids})
    found = {
        f"order/{row['order_id']}": Folded(row["version"], _STATE.validate_json(row["state"])) for row in rows
    }
    return {stream: found.get(stream, NOTHING) for stream in streams}


def advance(folded: Folded, recorded: Sequence[Recorded]) -> Folded:
    """Fold the next events of one stream.

    Raises:
        StreamBroken: they are not the next ones.
    """
    first, last = recorded[0], recorded[-1]
    if first.version != folded.version + 1 or last.version - first.version != len(recorded) - 1:
        raise StreamBroken(f"{first.stream_id}: the row is at {folded.version}, the event is {first.version}")
    events: Iterable[Any] = (item.event for item in recorded if not isinstance(item.event, Skipped))
    return Folded(last.version, fold_record(cast(Iterable[OrderStreamEvent], events), folded.record))


def to_row(stream: str, folded: Folded, updated_at: datetime) -> tuple[object, ...]:
    """The row, in the order of the table's columns."""
    record = folded.record
    placed = record.order.placed
    return (
        UUID(stream.removeprefix("order/")),
        placed.order_number,
        placed.customer_id,
        record.status,
        record.payment_status,
        record.fulfilment_status,
        record.attention,
        record.order.totals.total.minor,
        record.order.currency,
        placed.placed_at,
        updated_at,
        folded.version,
        write_json(record).decode(),
    )


_VIEW = (ORDERS.c.order_id, ORDERS.c.version, ORDERS.c.state, ORDERS.c.placed_at, ORDERS.c.updated_at)


async def by_id(connection: AsyncConnection, order_id: UUID) -> OrderView | None:
    return await _one(connection, select(*_VIEW).where(ORDERS.c.order_id == order_id))


async def by_ids(connection: AsyncConnection, order_ids: Collection[UUID]) -> Mapping[UUID, OrderView]:
    """Those of the orders that exist."""
    query: Select[Any] = select(*_VIEW).where(ORDERS.c.order_id.in_(order_ids))
    return {row.order_id: _view(row) for row in await connection.execute(query)}


async def by_number(connection: AsyncConnection, number: str) -> OrderView | None:
    """The newest order of that number: numbers are drawn from 2⁵⁵, so two orders may share one."""
    query = select(*_VIEW).where(ORDERS.c.order_number == number)
    return await _one(connection, query.order_by(ORDERS.c.placed_at.desc(), ORDERS.c.order_id.desc()).limit(1))


async def of_customer(connection: AsyncConnection, customer_id: str, *, limit: int) -> Sequence[OrderView]:
    """Newest first."""
    query = select(*_VIEW).where(ORDERS.c.customer_id == customer_id)
    newest = query.order_by(ORDERS.c.placed_at.desc(), ORDERS.c.order_id.desc()).limit(cursors.check_limit(limit))
    return [_view(row) for row in await connection.execute(newest)]


async def counts(connection: AsyncConnection, customer_id: str) -> tuple[int, int]:
    """How many orders the customer has, and how many of them are open."""
    ended = [status for status in OrderStatus if status.terminal]
    still_open = func.count().filter(ORDERS.c.status.not_in(ended))
    query = select(func.count(), still_open).where(ORDERS.c.customer_id == customer_id)
    total, open_now = (await connection.execute(query)).one()
    return total, open_now


async def version_of(connection: AsyncConnection, order_id: UUID) -> int:
    """The version of the order's row; 0 where there is none."""
    version = await connection.scalar(select(ORDERS.c.version).where(ORDERS.c.order_id == order_id))
    return version or 0


async def unfinished(
    connection: AsyncConnection, *, before: datetime, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """Orders that have not ended and last changed before a time, by id from `after` on."""
    open_statuses = [status for status in OrderStatus if not status.terminal]
    query = select(ORDERS.c.order_id).where(ORDERS.c.status.in_(open_statuses), ORDERS.c.updated_at <= before)
    if after is not None:
        query = query.where(ORDERS.c.order_id > after)
    return (await connection.scalars(query.order_by(ORDERS.c.order_id).limit(limit))).all()


async def _one(connection: AsyncConnection, query: Select[Any]) -> OrderView | None:
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _view(row)


def _view(row: Any) -> OrderView:
    return OrderView(row.order_id, row.version, _STATE.validate_json(row.state), row.placed_at, row.updated_at)
