"""The live feed: one reader of the log per process, and everyone who follows it.

A follower gets every event that it asked for, in the log's order, after the position it names: the past is read
from the log, what is new comes from the one reader, and the seam between them is a position. A follower that falls
behind is cut off, and goes on from its last position; nobody waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import structlog

from api.owners import LiveEvent, Owners
from eventstore.store import LogReader, StoreUnavailable

log = structlog.get_logger(__name__)

Wanted = Callable[[LiveEvent], bool]

BATCH: Final = 500
QUEUE: Final = 2_000
"""Events that a follower may be behind before it is cut off."""

PAUSE: Final = 0.5
"""Seconds before the log is tried again when it cannot be read."""


class FellBehind(Exception):
    """The follower took its events too slowly; it may come back with its last position."""


class Follower:
    def __init__(self, wanted: Wanted, size: int) -> None:
        self.wanted = wanted
        self.lost = False
        self._queue: asyncio.Queue[LiveEvent | None] = asyncio.Queue(size + 1)
        self._size = size

    def offer(self, event: LiveEvent) -> None:
        if self.lost:
            return
        if self._queue.qsize() < self._size:
            self._queue.put_nowait(event)
        else:
            self.lost = True
            self._queue.put_nowait(None)

    def end(self) -> None:
        """No more will come."""
        if not self.lost:
            self.lost = True
            self._queue.put_nowait(None)

    async def next(self) -> LiveEvent:
        """Raises FellBehind."""
        event = await self._queue.get()
        if event is None:
            raise FellBehind
        return event


class Feed:
    """Reads the log once, for as many followers as there are, and not at all for none. `run` must be running."""

    def __init__(self, reader: LogReader, owners: Owners, *, queue: int = QUEUE) -> None:
        self._reader, self._owners, self._size = reader, owners, queue
        self._followers: set[Follower] = set()
        self._position = 0
        self._wanted = asyncio.Event()
        self._reading = asyncio.Event()

    @property
    def followers(self) -> int:
        return len(self._followers)

    async def run(self) -> None:
        """Follow the log until cancelled. Followers are cut off at the end."""
        try:
            while True:
                await self._wanted.wait()
                try:
                    await self._follow()
                except StoreUnavailable as error:
                    log.warning("the live feed cannot read the log", error=repr(error))
                    await asyncio.sleep(PAUSE)
        finally:
            for follower in self._followers:
                follower.end()

    async def _follow(self) -> None:
        """Read on while there are followers: from where they stand, else from the head."""
        if not self._reading.is_set():
            self._position = await self._reader.head()
            self._reading.set()
        async with aclosing(self._reader.wakeups()) as wakeups:
            async for _ in wakeups:
                while events := await self._reader.read_log(after=self._position, limit=BATCH):
                    self._hand_out([await self._owners.live(event) for event in events])
                if not self._followers:
                    self._reading.clear()
                    self._wanted.clear()
                    return

    def _hand_out(self, events: Sequence[LiveEvent]) -> None:
        for event in events:
            for follower in self._followers:
                if follower.wanted(event):
                    follower.offer(event)
        self._position = events[-1].position

    async def after(self, position: int | None, wanted: Wanted) -> AsyncIterator[LiveEvent]:
        """Every wanted event after `position`, for ever; from now on if None.

        Raises:
            FellBehind: they were taken too slowly, or the feed ends.
            StoreUnavailable: the past cannot be read.
        """
        async with self._joined(wanted) as follower:
            await self._reading.wait()
            seam = self._position
            if position is not None:
                async for event in self._past(position, seam, wanted):
                    yield event
            while True:
                event = await follower.next()
                if position is None or event.position > max(seam, position):
                    yield event

    @asynccontextmanager
    async def _joined(self, wanted: Wanted) -> AsyncIterator[Follower]:
        follower = Follower(wanted, self._size)
        self._followers.add(follower)
        self._wanted.set()
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def _past(self, after: int, until: int, wanted: Wanted) -> AsyncIterator[LiveEvent]:
        while after < until:
            events = await self._reader.read_log(after=after, limit=min(BATCH, until - after))
            for event in events:
                live = await self._owners.live(event)
                if wanted(live):
                    yield live
                after = live.position
            if not events:
                return
