"""Projector processes share the segments; they move when one joins or dies, no event twice, none missed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from eventstore.checkpoints import CheckpointConflict
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.segments import SEGMENTS, segment_of
from eventstore.sequencer import sequence_all
from eventstore.store import Expected as ExpectedVersion
from eventstore.store import NewEvent, Recorded, StreamWrite
from eventstore.subscription import PostgresLog
from ops.bootstrap import codec
from readmodels import batches
from readmodels.base import Tables, Write
from readmodels.engine import Projector
from readmodels.feeds import Feed
from readmodels.projections import projections
from readmodels.stock import sums
from tests.readmodels.conftest import DumpRows, Expected, engine_of
from tests.readmodels.faults import Gate, Pause, Still
from tests.readmodels.memory_log import MemoryLog
from tests.readmodels.watching import eventually, gate_closed, running, stands, until, waiting_session
from tests.support.histories import mixed

ALL = frozenset(range(SEGMENTS))


def shares(*projectors: Projector) -> list[frozenset[int]]:
    return [projector.segments.get("orders", frozenset()) for projector in projectors]


def shared(*projectors: Projector) -> bool:
    """Whether each has its part, and together they have all."""
    parts = shares(*projectors)
    sizes = {len(part) for part in parts}
    return max(sizes) - min(sizes) <= 1 and sum(map(len, parts)) == SEGMENTS and frozenset().union(*parts) == ALL


async def test_processes_share_the_segments_as_they_come_and_go(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    """With events coming all the while: each is applied once."""
    log = MemoryLog()
    happened = list(mixed(120))
    rows = await expected(MemoryLog(happened))
    first, second, third = (Projector(engine, log, projections(), batch=20, standby_poll=0.02) for _ in range(3))

    async def more(count: int) -> None:
        taken, happened[:count] = happened[:count], []
        for each in taken:
            log.append(each)
            await asyncio.sleep(0)

    async with running(first):
        await eventually(lambda: shares(first) == [ALL])
        await more(300)
        async with running(second):
            await asyncio.gather(more(300), eventually(lambda: shared(first, second)))
            async with running(third):
                await asyncio.gather(more(300), eventually(lambda: shared(first, second, third)))
            await asyncio.gather(more(300), eventually(lambda: shared(first, second)))
        await asyncio.gather(more(len(happened)), eventually(lambda: shares(first) == [ALL]))
        await until(engine, len(log.events))
    assert await dump() == rows


async def test_a_process_that_hangs_in_mid_batch_is_fenced_out(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    """Its lease runs out while it has a batch folded; another applies the events; what it tries then is refused"""
    log, pause = MemoryLog(mixed(10)), Pause()
    rows = await expected(log)
    hanging = asyncio.create_task(Projector(engine, log, [*projections(), pause], lease=1.0).catch_up())
    await pause.reached.wait()
    second = Projector(engine, log, projections(), standby_poll=0.02)
    async with running(second):
        await until(engine, len(log.events))
        assert shares(second) == [ALL]
        pause.go_on.set()
        with pytest.raises(CheckpointConflict):
            await hanging
    assert await dump() == rows


async def test_a_transaction_that_hangs_is_ended_with_its_lease(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and checkpoints are written and locked; the server itself rolls them back, and the next one goes on."""
    log = MemoryLog(mixed(5))
    rows = await expected(log)
    reached, never = asyncio.Event(), asyncio.Event()
    victim = Projector(engine, log, projections(), lease=1.0)
    write = batches.write

    async def stop(feed: Feed, writes: Sequence[Write]) -> None:
        await write(feed, writes)
        if asyncio.current_task() is hanging and feed.projection.name == "timeline":
            reached.set()
            await never.wait()

    monkeypatch.setattr(batches, "write", stop)
    hanging = asyncio.create_task(victim.catch_up())
    await reached.wait()
    async with running(Projector(engine, log, projections(), standby_poll=0.02)):
        await until(engine, len(log.events))
    never.set()
    with pytest.raises(Exception, match=r"terminat|closed|timeout"):
        await hanging
    assert await dump() == rows


