"""The relay: the log, published to Redis Streams as CloudEvents 1.0, in order and at least once.

The position reached is kept in Redis and moves with the events it stands for, in one script that publishes only
where the position is still the one that the batch follows. So what Redis holds and how far the relay came are
always of one moment, whatever happens: a killed relay, an answer that was lost, a second relay, a replica that was
promoted without the last writes. A Redis that lost everything is filled again with what consumers can still tell
from what they have seen (ADR 0009).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from eventstore.store import StoredEvent, StoreUnavailable
from messaging.envelopes import Envelopes, stream_name
from messaging.lua import script

POSITION: Final = "waybill:relay:position"

LONGEST_PAUSE: Final = 5.0

log = structlog.get_logger(__name__)


class StoredLog(Protocol):
    """The log as bytes: `eventstore.subscription.PostgresLog` is one. All may raise StoreUnavailable."""

    async def read_stored(self, *, after: int, limit: int) -> Sequence[StoredEvent]: ...

    async def head(self) -> int: ...

    def wakeups(self) -> AsyncIterator[None]: ...


@dataclass(frozen=True, slots=True)
class RelayLimits:
    """How the relay publishes.

    `batch`: most events published at once. `keep`: about how many events each Redis stream keeps. `pause`: seconds
    after a batch that was not full, so that under load each carries more. `partitions`: Redis streams per context.
    `again`: how old an event may be to be published to a Redis that knows of none.
    """

    batch: int = 1000
    keep: int = 1_000_000
    pause: float = 0.05
    partitions: int = 1
    again: timedelta = timedelta(days=30)


class Relay:
    """Several may run: one publishes, and the others find that it was faster. `clock` gives the time, UTC."""

    def __init__(
        self,
        source: StoredLog,
        envelopes: Envelopes,
        redis: Redis,
        clock: Callable[[], datetime],
        limits: RelayLimits | None = None,
    ) -> None:
        self._source, self._envelopes, self._redis, self._clock = source, envelopes, redis, clock
        self._limits = limits or RelayLimits()
        self._publish = redis.register_script(script("publish"))
        self.published = 0

    async def run(self) -> None:
        """Publish whatever the log gains, until cancelled; a server that is away is waited for."""
        async for _ in self._source.wakeups():
            await self._catch_up()

    async def rewind(self) -> None:
        """Go back to the log's end where Redis is ahead of it, as after a restore of the database into the past.

        What the log gains from there on is new, under positions that Redis has seen with other events.
        """
        reached, head = int(await self._redis.get(POSITION) or 0), await self._source.head()
        if reached > head:
            log.warning("Redis is ahead of the log, which was restored: going on from its end", reached=reached)
            await self._publish(keys=[POSITION], args=[reached, head, self._limits.keep])

    async def _catch_up(self) -> None:
        pause = self._limits.pause
        while True:
            try:
                count = await self.publish_next()
            except (RedisError, StoreUnavailable, OSError) as error:
                log.warning("the relay waits", error=repr(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if not count:
                return
            if count < self._limits.batch:
                await asyncio.sleep(self._limits.pause)

    async def publish_next(self) -> int:
        """Publish the next events after the position reached, and give how many were read; 0 for none."""
        reached = await self._redis.get(POSITION)
        after = int(reached) if reached is not None else await self._begin()
        events = await self._source.read_stored(after=after, limit=self._limits.batch)
        if events and await self._send(events, after="" if reached is None else str(after)):
            self.published += len(events)
        return len(events)

    async def _begin(self) -> int:
        """Where to begin in a Redis that knows of no position."""
        since = self._clock() - self._limits.again
        after = await position_before(self._source, since)
        log.info("Redis holds no position: publishing again", after=after, recorded_since=since.isoformat())
        return after

    async def _send(self, events: Sequence[StoredEvent], *, after: str) -> bool:
        keys: dict[str, int] = {POSITION: 1}
        arguments: list[str | int] = [after, events[-1].position, self._limits.keep]
        for stored in events:
            context, envelope = self._envelopes.wrap(stored)
            stream = stream_name(context, stored.stream_id, self._limits.partitions)
            arguments.append(keys.setdefault(stream, len(keys) + 1))
            arguments += envelope
        return bool(await self._publish(keys=list(keys), args=arguments))


async def position_before(source: StoredLog, since: datetime) -> int:
    """The position after which the events begin that were recorded at `since` or later, by bisection.

    Events next to each other in the log may be recorded the other way round, by as long as an append takes.
    """
    low, high = 0, await source.head()
    while low < high:
        middle = (low + high) // 2
        [event] = await source.read_stored(after=middle, limit=1)
        if event.recorded_at < since:
            low = middle + 1
        else:
            high = middle
    return low
