"""The log as a file, and decisions on long streams: events a second out and in, milliseconds per decision.

    python -m benchmarks.log_files [--events 200000]

Half of the events are one stock stream, which is then decided on beside a short one; the rest are small streams.
"""

import argparse
import asyncio
import resource
import time
from collections.abc import Awaitable
from statistics import median
from typing import TypeVar
from uuid import uuid4

import uvloop
from pydantic import SecretStr
from rich.console import Console

from activities.aggregates import Command, decide_stock
from activities.stock_book import stock_stream
from benchmarks.results import Row, save, show
from benchmarks.servers import servers
from domain.identifiers import Sku
from domain.inventory import decide
from domain.inventory.events import StockReceived
from eventstore.sequencer import sequence_all
from eventstore.snapshot_table import PostgresSnapshots
from eventstore.snapshots import Snapshots
from eventstore.store import EventStore, NewEvent, StreamWrite
from ops.bootstrap import Backend, open_backend
from ops.config import Settings
from ops.embedded.postgres import ensure_databases, sibling_dsn
from ops.migrate import migrate
from ops.transfer import export_log, import_log

T = TypeVar("T")

MOST = 1000
SHORT, SMALL = 200, 20
DECISIONS = 200


async def receive(store: EventStore, sku: str, count: int) -> None:
    stream = stock_stream("BER", sku)
    for done in range(0, count, MOST):
        received = [NewEvent(uuid4(), StockReceived(1, "delivery")) for _ in range(min(MOST, count - done))]
        await store.append((StreamWrite(stream, done, received),))


async def fill(store: EventStore, events: int) -> None:
    await receive(store, "LONG", events // 2)
    await receive(store, "SHORT", SHORT)
    small = [f"S-{number}" for number in range((events // 2 - SHORT) // SMALL)]
    for nr in range(0, len(small), 256):
        await asyncio.gather(*(receive(store, sku, SMALL) for sku in small[nr : nr + 256]))


async def decisions(backend: Backend, sku: str) -> float:
    """The median of decisions, each with nothing in memory, in milliseconds."""
    taken = []
    for _ in range(DECISIONS):
        snapshots, began = Snapshots(PostgresSnapshots(backend.pool)), time.perf_counter()
        command = Command(str(uuid4()), "benchmark")
        await decide_stock(
            *(backend.store, snapshots, ("BER",), "BER", Sku(sku), command),
            lambda item: decide.adjust(item, 1, "count"),
        )
        taken.append(time.perf_counter() - began)
        await snapshots.close()
    return median(taken) * 1000


async def timed(work: Awaitable[T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = await work
    return time.perf_counter() - began, done


async def transfers(settings: Settings) -> list[Row]:
    console, rows = Console(soft_wrap=True), []
    for name in ("jsonl", "jsonl.gz"):
        file = settings.data_dir / f"log.{name}"
        seconds, out = await timed(export_log(settings, file, console))
        rows.append(Row(f"export to .{name}", out.events / seconds, "events/s"))
        copy = sibling_dsn(settings.dsn, f"copy_{len(rows)}")
        await ensure_databases(settings.dsn, [copy.rpartition("/")[2]])
        await migrate(copy)
        other = settings.model_copy(update={"database_url": SecretStr(copy)})
        seconds, came = await timed(import_log(other, file, console))
        assert came == out
        rows.append(Row(f"import of .{name}, chain recomputed", came.events / seconds, "events/s"))
    return rows


async def measure(events: int) -> None:
    async with servers() as running:
        settings = running.settings
        await migrate(settings.dsn)
        async with open_backend(settings, name="benchmark") as backend:
            await fill(backend.store, events)
            while await sequence_all(settings.dsn):
                pass
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            rows = await transfers(settings)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            whole, _ = await timed(backend.store.read_stream(stock_stream("BER", "LONG")))
            await decisions(backend, "LONG")  # the first folds everything
            short, long = await decisions(backend, "SHORT"), await decisions(backend, "LONG")
    rows += [
        Row("memory grown by exports and imports", grown, "MB"),
        Row(f"decision on {events // 2:,} events", long, "ms", f"on {SHORT} events", short),
        Row(f"decision on {events // 2:,} events", long, "ms", "reading all of them once", whole * 1000),
    ]
    show(f"{events:,} events", rows)
    print(save("log_files", rows, {"events": events, "decisions": DECISIONS}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000, help="how many events the log has")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(given.events))


if __name__ == "__main__":
    main()
