"""Drafts of orders: one row each, the fold of the draft's stream."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
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

from domain.drafts import model
from domain.drafts.model import Draft, DraftStatus
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.folded import folded
from readmodels.views import DraftView, Page

NAME: Final = "drafts"
VERSION: Final = 1

DRAFTS = Table(
    "drafts",
    METADATA,
    Column("draft_id", Uuid, primary_key=True),
    Column("status", Text),
    Column("customer_id", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("version", BigInteger),
    Column("state", Text),
)
LOAD = select(DRAFTS.c.draft_id, DRAFTS.c.state).where(
    DRAFTS.c.draft_id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
UPSERT = upsert_rows(DRAFTS, keep=("created_at",))
_STATE = TypeAdapter(Draft)


class Drafts(ByStream):
    name = NAME
    version = VERSION
    streams = ("draft/",)
    tables = (DRAFTS,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        found = await folded(tables, events, "draft/", LOAD, _STATE, model.evolve, model.INITIAL)
        changed = [_to_row(*each) for each in found]
        return [Write(UPSERT, arrays(DRAFTS, changed))] if changed else []


def _to_row(draft: Draft, first: Recorded, last: Recorded) -> tuple[object, ...]:
    return (
        draft.draft_id,
        draft.status,
        draft.contents.customer_id,
        first.recorded_at,
        last.recorded_at,
        last.version,
        _STATE.dump_json(draft).decode(),
    )


_VIEW = (DRAFTS.c.created_at, DRAFTS.c.updated_at, DRAFTS.c.version, DRAFTS.c.state)


async def by_id(connection: AsyncConnection, draft_id: UUID) -> DraftView | None:
    query: Select[Any] = select(*_VIEW).where(DRAFTS.c.draft_id == draft_id)
    row = (await connection.execute(query)).one_or_none()
    return _view(row) if row else None


async def listed(
    connection: AsyncConnection,
    status: DraftStatus | None,
    customer_id: str | None,
    *,
    limit: int,
    cursor: str | None,
) -> Page[DraftView]:
    """Newest first. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    cursors.check_limit(limit)
    key = (DRAFTS.c.created_at, DRAFTS.c.draft_id)
    query: Select[Any] = select(*_VIEW, DRAFTS.c.draft_id)
    if status is not None:
        query = query.where(DRAFTS.c.status == status)
    if customer_id is not None:
        query = query.where(DRAFTS.c.customer_id == customer_id)
    if cursor is not None:
        query = query.where(tuple_(*key) < tuple_(*cursors.decode(cursor, cursors.time, UUID)))
    newest = (column.desc() for column in key)
    rows: Sequence[Any] = (await connection.execute(query.order_by(*newest).limit(limit + 1))).all()
    return cursors.page(rows, limit, _view, lambda row: (row.created_at.isoformat(), str(row.draft_id)))


def _view(row: Row[Any]) -> DraftView:
    return DraftView(_STATE.validate_json(row.state), row.created_at, row.updated_at, row.version)
