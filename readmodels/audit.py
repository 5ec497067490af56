"""The audit: every event that one of the staff caused, over all streams."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Column, DateTime, Table, Text, Uuid, select
from sqlalchemy.ext.asyncio import AsyncConnection

from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows
from readmodels.insight import Action, AuditFilter
from readmodels.views import Page

NAME: Final = "audit"
VERSION: Final = 2
STAFF: Final = ("operator:", "admin:")
"""Actors that are audited. What customers and services do is in the events of what they did it to."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("position", BigInteger, primary_key=True),
    Column("actor", Text),
    Column("action", Text),
    Column("stream", Text),
    Column("version", BigInteger),
    Column("order_id", Uuid),
    Column("reason", Text),
    Column("recorded_at", DateTime(timezone=True)),
)
INSERT = insert_rows(AUDIT)


class Audit(ByStream):
    name = NAME
    version = VERSION
    streams = ("order/", "stock/", "product/", "taxonomy/", "case/", "customer/", "credit/", "draft/")
    tables = (AUDIT,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        rows = [to_row(recorded) for recorded in events if actor_of(recorded).startswith(STAFF)]
        return [Write(INSERT, arrays(AUDIT, rows))] if rows else []


def actor_of(recorded: Recorded) -> str:
    return str(recorded.metadata.get("actor") or "")


def to_row(recorded: Recorded) -> tuple[object, ...]:
    """Of the event itself only its reason is kept: the rest stands in the log, where personal data are sealed."""
    category, _, subject = recorded.stream_id.partition("/")
    reason = getattr(recorded.event, "reason", None)
    return (
        recorded.position,
        actor_of(recorded),
        recorded.type,
        recorded.stream_id,
        recorded.version,
        subject if category == "order" else getattr(recorded.event, "order_id", None),
        reason if isinstance(reason, str) else None,
        recorded.recorded_at,
    )


async def listed(
    connection: AsyncConnection, where: AuditFilter, *, limit: int, cursor: str | None
) -> Page[Action]:
    """Newest first. Raises InvalidValue (`invalid-cursor`, `invalid-limit`, `invalid-filter`)."""
    cursors.check_filters(where.actor, where.action)
    query = select(AUDIT).order_by(AUDIT.c.position.desc()).limit(cursors.check_limit(limit) + 1)
    for column, given in (
        (AUDIT.c.actor, where.actor),
        (AUDIT.c.action, where.action),
        (AUDIT.c.order_id, where.order_id),
    ):
        if given is not None:
            query = query.where(column == given)
    if cursor is not None:
        query = query.where(AUDIT.c.position < cursors.decode(cursor, cursors.number)[0])
    rows = (await connection.execute(query)).all()
    return cursors.page(rows, limit, _action, lambda row: (str(row.position),))


def _action(row: Any) -> Action:
    return Action(**row._mapping)
