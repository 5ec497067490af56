"""What became of each mail: the log that operators read, and what keeps a mail from being sent twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


class MailState(StrEnum):
    """`retrying` is a workflow's to look after; the others are ends."""

    RETRYING = "retrying"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


FIND: Final = text("""
    SELECT event_id, order_id, kind, state, attempts, reason, first_at, updated_at FROM mail
    WHERE event_id = :event_id
""")
# An end stays one, whoever comes late.
NOTE: Final = text("""
    INSERT INTO mail (event_id, order_id, kind, state, attempts, reason)
    VALUES (:event_id, :order_id, :kind, :state, :attempts, :reason)
    ON CONFLICT (event_id) DO UPDATE SET state = excluded.state, attempts = mail.attempts + excluded.attempts,
        reason = excluded.reason, updated_at = clock_timestamp()
    WHERE mail.state = 'retrying'
""")
PAGE: Final = text("""
    SELECT event_id, order_id, kind, state, attempts, reason, first_at, updated_at FROM mail
    WHERE (CAST(:state AS text) IS NULL OR state = :state)
        AND (CAST(:order_id AS uuid) IS NULL OR order_id = :order_id)
        AND (CAST(:before AS timestamptz) IS NULL OR (first_at, event_id) < (:before, CAST(:before_id AS uuid)))
    ORDER BY first_at DESC, event_id DESC LIMIT :most
""")
PRUNE: Final = text("DELETE FROM mail WHERE state <> 'retrying' AND updated_at < :before")
LOST: Final = text("""
    SELECT event_id FROM mail WHERE state = 'retrying' ORDER BY updated_at LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Mail:
    """`attempts`: how often a server was asked to take it. `first_at`: when it was first looked at."""

    event_id: UUID
    order_id: UUID
    kind: str
    state: MailState
    attempts: int
    reason: str | None
    first_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MailLog:
    engine: AsyncEngine

    async def find(self, event_id: UUID) -> Mail | None:
        async with self.engine.connect() as connection:
            row = (await connection.execute(FIND, {"event_id": event_id})).mappings().first()
        return _mail(**row) if row else None

    async def note(
        self,
        event_id: UUID,
        order_id: UUID,
        kind: str,
        state: MailState,
        *,
        attempts: int,
        reason: str | None = None,
    ) -> None:
        """Say what became of a mail. `attempts` are added to those before."""
        values = {"event_id": event_id, "order_id": order_id, "kind": kind, "state": state.value}
        async with self.engine.begin() as connection:
            await connection.execute(NOTE, {**values, "attempts": attempts, "reason": reason})

    async def page(
        self,
        *,
        state: MailState | None,
        order_id: UUID | None,
        before: tuple[datetime, UUID] | None,
        most: int,
    ) -> Sequence[Mail]:
        """The newest first."""
        time, event_id = before or (None, None)
        values = {"state": state, "order_id": order_id, "before": time, "before_id": event_id, "most": most}
        async with self.engine.connect() as connection:
            return [_mail(**row) for row in (await connection.execute(PAGE, values)).mappings()]

    async def retrying(self, *, most: int) -> Sequence[UUID]:
        """Mails whose workflow is to see them through, the longest untouched first."""
        async with self.engine.connect() as connection:
            return [row.event_id for row in (await connection.execute(LOST, {"most": most})).all()]

    async def prune(self, before: datetime) -> int:
        """Forget what ended before then; gives how many."""
        async with self.engine.begin() as connection:
            return (await connection.execute(PRUNE, {"before": before})).rowcount


def _mail(state: str, **given: object) -> Mail:
    return Mail(state=MailState(state), **given)  # type: ignore[arg-type]
