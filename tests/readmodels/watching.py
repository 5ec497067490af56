"""Looking at projectors from outside, and holding one in the middle of its batch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from readmodels.base import Projection
from readmodels.engine import Projector
from readmodels.projections import projections
from tests.readmodels.faults import GATE

STANDS = text("""
    SELECT b.projection, min(c.position) AS position FROM projection_build AS b
    JOIN checkpoint AS c ON c.projection = b.projection AND c.version = b.build
    WHERE b.state = :state AND b.projection = ANY (:names) GROUP BY b.projection
""")
WAITING = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def stands(engine: AsyncEngine, *wanted: Projection, state: str = "live") -> dict[str, int]:
    """How far the hindmost segment of each build is."""
    names = [projection.name for projection in wanted or projections()]
    async with engine.connect() as connection:
        return {
            each.projection: each.position
            for each in await connection.execute(STANDS, {"names": names, "state": state})
        }


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


async def until(engine: AsyncEngine, position: int, *wanted: Projection, state: str = "live") -> None:
    async with asyncio.timeout(30):
        while set((await stands(engine, *wanted, state=state)).values()) != {position}:
            await asyncio.sleep(0.005)


async def eventually(true: Callable[[], bool]) -> None:
    """For what a projector notes only after the commit that `until` sees."""
    async with asyncio.timeout(15):
        while not true():
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
