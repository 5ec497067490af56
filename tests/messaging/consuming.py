"""Running subscribers in tests: an effect that is told how to fail, and events to publish."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from messaging.dead_letters import DeadLetters
from messaging.effects import Effect
from messaging.inbound import InboundEvent
from messaging.owned_stream import OwnedStream
from messaging.subscriber import StreamSubscriber, SubscriberLimits, Wanted

STREAM = "waybill.inbound.tests"


class Away(Exception):
    """Counts as transient."""


def limits(**changes: Any) -> SubscriberLimits:
    given: dict[str, Any] = {
        "first_pause": 0.005,
        "longest_pause": 0.02,
        "lease": 30.0,
        "transient": (Away,),
    } | changes
    return SubscriberLimits(**given)


@dataclass
class Told:
    """Notes what it is given, by subject; `act` may fail or wait."""

    act: Callable[[InboundEvent], Awaitable[None]] | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def lane(self, event: InboundEvent) -> str:
        return event.subject or ""

    async def apply(self, event: InboundEvent) -> None:
        if self.act:
            await self.act(event)
        self.seen.append((event.subject or "", event.data.decode()))


class NoLetters(DeadLetters):
    def __init__(self) -> None:
        pass

    async def bury(self, *args: Any) -> bool:
        pytest.fail(f"buried: {args}")


async def publish(redis: Redis, number: int, subject: str = "a", **changes: str) -> str:
    """One event, whose data is its number; gives its id."""
    identity = uuid4().hex
    fields = {
        "specversion": "1.0",
        "id": identity,
        "source": "/tests",
        "type": "tests.happened",
        "subject": subject,
        "data": str(number),
    }
    given: dict[Any, Any] = fields | changes
    await redis.xadd(STREAM, given)
    return str(given["id"])


def subscriber(
    redis: Redis,
    effect: Effect,
    letters: DeadLetters | None = None,
    *,
    wanted: Wanted | None = None,
    **changes: Any,
) -> StreamSubscriber:
    """Without letters a test fails where anything is buried."""
    settings = limits(**changes)
    stream = OwnedStream(redis, STREAM, lease=settings.lease)
    return StreamSubscriber(stream, "tests", effect, letters or NoLetters(), settings, wanted)


@asynccontextmanager
async def running(*subscribers: StreamSubscriber) -> AsyncIterator[asyncio.Event]:
    """They run until the block ends, and end gracefully."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(each.run(stop)) for each in subscribers]
    try:
        yield stop
    finally:
        stop.set()
        for task in tasks:
            await task


async def until(reached: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not await _value(reached()):
            await asyncio.sleep(0.005)


async def _value(found: Any) -> Any:
    return await found if asyncio.iscoroutine(found) else found


async def pending(redis: Redis) -> int:
    groups: Any = await redis.xinfo_groups(STREAM)
    return int(groups[0]["pending"]) if groups else 0


async def pending_is(redis: Redis, number: int) -> bool:
    """Whether all are read, and so many of them not acknowledged."""
    groups: Any = await redis.xinfo_groups(STREAM) if await redis.exists(STREAM) else []
    return bool(groups) and groups[0]["pending"] == number and not groups[0]["lag"]


async def settled(redis: Redis) -> bool:
    """Whether every entry was read and acknowledged."""
    return await pending_is(redis, 0)


def numbers(effect: Told, subject: str = "a") -> Sequence[int]:
    return [int(data) for of, data in effect.seen if of == subject]
