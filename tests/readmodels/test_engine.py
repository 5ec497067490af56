"""The engine: rows and checkpoints together, one projector at a time, each event once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.record import OrderStreamEvent, fold_record
from eventstore.checkpoints import CheckpointConflict
from eventstore.store import Recorded, Undecodable
from readmodels import batches, positions
from readmodels.base import Projection
from readmodels.engine import Projector
from readmodels.projections import projections
from readmodels.queries import ReadModels
from readmodels.stock import Stock
from tests.readmodels.conftest import Dump, DumpRows
from tests.readmodels.faults import GATE, Breaks, Gate, Pause
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened, completed, mixed, shop
from tests.support.samples import ORDER, OTHER_ORDER
from tests.support.strategies import placed_streams

Expected = Callable[[MemoryLog], Awaitable[Dump]]
WAITING = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def stands(engine: AsyncEngine, *wanted: Projection) -> dict[str, int]:
    async with engine.connect() as connection:
        found = await positions.load(connection, wanted or projections())
    return {name: checkpoint.position for name, checkpoint in found.items()}


@asynccontextmanager
async def gate_closed(engine: AsyncEngine) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:gate)"), {"gate": GATE})
        yield


async def waiting_session(engine: AsyncEngine) -> int:
    """The session that waits for a lock, once there is one."""
    looking = engine.execution_options(isolation_level="AUTOCOMMIT")  # a transaction would see one state for ever
    async with asyncio.timeout(10), looking.connect() as connection:
        while (pid := await connection.scalar(WAITING)) is None:
            await asyncio.sleep(0.005)
    return int(pid)


async def until(engine: AsyncEngine, position: int, *wanted: Projection) -> None:
    async with asyncio.timeout(15):
        while set((await stands(engine, *wanted)).values()) != {position}:
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*projectors: Projector) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(projector.run()) for projector in projectors]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


@pytest.fixture
async def expected(engine: AsyncEngine, dump: DumpRows) -> Expected:
    """The rows that a log gives to one projector that nothing disturbs."""

    async def rows(log: MemoryLog) -> Dump:
        await Projector(engine, log, projections(), batch=100_000).catch_up()
        found = await dump()
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM checkpoint"))
        return found

    return rows


async def test_a_projector_killed_in_the_middle_of_a_batch_has_applied_nothing(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    log = MemoryLog(mixed(10))
    rows = await expected(log)
    victim = Projector(engine, log, [*projections(), Gate()])
    async with gate_closed(engine):
        task = asyncio.create_task(victim.catch_up())
        pid = await waiting_session(engine)
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError):
            await task
    assert set((await stands(engine)).values()) == {0}
    assert not any((await dump()).values())
    assert await victim.catch_up()
    assert await dump() == rows


async def test_a_projector_cancelled_in_the_middle_of_a_batch_has_applied_nothing(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    log = MemoryLog(mixed(10))
    rows = await expected(log)
    async with gate_closed(engine):
        task = asyncio.create_task(Projector(engine, log, [*projections(), Gate()]).catch_up())
        await waiting_session(engine)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not any((await dump()).values())
    assert await Projector(engine, log, projections()).catch_up()
    assert await dump() == rows


async def test_a_second_projector_stands_by_while_the_first_is_in_a_batch(engine: AsyncEngine) -> None:
    log = MemoryLog(mixed(5))
    async with gate_closed(engine):
        task = asyncio.create_task(Projector(engine, log, [*projections(), Gate()]).catch_up())
        await waiting_session(engine)
        second = Projector(engine, log, projections())
        assert not await second.catch_up()
        assert not second.leading
    assert await task
    assert set((await stands(engine)).values()) == {len(log.events)}


async def test_a_projector_whose_claim_is_over_commits_nothing(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    """Fenced although it holds the lock: as where a pooler lost it, or a rebuild came."""
    log, pause = MemoryLog(mixed(10)), Pause()
    rows = await expected(log)
    task = asyncio.create_task(Projector(engine, log, [*projections(), pause]).catch_up())
    await pause.reached.wait()
    async with engine.begin() as connection:
        await positions.claim(connection, projections())
    pause.go_on.set()
    with pytest.raises(CheckpointConflict):
        await task
    assert not any((await dump()).values())
    await Projector(engine, log, projections()).catch_up()
    assert await dump() == rows


async def test_two_projectors_apply_each_event_once_and_one_takes_over(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    log = MemoryLog(mixed(40))
    rows = await expected(log)
    first, second = (Projector(engine, log, projections(), batch=25, standby_poll=0.02) for _ in range(2))
    async with running(first, second) as (task, _):
        async with asyncio.timeout(10):
            while not first.leading and not second.leading:
                await asyncio.sleep(0)
        if first.leading:
            task.cancel()
        await until(engine, len(log.events))
        assert await dump() == rows
        assert not (first.leading and second.leading)
        task.cancel()
    assert await dump() == rows


async def test_a_projector_goes_on_when_its_session_is_killed(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    log = MemoryLog(mixed(10))
    rows = await expected(log)
    projector = Projector(engine, log, [*projections(), Gate()], standby_poll=0.02)
    async with running(projector):
        async with gate_closed(engine):
            pid = await waiting_session(engine)
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            assert await waiting_session(engine)
        await until(engine, len(log.events))
    assert await dump() == rows


@pytest.mark.parametrize("batch", [1, 7, 10_000])
async def test_rows_do_not_depend_on_how_the_log_is_cut(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, batch: int
) -> None:
    log = MemoryLog(mixed(12))
    rows = await expected(log)
    async with engine.begin() as connection:
        for projection in projections():
            await positions.rebuild(connection, projection)
    await Projector(engine, log, projections(), batch=batch).catch_up()
    assert await dump() == rows


async def test_a_rebuild_gives_what_was_there(engine: AsyncEngine, models: ReadModels, dump: DumpRows) -> None:
    """Under a projector that runs, first idle, then in front with the others while one catches up."""
    log = MemoryLog(mixed(60))
    async with running(Projector(engine, log, projections(), batch=50, standby_poll=0.02)):
        await until(engine, len(log.events))
        live = await dump()
        for projection in projections():
            await models.rebuild(projection.name)
            await asyncio.sleep(0)
            await until(engine, len(log.events))
            assert await dump() == live
        await models.rebuild("orders")
        await models.rebuild("stock")
        log.append(*completed(ORDER))
        await until(engine, len(log.events))
        assert (await models.stock("MUG")) is not None
    found = await dump()
    assert len(found["orders"]) == len(live["orders"]) + 1
    assert set(live["timeline"]) < set(found["timeline"])


async def test_a_projection_that_is_rebuilt_does_not_hold_up_the_others(
    engine: AsyncEngine, models: ReadModels
) -> None:
    log = MemoryLog(mixed(20))
    projector = Projector(engine, log, projections(), batch=10)
    await projector.catch_up()
    head, reads, read_log = len(log.events), [], log.read_log

    async def noted(*, after: int, limit: int) -> Sequence[Recorded]:
        reads.append(after)
        return await read_log(after=after, limit=limit)

    log.read_log = noted  # type: ignore[method-assign]
    await models.rebuild("orders")
    log.append(*shop())
    await projector.catch_up()
    assert reads[:2] == [head, 0]
    assert set((await stands(engine)).values()) == {len(log.events)}


async def test_a_new_version_of_a_projection_begins_with_empty_tables(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    class NewStock(Stock):
        version = 2

    log = MemoryLog(mixed(5))
    rows = await expected(log)
    async with engine.begin() as connection:
        for projection in projections():
            await connection.execute(projection.clear)
    await Projector(engine, log, [Stock()]).catch_up()
    await Projector(engine, log, [NewStock()]).catch_up()
    assert (await dump())["stock"] == rows["stock"]
    assert await stands(engine, Stock()) == {}
    await Projector(engine, log, [Stock()]).catch_up()  # a process of the old version takes over
    assert (await dump())["stock"] == rows["stock"]


@pytest.mark.parametrize("fault", ["raises", "fails"])
async def test_a_projection_stops_before_what_it_cannot_apply(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Everything before that event is applied, the others go on, and the event is tried again until it works."""
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.02)
    log = MemoryLog(mixed(20))
    rows = await expected(log)
    poison = next(n for n, event in enumerate(log.events, 1) if n > 70 and event.stream_id.startswith("order/"))
    broken = Breaks(**{fault: poison})
    projector = Projector(engine, log, [broken, *projections()], batch=50, standby_poll=0.02)
    async with running(projector):
        await until(engine, len(log.events))
        assert await dump() == rows
        assert await stands(engine, broken) == {"breaks": poison - 1}
        halt = projector.halted["breaks"]
        assert (halt.position, set(projector.halted)) == (poison, {"breaks"})
        assert ("bug" if fault == "raises" else "division by zero") in halt.error
        broken.raises = broken.fails = None
        await until(engine, len(log.events), broken)
        assert not projector.halted


