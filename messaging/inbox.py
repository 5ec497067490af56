"""What a consumer has handled, by event: so that an event delivered again has no second effect."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

INBOX: Final = Table(
    "inbox",
    MetaData(),
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("handled_at", DateTime(timezone=True)),
)


async def record(connection: AsyncConnection, consumer: str, event_id: UUID) -> bool:
    """Note that the event is handled, in the caller's transaction; False when it was already.

    Two transactions that record the same event wait for each other: the second one sees what the first did.
    """
    values = {"consumer": consumer, "event_id": event_id}
    added = await connection.execute(
        insert(INBOX).values(values).on_conflict_do_nothing().returning(INBOX.c.event_id)
    )
    return added.first() is not None


async def is_recorded(connection: AsyncConnection, consumer: str, event_id: UUID) -> bool:
    query = select(INBOX.c.event_id).where(INBOX.c.consumer == consumer, INBOX.c.event_id == event_id)
    return (await connection.execute(query)).first() is not None


async def prune(connection: AsyncConnection, before: datetime) -> int:
    """Forget what was handled before then; gives how much that was."""
    return (await connection.execute(delete(INBOX).where(INBOX.c.handled_at < before))).rowcount
