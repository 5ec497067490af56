"""Returns of all orders: one row each, the fold of the return's events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.returns import model
from domain.returns.events import ReturnEvent
from domain.returns.model import Return, Returns, ReturnStatus
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.views import Page, ReturnView

NAME: Final = "returns"
VERSION: Final = 3

RETURNS = Table(
    "returns",
    METADATA,
    Column("return_id", Uuid, primary_key=True),
    Column("order_id", Uuid),
    Column("status", Text),
    Column("requested_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("state", Text),
    Column("at_work", Boolean),
)
LOAD = select(RETURNS.c.state).where(RETURNS.c.return_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
UPSERT = upsert_rows(RETURNS, keep=("requested_at",))
_EVENTS = get_args(ReturnEvent)
_STATE = TypeAdapter(Return)


@dataclass(frozen=True, slots=True)
class Change:
    """The first and the last event of a return in a batch."""

    first: Recorded
    last: Recorded


class ReturnRows(ByStream):
    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (RETURNS,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        ours = [recorded for recorded in events if isinstance(recorded.event, _EVENTS)]
        if not ours:
            return []
        changed: dict[UUID, Change] = {}
        for recorded in ours:
            return_id = _id(recorded)
            known = changed.get(return_id)
            changed[return_id] = Change(known.first if known else recorded, recorded)
        rows = await tables.fetch(LOAD, {"ids": list(changed)})
        states = [_STATE.validate_json(state) for (state,) in rows]
        returns = Returns({known.return_id: known for known in states})
        for recorded in ours:
            returns = model.evolve(returns, recorded.event)  # type: ignore[arg-type]
        found = [_to_row(returns.by_id[key], change) for key, change in changed.items() if key in returns.by_id]
        return [Write(UPSERT, arrays(RETURNS, found))] if found else []


def _id(recorded: Recorded) -> UUID:
    return_id: UUID = recorded.event.return_id  # type: ignore[attr-defined]
    return return_id


def _to_row(known: Return, change: Change) -> tuple[object, ...]:
    return (
        known.return_id,
        UUID(change.last.stream_id.removeprefix("order/")),
        known.status,
        change.first.recorded_at,
        change.last.recorded_at,
        _STATE.dump_json(known).decode(),
        known.at_work,
    )


async def listed(
    connection: AsyncConnection, status: ReturnStatus | None, *, limit: int, cursor: str | None
) -> Page[ReturnView]:
    """Oldest first. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    key = (RETURNS.c.requested_at, RETURNS.c.return_id)
    query: Select[Any] = select(RETURNS)
    if status is not None:
        query = query.where(RETURNS.c.status == status)
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*cursors.decode(cursor, cursors.time, UUID)))
    query = query.order_by(*key).limit(cursors.check_limit(limit) + 1)
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return cursors.page(rows, limit, _view, lambda row: (row.requested_at.isoformat(), str(row.return_id)))


async def unpaid(
    connection: AsyncConnection, *, before: datetime, after: UUID | None, limit: int
) -> Sequence[tuple[UUID, UUID]]:
    """Order and id of the returns whose own work is under way, unchanged since a time, by id from `after` on."""
    query: Select[Any] = select(RETURNS.c.order_id, RETURNS.c.return_id)
    query = query.where(RETURNS.c.at_work, RETURNS.c.updated_at <= before)
    if after is not None:
        query = query.where(RETURNS.c.return_id > after)
    rows = (await connection.execute(query.order_by(RETURNS.c.return_id).limit(limit))).all()
    return [(row.order_id, row.return_id) for row in rows]


def _view(row: Row[Any]) -> ReturnView:
    return ReturnView(row.order_id, _STATE.validate_json(row.state), row.requested_at, row.updated_at)
