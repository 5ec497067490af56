"""The engine: rows and checkpoints together, one projector at a time, each event once."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from eventstore.checkpoints import CheckpointConflict
from readmodels.batches import is_away
from readmodels.engine import Projector
from readmodels.projections import projections
from tests.readmodels.conftest import DumpRows, Expected
from tests.readmodels.faults import Gate, Pause
from tests.readmodels.memory_log import MemoryLog
from tests.readmodels.watching import gate_closed, running, stands, until, waiting_session
from tests.support.histories import mixed


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
        with pytest.raises(Exception, match="connection") as killed:
            await task
    assert is_away(killed.value)
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


async def test_a_second_projector_takes_nothing_while_the_first_is_in_a_batch(engine: AsyncEngine) -> None:
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
    """Fenced although its session is there: as where tables were switched, or its lease ran out."""
    log, pause = MemoryLog(mixed(10)), Pause()
    rows = await expected(log)
    task = asyncio.create_task(Projector(engine, log, [*projections(), pause]).catch_up())
    await pause.reached.wait()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE checkpoint SET epoch = epoch + 1 WHERE segment = 17"))
    pause.go_on.set()
    with pytest.raises(CheckpointConflict):
        await task
    assert not any((await dump()).values())
    await Projector(engine, log, projections()).catch_up()
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
