"""Applying a batch of the log to builds: rows and checkpoints in one transaction, or nothing.

All reading and folding is done before the transaction begins: an open one that has written holds back the
sequencer, and one that has read tables would stand in the way of a switch. What was read cannot change meanwhile,
because only the holder of a segment writes its rows; where it is the holder no more, the checkpoint does not move.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from eventstore.connections import is_lost
from eventstore.store import LogPart, PartReader, Recorded, StoreUnavailable, Undecodable
from readmodels import positions
from readmodels.base import Skipped, Write
from readmodels.driver import Session
from readmodels.feeds import Feed, Part

log = structlog.get_logger(__name__)

PASSING: Final = ("08", "25", "40", "53", "55", "57", "58", "XX")
"""Classes of SQLSTATE that say nothing about the events: the same batch may do well a moment later."""


class PoisonEvent(Exception):
    """The log holds an event that this process cannot decode, in a stream that the projection reads."""


def is_away(error: BaseException) -> bool:
    """Whether it is the database's trouble and not the events', seen through SQLAlchemy or not."""
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig else None
        return error.connection_invalidated or (cause is not None and is_away(cause))
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str) and state.startswith(PASSING):
        return True
    return isinstance(error, StoreUnavailable) or is_lost(error)


def describe(error: BaseException) -> str:
    """The error without the rows it concerns, which may be personal."""
    if isinstance(getattr(error, "sqlstate", None), str):  # the driver's: its message alone
        return f"{type(error).__name__}: {error.args[0] if error.args else ''}"
    return type(error).__name__ if isinstance(error, DBAPIError) else repr(error)


async def changes(feed: Feed, events: Sequence[Recorded]) -> Sequence[Write]:
    """Raises PoisonEvent, and whatever the projection raises."""
    for event in events:
        if isinstance(event.event, Undecodable):
            raise PoisonEvent(f"{event.type} at position {event.position}: {event.event.error}")
    if not feed.projection.sees_skipped:
        events = [event for event in events if not isinstance(event.event, Skipped)]
    return await feed.projection.changes(feed.tables, events) if events else ()


async def write(feed: Feed, writes: Sequence[Write]) -> None:
    for each in writes:
        await feed.tables.write(each)


class Behind(Exception):
    """Some events belong to keys that are parked: they need the careful way."""


async def apply(session: Session, parts: Sequence[Part]) -> None:
    """Apply a batch to every build, in one transaction.

    Raises:
        CheckpointConflict: a claim is over; nothing was applied.
        Exception: a projection cannot apply an event; nothing was applied.
    """
    if any(part.behind for part in parts):
        raise Behind
    prepared = [(part.feed, await changes(part.feed, part.events)) for part in parts if part.events]
    moves = [move for part in parts for move in part.moves]
    if moves:
        async with session.transaction():
            await positions.move(session, moves)
            for feed, writes in prepared:
                await write(feed, writes)
    for part in parts:
        part.done()


class ReadAhead:
    """Reads the next stretch of the log while this one is applied; but only while stretches are full."""

    def __init__(self, reader: PartReader) -> None:
        self._reader = reader
        self._wanted: tuple[int, int, frozenset[int] | None] | None = None
        self._task: asyncio.Task[LogPart] | None = None

    async def read(self, after: int, limit: int, segments: set[int] | None) -> LogPart:
        shared = None if segments is None else frozenset(segments)
        if self._task is not None and self._wanted == (after, limit, shared):
            task, self._task = self._task, None
            part = await task
        else:
            part = await self._reader.read_part(after=after, limit=limit, segments=shared)
        if part.upto == after + limit:
            self._begin(part.upto, limit, shared)
        return part

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self, after: int, limit: int, segments: frozenset[int] | None) -> None:
        self.close()
        self._wanted = (after, limit, segments)
        self._task = asyncio.ensure_future(self._reader.read_part(after=after, limit=limit, segments=segments))


async def read_one(reader: PartReader, position: int) -> Recorded:
    (event,) = await reader.read_log(after=position - 1, limit=1)
    return event
