"""The event store beside pyeventsourcing, on one durable PostgreSQL: `python -m benchmarks.bench_store`.

Everything is called through the public interfaces that the processes of Waybill use. Both stores write events of
the same bytes, in turns, and each figure is the median of the turns. pyeventsourcing is called as
`benchmarks.rival` says. `make bench-store` writes `results/store.json`.
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import asyncpg
import uvloop

from benchmarks import follower, rival
from benchmarks.cpu import cpu_seconds
from benchmarks.loops import Window, closed_loop, quantile, steadily
from benchmarks.results import Row, save, show
from benchmarks.servers import servers
from benchmarks.torture.plan import CODEC, Plan
from domain.money import Money
from domain.payments.events import PaymentAuthorized
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.sequencer import sequence_all
from eventstore.store import NewEvent, StreamWrite
from eventstore.subscription import PostgresLog
from ops.collector import calm_collector
from ops.config import Settings
from ops.embedded.postgres import ensure_databases, sibling_dsn
from ops.migrate import migrate
from ops.process import Process, ProcessSpec

EVENT = PaymentAuthorized(step="authorize#1", reference="auth_2b1d4c3a90e7", amount=Money(1999, "EUR"))
STATE = CODEC.encode(EVENT).data.encode()
IN_FLIGHT, BATCH, BATCHES_IN_FLIGHT, THREADS = 64, 100, 32, 16
STREAM_LENGTH = 10  # appends to a stream before the next one is begun
RATE = 15_000.0
SETTLING = 1.0
PAGE = 5000
LAST_SEEN = 30.0  # seconds after which an event that was not seen counts as missed
THEIRS = "pyeventsourcing, locked"
LOSSY = "pyeventsourcing, fast mode"


class Caller:
    """Appends `events` at a time to streams of its own, each with the exact version it must have."""

    def __init__(self, store: PostgresEventStore, events: int) -> None:
        self._store, self._events = store, events
        self._free: list[tuple[str, int]] = []

    async def __call__(self) -> None:
        stream, version = self._free.pop() if self._free else (f"order/{uuid4()}", 0)
        new = [NewEvent(UUID(int=random.getrandbits(128)), EVENT) for _ in range(self._events)]
        done = await self._store.append([StreamWrite(stream, version, new)])
        if done.versions[stream] < STREAM_LENGTH * self._events:
            self._free.append((stream, done.versions[stream]))


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of appends: events a second, p99 in ms, and microseconds of processor time per event by process."""

    rate: float
    p99: float
    client: float
    server: float


class Ours:
    """Waybill's store on a database of its own."""

    def __init__(self, dsn: str, pool: asyncpg.Pool, postgres: int) -> None:
        self.dsn, self.pool, self._postgres = dsn, pool, postgres
        self.store = PostgresEventStore(pool, CODEC, append_queue=1_000_000)
        self.log = PostgresLog(pool, CODEC, dsn=dsn)

    async def append(self, *, per_append: int, in_flight: int, count: int) -> Turn:
        """Keep so many appends in flight until `count` events are counted."""
        appends = count // per_append
        edges: list[tuple[float, float]] = []

        def edge() -> None:
            servers = cpu_seconds({"postgres": self._postgres})
            edges.append((time.process_time(), servers["postgres"]))

        window = await closed_loop(
            Caller(self.store, per_append),
            in_flight=in_flight,
            warm_up=appends // 5,
            count=appends,
            on_edge=edge,
        )
        here, server = (1e6 * (after - before) / count for before, after in zip(*edges, strict=True))
        return Turn(window.rate * per_append, rival.p99(window), here, server)

    async def catch_up(self) -> float:
        """Events a second, reading the whole log decoded, page by page."""
        began, last = time.perf_counter(), 0
        while events := await self.log.read_log(after=last, limit=PAGE):
            last = events[-1].position or 0
        return last / (time.perf_counter() - began)

    async def until_position(self, seconds: float, file: Path) -> tuple[list[float], int]:
        """Seconds from the answer to an append until a reader of the log sees it, at `RATE` appends a second.

        The sequencer and the reader run already, and `file` is the reader's. What the first second brings is not
        counted: until then connections are opened and plans made. Gives the waits with the number of events that
        were never seen.
        """
        answered: dict[str, float] = {}

        async def once() -> None:
            stream = f"order/{uuid4()}"
            await self.store.append([StreamWrite(stream, 0, [NewEvent(uuid4(), EVENT)])])
            answered[stream] = time.monotonic()

        await once()
        await until(lambda: follower.seen(file).keys() == answered.keys())
        await self.pool.execute("CHECKPOINT")  # or what the turns before left behind is written meanwhile
        await steadily(once, rate=RATE, seconds=SETTLING)
        begun = time.monotonic()
        await steadily(once, rate=RATE, seconds=seconds)
        await until(lambda: len(follower.seen(file)) >= len(answered))
        seen = follower.seen(file)
        counted = {stream: at for stream, at in answered.items() if at >= begun}
        waits = [max(0.0, seen[stream] - at) for stream, at in counted.items() if stream in seen]
        return waits, len(answered.keys() - seen.keys())


async def until(reached: Callable[[], bool]) -> None:
    """Wait for that; for as long as an event may take that is not missed."""
    deadline = time.monotonic() + LAST_SEEN
    while not reached() and time.monotonic() < deadline:
        await asyncio.sleep(0.2)


@asynccontextmanager
async def fresh_database(settings: Settings, name: str, *, ours: bool) -> AsyncIterator[str]:
    """An empty database, and gone afterwards."""
    dsn, maintenance = sibling_dsn(settings.dsn, name), sibling_dsn(settings.dsn, "postgres")
    await ensure_databases(maintenance, [name])
    if ours:
        await migrate(dsn)
    try:
        yield dsn
    finally:
        connection = await asyncpg.connect(maintenance)
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


