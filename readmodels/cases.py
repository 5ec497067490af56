"""Cases: one row each, the fold of the case's stream."""

from collections.abc import Sequence
from datetime import datetime
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

from domain.reconciliation import model
from domain.reconciliation.model import Case, CaseStatus
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.folded import folded
from readmodels.views import CaseView, Page

NAME: Final = "cases"
VERSION: Final = 1

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", Uuid, primary_key=True),
    Column("status", Text),
    Column("order_id", Uuid),
    Column("opened_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("version", BigInteger),
    Column("state", Text),
)
LOAD = select(CASES.c.case_id, CASES.c.state).where(CASES.c.case_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
UPSERT = upsert_rows(CASES, keep=("opened_at",))
_STATE = TypeAdapter(Case)


class Cases(ByStream):
    name = NAME
    version = VERSION
    streams = ("case/",)
    tables = (CASES,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        found = await folded(tables, events, "case/", LOAD, _STATE, model.evolve, model.INITIAL)
        changed = [_to_row(*each) for each in found]
        return [Write(UPSERT, arrays(CASES, changed))] if changed else []


def _to_row(case: Case, first: Recorded, last: Recorded) -> tuple[object, ...]:
    return (
        case.opened.case_id,
        case.status,
        case.opened.order_id,
        first.recorded_at,
        last.recorded_at,
        last.version,
        _STATE.dump_json(case).decode(),
    )


_VIEW = (CASES.c.opened_at, CASES.c.updated_at, CASES.c.version, CASES.c.state)


async def by_id(connection: AsyncConnection, case_id: UUID) -> CaseView | None:
    query: Select[Any] = select(*_VIEW).where(CASES.c.case_id == case_id)
    row = (await connection.execute(query)).one_or_none()
    return _view(row) if row else None


async def listed(
    connection: AsyncConnection, status: CaseStatus | None, *, limit: int, cursor: str | None
) -> Page[CaseView]:
    """Oldest first. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    cursors.check_limit(limit)
    key = (CASES.c.opened_at, CASES.c.case_id)
    query: Select[Any] = select(*_VIEW, CASES.c.case_id)
    if status is not None:
        query = query.where(CASES.c.status == status)
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*cursors.decode(cursor, cursors.time, UUID)))
    rows: Sequence[Any] = (await connection.execute(query.order_by(*key).limit(limit + 1))).all()
    return cursors.page(rows, limit, _view, lambda row: (row.opened_at.isoformat(), str(row.case_id)))


async def settling(
    connection: AsyncConnection, *, before: datetime, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """Cases whose action is under way, unchanged since a time, by id from `after` on."""
    query = select(CASES.c.case_id).where(CASES.c.status == CaseStatus.SETTLING, CASES.c.updated_at <= before)
    if after is not None:
        query = query.where(CASES.c.case_id > after)
    return (await connection.scalars(query.order_by(CASES.c.case_id).limit(limit))).all()


def _view(row: Row[Any]) -> CaseView:
    case = _STATE.validate_json(row.state)
    return CaseView(case, row.opened_at, row.updated_at, row.version)