async def test_an_undecodable_event_stops_only_who_reads_its_stream(
    engine: AsyncEngine, models: ReadModels, expected: Expected, monkeypatch: pytest.MonkeyPatch, dump: DumpRows
) -> None:
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.02)
    log = MemoryLog([*shop(), *completed(ORDER), *completed(OTHER_ORDER)])
    rows = await expected(log)
    place = next(n for n, event in enumerate(log.events) if event.type == "OrderConfirmed")
    good, poison = log.events[place], Undecodable("of a newer release", 2, "{}")
    log.events[place] = replace(good, event=poison)
    projector = Projector(engine, log, projections(), standby_poll=0.02)
    async with engine.begin() as connection:
        for projection in projections():
            await positions.rebuild(connection, projection)
    async with running(projector):
        await until(engine, len(log.events), Stock())
        stopped = {"orders", "timeline", "saga_steps"}
        assert await stands(engine) == {
            name: place if name in stopped else len(log.events) for name in (await stands(engine))
        }
        assert set(projector.halted) == stopped
        view = await models.order(ORDER)
        assert view is not None
        assert view.version == 4
        assert await models.order(OTHER_ORDER) is None
        log.events[place] = good
        await until(engine, len(log.events))
    assert await dump() == rows


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams=st.lists(placed_streams, min_size=1, max_size=4), cut=st.integers(1, 30))
async def test_every_order_row_is_the_fold_of_its_stream(
    engine: AsyncEngine, models: ReadModels, dump: DumpRows, streams: list[list[OrderStreamEvent]], cut: int
) -> None:
    """Whatever stands in the streams, live and rebuilt."""
    ids = [ORDER, OTHER_ORDER, *(event.event_id for event in MemoryLog(shop()).events)][: len(streams)]
    happened = [
        Happened(f"order/{order_id}", event)
        for order_id, stream in zip(ids, streams, strict=True)
        for event in stream
    ]
    log = MemoryLog(happened)
    dumps = []
    for batch in (cut, 1000):
        async with engine.begin() as connection:
            for projection in projections():
                await positions.rebuild(connection, projection)
        assert await Projector(engine, log, projections(), batch=batch).catch_up()
        dumps.append(await dump())
    for order_id, stream in zip(ids, streams, strict=True):
        view = await models.order(order_id)
        assert view is not None
        assert (view.version, view.record) == (len(stream), fold_record(stream))
    assert dumps[0] == dumps[1]
