"""The processes of the torture: `python -m benchmarks.torture.parts PART HOME NUMBER`.

Each finds its place again after SIGKILL by what it keeps in HOME, and ends by itself only when its work is done.
"""

import asyncio
import mmap
import random
import struct
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from benchmarks.torture.book import Book, Seen
from benchmarks.torture.plan import CODEC, LANES, TYPES, Append, Plan
from eventstore.connections import is_lost, open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.sequencer import Sequencer
from eventstore.store import Appended, Recorded, StoreUnavailable
from eventstore.subscription import PostgresLog
from messaging.envelopes import Envelopes
from messaging.relay import Relay
from ops.collector import calm_collector

FAILED = 3
"""The exit status of a part that found a promise broken; any other end is mended by starting it again."""

REPEAT_EVERY = 40
"""So many appends after which a writer repeats an old one, and expects its old answer."""

PAGE = 2000

T = TypeVar("T")


class Violation(Exception):
    """The store broke a promise to a writer."""


async def persist(work: Callable[[], Awaitable[T]]) -> T:
    """Try until the servers are there."""
    while True:
        try:
            return await work()
        except Exception as error:
            if not _passes(error):
                raise
            await asyncio.sleep(0.05)


class Acknowledged:
    """The number of each lane's last answered append, in memory that survives the process."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_bytes(struct.pack("<q", -1) * LANES)
            fresh.rename(path)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    def __getitem__(self, lane: int) -> int:
        number: int = struct.unpack_from("<q", self._map, lane * 8)[0]
        return number

    def __setitem__(self, lane: int, number: int) -> None:
        struct.pack_into("<q", self._map, lane * 8, number)


async def write(plan: Plan, number: int) -> None:
    """Append the plan's appends, all lanes side by side, each from where it was answered last."""
    acknowledged = Acknowledged(Path(plan.home) / f"writer-{number}.acks")
    pool = await persist(lambda: open_pool(plan.dsn, size=4, name=f"writer-{number}"))
    store = PostgresEventStore(pool, CODEC)

    async def send(append: Append) -> Appended:
        return await persist(lambda: store.append(append.writes()))

    async def lane(place: int) -> None:
        earlier: list[Append] = []
        for append in plan.lane(number, place, acknowledged[place]):
            check(append, await send(append), again=False)
            acknowledged[place] = append.number
            earlier = [*earlier[-200:], append]
            if append.number % REPEAT_EVERY == 0:
                old = random.choice(earlier)
                check(old, await send(old), again=True)

    async with asyncio.TaskGroup() as lanes:
        for place in range(LANES):
            lanes.create_task(lane(place))
    await store.close()


def check(append: Append, answer: Appended, *, again: bool) -> None:
    """Hold the answer against the plan: first or repeated, the versions are those of the first time."""
    if answer.versions[append.stream] != append.version + append.own or (again and not answer.repeated):
        raise Violation(f"{append} was answered {answer}")


async def sequence(plan: Plan, number: int) -> None:
    await Sequencer(plan.dsn).run()


async def read(plan: Plan, number: int) -> None:
    """Follow the log from the last position in the book."""
    book = Book(Path(plan.home) / f"reader-{number}.db")
    pool = await persist(lambda: open_pool(plan.dsn, size=2, name=f"reader-{number}"))
    log, last = PostgresLog(pool, CODEC, dsn=plan.dsn), book.position

    async def page() -> Sequence[Recorded]:
        return await log.read_log(after=last, limit=PAGE)

    async for _ in log.wakeups():
        while events := await persist(page):
            book.see([(each.position, each.event_id.bytes, each.stream_id, each.version) for each in events])
            last = events[-1].position or 0


def connect_redis(plan: Plan) -> Redis:
    errors: list[type[Exception]] = [RedisConnectionError, RedisTimeoutError]
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.02), retries=-1)
    return Redis.from_url(plan.redis_url, retry=retry, retry_on_error=errors)


async def publish(plan: Plan, number: int) -> None:
    """The relay itself."""
    pool = await persist(lambda: open_pool(plan.dsn, size=2, name="relay"))
    log, envelopes = PostgresLog(pool, CODEC, dsn=plan.dsn), Envelopes(TYPES, CODEC)
    relay = Relay(log, envelopes, connect_redis(plan), lambda: datetime.now(UTC))
    await persist(relay.rewind)
    await relay.run()


async def consume(plan: Plan, number: int) -> None:
    """Read the relay's streams from the cursors in the book, and trim what is handled: nobody else reads them."""
    book = Book(Path(plan.home) / f"consumer-{number}.db")
    redis, topics = connect_redis(plan), book.cursors()
    while True:
        async for key in redis.scan_iter("waybill.*", count=1000, _type="stream"):
            topics.setdefault(key.decode(), "0")
        wanted: dict[Any, Any] = dict(topics)  # the client's type is invariant
        found: Any = await redis.xread(wanted, count=PAGE, block=200) if topics else []
        for key, messages in found:
            topic, last = key.decode(), messages[-1][0].decode()
            book.handle(topic, last, [observed(fields) for _, fields in messages])
            topics[topic] = last
            await redis.xtrim(topic, minid=last, approximate=True)
        if not found:
            await asyncio.sleep(0.05)


def observed(fields: dict[bytes, bytes]) -> Seen:
    """Of a CloudEvent, what the book keeps. The position is not looked at: several streams share the log."""
    return None, UUID(fields[b"id"].decode()).bytes, fields[b"subject"].decode(), int(fields[b"sequence"])


PARTS: dict[str, Callable[[Plan, int], Awaitable[None]]] = {
    "writer": write,
    "sequencer": sequence,
    "reader": read,
    "relay": publish,
    "consumer": consume,
}


def main(arguments: Sequence[str]) -> None:
    part, home, number = arguments
    calm_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_run(PARTS[part], Plan.load(Path(home)), int(number)))
        except Exception as error:
            traceback.print_exception(error)
            # A server that is away is a matter of time; anything else is what this is here to find.
            sys.exit(1 if all(map(_passes, _single(error))) else FAILED)


async def _run(part: Callable[[Plan, int], Awaitable[None]], plan: Plan, number: int) -> None:
    await part(plan, number)


def _passes(error: BaseException) -> bool:
    return is_lost(error) or isinstance(error, StoreUnavailable | RedisConnectionError)


def _single(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, however deep."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _single(each)
    else:
        yield error


if __name__ == "__main__":
    main(sys.argv[1:])