async def test_a_killed_session_frees_its_segments_at_once(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    """Long before the lease would end."""
    log = MemoryLog(mixed(5))
    rows = await expected(log)
    async with gate_closed(engine):
        victim = asyncio.create_task(Projector(engine, log, [*projections(), Gate()], lease=3600).catch_up())
        pid = await waiting_session(engine)
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(Exception, match="connection"):
            await victim
        async with running(Projector(engine, log, projections(), standby_poll=0.02)):
            await until(engine, len(log.events))
    assert await dump() == rows


KILLED = """
import asyncio, sys
from ops.bootstrap import codec
from eventstore.connections import open_pool
from eventstore.subscription import PostgresLog
from readmodels.engine import Projector
from readmodels.projections import projections
from sqlalchemy.ext.asyncio import create_async_engine

async def main(dsn):
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"))
    log = PostgresLog(await open_pool(dsn, size=2), codec(), dsn=dsn)
    await Projector(engine, log, projections(), batch=20, standby_poll=0.05).run()

asyncio.run(main(sys.argv[1]))
"""


async def test_processes_killed_again_and_again_apply_each_event_once(database: str) -> None:
    """kill -9 of one of two, as events come; the rows are those of the log, counted by increments and keys."""
    engine, pool = engine_of(database), await open_pool(database, size=4)
    store = PostgresEventStore(pool, codec())
    happened = list(mixed(60, seed=3))

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", KILLED, database], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    processes = [start(), start()]
    try:
        for round_, begin in enumerate(range(0, len(happened), 250)):
            for each in happened[begin : begin + 250]:
                event = NewEvent(uuid4(), each.event, {"step": each.step} if each.step else {})
                await store.append([StreamWrite(each.stream_id, ExpectedVersion.ANY, [event])])
            await sequence_all(database)
            victim = processes[round_ % 2]
            async with asyncio.timeout(60):  # it holds something, or it is no victim
                while not await pool.fetchval("SELECT count(*) FROM checkpoint WHERE holder IS NOT NULL"):
                    await asyncio.sleep(0.01)
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
            processes[round_ % 2] = start()
        async with asyncio.timeout(60):
            while set((await stands(engine)).values()) != {len(happened)}:
                await asyncio.sleep(0.02)
        applied = await pool.fetchval("SELECT count(*) FROM read.timeline")
        assert applied == sum(each.stream_id.startswith("order/") for each in happened)
        other = MemoryLog(happened)
        stock = await pool.fetch("SELECT sku, warehouse, on_hand, reserved FROM read.stock ORDER BY 1, 2")
        assert [tuple(row) for row in stock] == expected_stock(other.events)
        orders = await pool.fetch("SELECT order_id, version FROM read.orders")
        versions = {each.stream_id: each.version for each in other.events}
        assert all(versions[f"order/{order_id}"] == version for order_id, version in orders)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        await store.close()
        await engine.dispose()
        await pool.close()


def expected_stock(events: list[Recorded]) -> list[tuple[str, str, int, int]]:
    changes = sums([each for each in events if each.stream_id.startswith("stock/")])
    return sorted((*key, *change) for key, change in changes.items())


async def test_a_part_of_the_log_is_what_its_segments_streams_hold(database: str) -> None:
    """The database computes segments as we do; parts are disjoint, and cover the log."""
    pool = await open_pool(database, size=2)
    store, log = PostgresEventStore(pool, codec()), PostgresLog(pool, codec(), dsn=database)
    for each in mixed(6):
        await store.append([StreamWrite(each.stream_id, ExpectedVersion.ANY, [NewEvent(uuid4(), each.event)])])
    await sequence_all(database)
    whole = await log.read_log(after=0, limit=1000)
    odd, even = {s for s in ALL if s % 2}, {s for s in ALL if not s % 2}
    for segments in (odd, even, {segment_of(whole[0].stream_id)}, None, ALL):
        part = await log.read_part(after=3, limit=40, segments=segments)
        assert part.upto == 43
        assert list(part.events) == [
            each for each in whole[3:43] if segments is None or segment_of(each.stream_id) in segments
        ]
    assert (await log.read_part(after=len(whole), limit=10, segments=odd)).upto == len(whole)
    nobody = set(ALL) - {segment_of(each.stream_id) for each in whole}
    part = await log.read_part(after=0, limit=30, segments={min(nobody)})
    assert (list(part.events), part.upto) == ([], 30)
    await store.close()
    await pool.close()


class ByWarehouse(Still):
    """Rows of several streams that do not commute: it is partitioned by what they share."""

    name, version, streams, tables = "by_warehouse", 1, ("stock/",), ()
    keyed_by_stream = False

    def __init__(self) -> None:
        self.seen: list[tuple[str, int | None]] = []

    def key(self, event: Recorded) -> str:
        return event.stream_id.split("/")[1]

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        self.seen += [(self.key(event), event.position) for event in events]
        return []


async def test_a_partition_key_keeps_several_streams_in_one_process_and_in_order(engine: AsyncEngine) -> None:
    log, (one, other) = MemoryLog(), (ByWarehouse(), ByWarehouse())
    first, second = (Projector(engine, log, [each], batch=10, standby_poll=0.02) for each in (one, other))
    async with running(first, second):
        await eventually(lambda: all(len(each.segments.get("by_warehouse", ())) == 32 for each in (first, second)))
        log.append(*mixed(20))
        await until(engine, len(log.events), one)
    where = {
        warehouse: {id(each) for each in (one, other) if warehouse in dict(each.seen)}
        for warehouse in ("BER", "LYS")
    }
    assert all(len(owners) == 1 for owners in where.values())
    for warehouse in ("BER", "LYS"):
        seen = [position for each in (one, other) for key, position in each.seen if key == warehouse]
        assert seen == [e.position for e in log.events if e.stream_id.startswith(f"stock/{warehouse}/")]
