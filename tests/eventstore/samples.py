"""Events and helpers that the event store's tests share."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from domain.money import Money
from eventstore.codec import Codec
from eventstore.sequencer import sequence_all
from eventstore.store import ExpectedVersion, NewEvent, Recorded, StreamWrite
from eventstore.types import event_types


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    quantity: int
    price: Money


@dataclass(frozen=True, slots=True)
class Noted:
    text: str


@dataclass(frozen=True, slots=True)
class Ordered:
    order_id: UUID
    at: datetime
    lines: tuple[Line, ...]
    colour: Colour
    rate: Decimal
    note: str | None = None


EVENTS: tuple[type, ...] = (Noted, Ordered)


def codec_of_samples() -> Codec:
    return Codec(event_types(sys.modules[__name__]))


def new(text: str = "x", event_id: UUID | None = None) -> NewEvent:
    return NewEvent(event_id or uuid4(), Noted(text))


def text_of(recorded: Recorded) -> str:
    assert isinstance(recorded.event, Noted)
    return recorded.event.text


def write(stream_id: str, expected: ExpectedVersion, *events: NewEvent) -> StreamWrite:
    return StreamWrite(stream_id, expected, events)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> None:
    """Wait for something that must happen; the time only bounds a failing test."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.005)


async def sequence(dsn: str, count: int) -> None:
    """Sequence exactly `count` events. Any transaction of the cluster (autovacuum's) may delay them a moment."""
    done = 0
    async with asyncio.timeout(10):
        while done < count:
            done += await sequence_all(dsn)
    assert done == count


async def until_blocked(connection: asyncpg.Connection, count: int = 1) -> None:
    """Wait until `count` backends wait for a lock. (A transaction sees pg_stat_activity frozen.)"""
    blocked = "SELECT count(DISTINCT pid) >= $1 FROM pg_locks WHERE NOT granted"
    await until(lambda: connection.fetchval(blocked, count))


@asynccontextmanager
async def stream_held(connection: asyncpg.Connection, stream_id: str) -> Any:
    """Hold a stream's lock, so that an append to it stands still before it has looked at anything."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", stream_id)
    try:
        yield
    finally:
        await transaction.rollback()
