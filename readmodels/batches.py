"""Applying a batch of the log to projections: rows and checkpoints in one transaction, or nothing."""

import asyncio
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from eventstore.checkpoints import Checkpoint, CheckpointConflict
from eventstore.connections import is_lost
from eventstore.store import LogReader, Recorded, StoreUnavailable, Undecodable
from readmodels import positions
from readmodels.base import Projection, Write

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


class PoisonEvent(Exception):
    """The log holds an event that this process cannot decode, in a stream that the projection reads."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a projection stands still, at which position, and when (loop time) it tries again."""

    error: str
    position: int
    attempts: int
    retry_at: float


@dataclass(slots=True)
class Runner:
    """A projection under one claim: where it stands, and what stopped it."""

    projection: Projection
    checkpoint: Checkpoint
    halt: Halt | None = None

    @property
    def position(self) -> int:
        return self.checkpoint.position

    def due(self, now: float) -> bool:
        return self.halt is None or self.halt.retry_at <= now

    async def changes(self, connection: AsyncConnection, events: Sequence[Recorded]) -> Sequence[Write]:
        """Raises PoisonEvent, and whatever the projection raises."""
        if position_of(events[0]) <= self.position:
            events = [event for event in events if position_of(event) > self.position]
        wanted = [event for event in events if event.stream_id.startswith(self.projection.streams)]
        for event in wanted:
            if isinstance(event.event, Undecodable):
                raise PoisonEvent(f"{event.type} at position {event.position}: {event.event.error}")
        return await self.projection.changes(connection, wanted) if wanted else ()

    def stop(self, error: Exception, event: Recorded) -> None:
        """Stand still before `event`, longer each time. Nothing is lost: the checkpoint stays before it."""
        attempts = self.halt.attempts + 1 if self.halt else 1
        pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
        retry_at = asyncio.get_running_loop().time() + pause
        self.halt = Halt(describe(error), position_of(event), attempts, retry_at)
        log.error(
            "projection stopped at an event it cannot apply",
            projection=self.projection.name,
            position=event.position,
            type=event.type,
            attempts=attempts,
            retry_in=pause,
            error=self.halt.error,
            trace=traceback.format_tb(error.__traceback__, limit=-3),  # lines of code; `exc_info` may show values
        )


def position_of(event: Recorded) -> int:
    if event.position is None:
        raise ValueError(f"event {event.event_id} comes from no log: it has no position")
    return event.position


def is_away(error: BaseException) -> bool:
    """Whether the database is away, seen through SQLAlchemy or not."""
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig else None
        return error.connection_invalidated or (cause is not None and is_lost(cause))
    return isinstance(error, StoreUnavailable) or is_lost(error)


def describe(error: BaseException) -> str:
    """The error without the rows it concerns, which may be personal: SQLAlchemy shows all parameters."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else None
    if cause is None:
        return type(error).__name__ if isinstance(error, DBAPIError) else repr(error)
    return f"{type(cause).__name__}: {cause.args[0] if cause.args else ''}"


async def advance(connection: AsyncConnection, runners: Sequence[Runner], events: Sequence[Recorded]) -> None:
    """Apply the events to every runner that is behind them, in one transaction.

    All reading and folding is done before the first write: from there on the transaction holds back the sequencer.

    Raises:
        CheckpointConflict: the claim is over; nothing was applied.
        Exception: a projection cannot apply an event; nothing was applied.
    """
    last = position_of(events[-1])
    behind = [runner for runner in runners if runner.position < last]
    if not behind:
        return
    async with connection.begin():
        writes = [write for runner in behind for write in await runner.changes(connection, events)]
        checkpoints = [runner.checkpoint for runner in behind]
        await positions.move(connection, [runner.projection for runner in behind], checkpoints, last)
        for write in writes:
            await connection.execute(write.statement, write.values)
    for runner in behind:
        runner.checkpoint, runner.halt = Checkpoint(last, runner.checkpoint.epoch), None


async def advance_alone(connection: AsyncConnection, runner: Runner, events: Sequence[Recorded]) -> None:
    """Apply as many of the events as go, in ever smaller parts; stop the runner before the first that does not."""
    left = [event for event in events if position_of(event) > runner.position]
    size = len(left)
    while left:
        try:
            await advance(connection, [runner], left[:size])
            left = left[size:]
        except CheckpointConflict:
            raise
        except Exception as error:
            if is_away(error):
                raise
            if size == 1:
                runner.stop(error, left[0])
                return
            size = max(1, min(size, len(left)) // 2)


class ReadAhead:
    """Reads the next batch of the log while this one is applied; but only while batches are full."""

    def __init__(self, reader: LogReader, batch: int) -> None:
        self._reader, self._batch = reader, batch
        self._after: int | None = None
        self._task: asyncio.Task[Sequence[Recorded]] | None = None

    async def read(self, after: int) -> Sequence[Recorded]:
        if self._task is not None and self._after == after:
            task, self._task = self._task, None
            events = await task
        else:
            events = await self._reader.read_log(after=after, limit=self._batch)
        if len(events) == self._batch:
            self._begin(position_of(events[-1]))
        return events

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self, after: int) -> None:
        self.close()
        self._after = after
        self._task = asyncio.ensure_future(self._reader.read_log(after=after, limit=self._batch))
