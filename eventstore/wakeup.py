"""Notifications between processes: writers wake the sequencer, the sequencer wakes readers.

They are hints. Whoever waits for one polls as well, so a lost notification costs a poll interval and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import structlog

from eventstore.connections import connected, is_lost

log = structlog.get_logger(__name__)

APPENDED = "waybill_append"
SEQUENCED = "waybill_log"

# A transaction of its own that waits for no disk: in the append transaction a notification costs a global lock.
NOTIFY_APPENDED = f"BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {APPENDED}; COMMIT"


class Waker:
    """Wakes the sequencer, at most once per `interval` seconds however often it is asked."""

    def __init__(self, pool: asyncpg.Pool, *, interval: float = 0.02) -> None:
        self._pool, self._interval = pool, interval
        self._asked = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._asked = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._notify())

    async def close(self) -> None:
        if self._task is not None:
            await self._task

    async def _notify(self) -> None:
        while self._asked:
            self._asked = False
            try:
                await self._pool.execute(NOTIFY_APPENDED)
            except Exception as error:
                if not is_lost(error):
                    raise
                log.info("could not wake the sequencer; its poll will find the events", error=repr(error))
            await asyncio.sleep(self._interval)


class Alarm:
    """An event that a listening connection sets. `wait` returns at the latest after the poll interval."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self, *_: object) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()

    async def listen(self, connection: asyncpg.Connection, channel: str) -> None:
        """Ring on every notification, and once when the connection ends."""
        ring: Callable[..., Any] = self.ring
        connection.add_termination_listener(ring)
        await connection.add_listener(channel, ring)


async def notifications(dsn: str, channel: str, poll: float, name: str) -> AsyncIterator[None]:
    """Yield at once, on every notification, and at least every `poll` seconds; also while the database is away."""
    alarm = Alarm()
    while True:
        try:
            async with connected(dsn, name) as connection:
                await alarm.listen(connection, channel)
                while not connection.is_closed():
                    yield
                    await alarm.wait(poll)
        except Exception as error:
            if not is_lost(error):
                raise
            log.warning("listening again", channel=channel, error=repr(error))
        yield
        await asyncio.sleep(max(poll, 0.2))
