"""Read models from the log: events a second that projector processes apply, and the memory that they take.

    python -m benchmarks.bench_projections [--events 100000] [--processes 2]

The log holds whole lives of orders, many under way at any time, with the stock they move. Real `waybill projector`
processes fill all projections: first one of them the live tables, then several those of a rebuild beside them.
"""

import argparse
import asyncio
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import psutil
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.results import Row, save, show
from benchmarks.servers import servers
from eventstore.codec import Codec
from eventstore.sequencer import sequence_all
from ops.bootstrap import codec
from ops.config import Settings
from ops.migrate import migrate
from ops.services import read_engine
from readmodels.control import Control
from readmodels.projections import projections
from tests.support.histories import mixed

COLUMNS = ("stream_id", "version", "event_id", "type", "schema_version", "recorded_at", "metadata", "data")
PART = 20_000
AT_ONCE = 500
"""Orders under way at the same time."""

LOOK = 0.1
FIRST_CPU = "one process"
OF_ORDERS = ("orders", "order_skus", "timeline", "ledger", "saga_steps", "saga_notes", "returns")
"""The projections of an order and its process. The others are of goods, staff and sums."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Seconds that it took, and resident megabytes of the largest process: after a quarter, and at most."""

    seconds: float
    early: float
    peak: float


def rows(events: int, known: Codec) -> Iterator[tuple[object, ...]]:
    versions: dict[str, int] = {}
    for happened in itertools.islice(mixed(events // 8, at_once=AT_ONCE), events):
        version = versions[happened.stream_id] = versions.get(happened.stream_id, 0) + 1
        stored = known.encode(happened.event)
        metadata = f'{{"step":"{happened.step}","actor":"system"}}' if happened.step else "{}"
        shape = (stored.type, stored.schema_version, datetime.now(UTC), metadata, stored.data)
        yield happened.stream_id, version, uuid4(), *shape


async def write_log(dsn: str, events: int) -> None:
    """By COPY: how the log came to be is not what is measured."""
    source = rows(events, codec())
    connection = await asyncpg.connect(dsn)
    while part := list(itertools.islice(source, PART)):
        await connection.copy_records_to_table("event", records=part, columns=COLUMNS)
    await connection.close()
    await sequence_all(dsn)
    connection = await asyncpg.connect(dsn)
    await connection.execute("VACUUM ANALYZE event, log")
    await connection.close()


@asynccontextmanager
async def projectors(settings: Settings, count: int) -> AsyncIterator[list[psutil.Process]]:
    """Real processes, stopped at the end."""
    environment = {**os.environ, **settings.environment(), "WAYBILL_DATABASE_URL": settings.dsn}
    command = (sys.executable, "-m", "ops.cli", "projector")
    running = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(count)]
    try:
        yield [psutil.Process(process.pid) for process in running]
    finally:
        for process in running:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in running))


async def filled(
    engine: AsyncEngine, processes: list[psutil.Process], state: str, events: int, wanted: int
) -> Filled:
    """Wait until so many projections have a build in this state at the log's head."""
    control, first, began, early, peak = Control(engine), 0, 0.0, 0.0, 0.0
    while True:
        builds = [build for build in await control.builds() if build.state == state]
        position = min((build.position for build in builds), default=0)
        if position and not began:  # from the first batches on: starting a process is no rate
            first, began = position, time.perf_counter()
        memory = max(process.memory_info().rss for process in processes) / 1e6
        peak = max(peak, memory)
        early = early or (memory if position >= events // 4 else 0.0)
        if len(builds) == wanted and position >= events:
            share = (events - first) / events if events > first else 1.0
            return Filled((time.perf_counter() - began) / share, early, peak)
        await asyncio.sleep(LOOK)


async def rebuild(
    settings: Settings, engine: AsyncEngine, names: Sequence[str], count: int, events: int
) -> Filled:
    """Fill candidates of these projections, beside the live ones, which have nothing to do."""
    for name in names:
        await Control(engine).rebuild(name, actor="benchmark")
    async with projectors(settings, count) as several:
        return await filled(engine, several, "candidate", events, len(names))


async def measure(events: int, count: int) -> list[Row]:
    async with servers() as running:
        settings = running.settings
        await migrate(settings.dsn)
        await write_log(settings.dsn, events)
        engine = read_engine(settings)
        async with projectors(settings, 1) as alone:
            single = await filled(engine, alone, "live", events, len(projections()))
        control, names = Control(engine), [projection.name for projection in projections()]
        of_orders = await rebuild(settings, engine, OF_ORDERS, count, events)
        for name in OF_ORDERS:
            await control.discard(name, actor="benchmark")
        rebuilt = await rebuild(settings, engine, names, count, events)
        same = all([(await control.compare(name)).same for name in names])
        await engine.dispose()
    if not same:
        raise SystemExit("the rebuilt tables are not those that were live")
    rate = events / single.seconds
    return [
        Row("all projections, one process", rate, "events/s"),
        Row(f"rebuild of orders' projections, {count} processes", events / of_orders.seconds, "events/s"),
        Row(f"rebuild of all, {count} processes", events / rebuilt.seconds, "events/s", FIRST_CPU, rate),
        Row("memory of a process, most", rebuilt.peak, "MB", "after a quarter of the log", rebuilt.early),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if given.events < 1000 or given.processes < 1:
        parser.error("at least 1000 events and one process")
    found = uvloop.run(measure(given.events, given.processes))
    show(f"Read models made from {given.events:,} events", found)
    save("projections", found, {"events": given.events, "processes": given.processes})


if __name__ == "__main__":
    main()