@asynccontextmanager
async def our_store(settings: Settings, postgres: int, name: str) -> AsyncIterator[Ours]:
    async with fresh_database(settings, name, ours=True) as dsn, await open_pool(dsn, size=8) as pool:
        ours = Ours(dsn, pool, postgres)
        yield ours
        await ours.store.close()


@asynccontextmanager
async def beside(name: str, home: Path, *command: str) -> AsyncIterator[None]:
    """A part in a process of its own, as in production."""
    spec = ProcessSpec(name, [sys.executable, "-m", *command], home / f"{name}.log", stop_signal=signal.SIGKILL)
    process = Process(spec)
    await process.start()
    try:
        yield
    finally:
        await process.stop()


async def to_position(settings: Settings, postgres: int, seconds: float) -> tuple[list[float], int]:
    """What `Ours.until_position` gives, with a sequencer and a reader as processes of their own."""
    home = settings.data_dir
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(our_store(settings, postgres, "position"))
        Plan(str(home), ours.dsn, "", 0, 0, 0).save()
        file = home / "seen.jsonl"
        await stack.enter_async_context(
            beside("sequencer", home, "benchmarks.torture.parts", "sequencer", str(home), "0")
        )
        await stack.enter_async_context(beside("reader", home, "benchmarks.follower", ours.dsn, str(file)))
        return await ours.until_position(seconds, file)


@dataclass(frozen=True, slots=True)
class Theirs:
    """pyeventsourcing's turn: single appends, batches, reading."""

    singles: Window
    batches: Window
    reading: float


async def their_turn(dsn: str, seconds: float) -> Theirs:
    def work() -> Theirs:
        with rival.rival(dsn, threads=THREADS) as recorder:
            singles = rival.append(recorder, STATE, threads=THREADS, per_append=1, seconds=seconds)
            batches = rival.append(recorder, STATE, threads=THREADS, per_append=BATCH, seconds=seconds)
            read, took = rival.catch_up(recorder, lambda state: CODEC.decode("PaymentAuthorized", 1, state))
            return Theirs(singles, batches, read / took)

    return await asyncio.to_thread(work)


async def measure(arguments: argparse.Namespace) -> list[Row]:
    singles, batches, reading, theirs = list[Turn](), list[Turn](), list[float](), list[Theirs]()
    async with AsyncExitStack() as stack:
        given = await stack.enter_async_context(servers())
        settings, postgres = given.settings, given.processes["postgres"].pid or 0
        for turn in range(arguments.turns):
            async with our_store(settings, postgres, f"ours_{turn}") as ours:
                singles.append(await ours.append(per_append=1, in_flight=IN_FLIGHT, count=arguments.events))
            async with our_store(settings, postgres, f"ours_{turn}") as ours:
                count = 4 * arguments.events
                batches.append(await ours.append(per_append=BATCH, in_flight=BATCHES_IN_FLIGHT, count=count))
                await sequence_all(ours.dsn)
                reading.append(await ours.catch_up())
            async with fresh_database(settings, f"theirs_{turn}", ours=False) as dsn:
                theirs.append(await their_turn(dsn, arguments.seconds))
        waits, missed = await to_position(settings, postgres, arguments.seconds)
        lossy = await stack.enter_async_context(fresh_database(settings, "lossy", ours=False))
        lost = await asyncio.to_thread(
            rival.missed_while_tailing, lossy, STATE, fast=True, threads=8, seconds=arguments.seconds
        )
    compared = rows(singles, batches, reading, theirs, waits)
    return [
        *compared,
        Row("missed by a reader that follows", missed, "events", f"{LOSSY}, of {lost[0]:,}", lost[1]),
    ]


def rows(
    singles: Sequence[Turn],
    batches: Sequence[Turn],
    reading: Sequence[float],
    theirs: Sequence[Theirs],
    waits: list[float],
) -> list[Row]:
    one, many = f"single appends, {IN_FLIGHT} in flight", f"appends of {BATCH} events"
    their_p99 = median(rival.p99(each.singles) for each in theirs)
    return [
        Row(one, _rate(singles), "/s", THEIRS, median(each.singles.rate for each in theirs)),
        Row(f"{one}: p99", median(each.p99 for each in singles), "ms", THEIRS, their_p99),
        Row(f"{one}: processor time here", median(each.client for each in singles), "us"),
        Row(f"{one}: processor time of PostgreSQL", median(each.server for each in singles), "us"),
        Row(many, _rate(batches), "events/s", THEIRS, median(each.batches.rate for each in theirs)),
        Row(f"{many}: processor time here", median(each.client for each in batches), "us per event"),
        Row(f"{many}: processor time of PostgreSQL", median(each.server for each in batches), "us per event"),
        Row("catch-up reading, decoded", median(reading), "events/s", THEIRS, median(t.reading for t in theirs)),
        Row(f"append to position at {RATE:,.0f}/s: p50", 1000 * quantile(waits, 0.5), "ms"),
        Row(f"append to position at {RATE:,.0f}/s: p99", 1000 * quantile(waits, 0.99), "ms"),
    ]


def _rate(turns: Sequence[Turn]) -> float:
    return median(turn.rate for turn in turns)


def main(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.bench_store", description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3, help="turns of both stores")
    parser.add_argument(
        "--events", type=int, default=100_000, help="single appends per turn; four times that in batches"
    )
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="of each of pyeventsourcing's parts, and of the steady rate"
    )
    arguments = parser.parse_args(given)
    calm_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(measure(arguments))
    show("Event store, PostgreSQL with fsync and synchronous_commit", measured)
    save("store", measured, vars(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
