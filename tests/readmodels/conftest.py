"""A migrated database with read models, and a projector over a log in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from readmodels.base import METADATA
from readmodels.engine import Projector
from readmodels.projections import projections
from readmodels.queries import ReadModels
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened

Dump = dict[str, list[tuple[object, ...]]]
DumpRows = Callable[[], Awaitable[Dump]]
Happen = Callable[..., Awaitable[None]]
Expected = Callable[[MemoryLog], Awaitable[Dump]]


def engine_of(dsn: str) -> AsyncEngine:
    return create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"), pool_size=8)


async def forget(engine: AsyncEngine) -> None:
    """Empty every read model, and forget all builds."""
    async with engine.begin() as connection:
        for table in ("checkpoint", "projection_build", "parked_key", "skipped_event", "projector"):
            await connection.execute(text(f"DELETE FROM {table}"))
        for model in METADATA.tables.values():
            await connection.execute(text(f"TRUNCATE {model.fullname}"))
            for schema in ("read_candidate", "read_previous"):
                await connection.execute(text(f"DROP TABLE IF EXISTS {schema}.{model.name}"))


@pytest.fixture(scope="module")
async def module_engine(module_database: str) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(module_database)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(module_engine: AsyncEngine) -> AsyncEngine:
    """Of a database whose read models are empty."""
    await forget(module_engine)
    return module_engine


@pytest.fixture
def models(engine: AsyncEngine) -> ReadModels:
    return ReadModels(engine)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def projector(engine: AsyncEngine, log: MemoryLog) -> Projector:
    return Projector(engine, log, projections(), batch=100)


@pytest.fixture
def happen(log: MemoryLog, projector: Projector) -> Happen:
    """Append to the log and project it."""

    async def happened(*events: Happened) -> None:
        log.append(*events)
        assert await projector.catch_up()
        assert not projector.halted

    return happened


@pytest.fixture
def dump(engine: AsyncEngine) -> DumpRows:
    """Every row of every read model."""

    async def dumped() -> Dump:
        async with engine.connect() as connection:
            return {
                table.name: [
                    tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))
                ]
                for table in METADATA.sorted_tables
            }

    return dumped


@pytest.fixture
async def expected(engine: AsyncEngine, dump: DumpRows) -> Expected:
    """The rows that a log gives to one projector that nothing disturbs."""

    async def rows(log: MemoryLog) -> Dump:
        await Projector(engine, log, projections(), batch=100_000).catch_up()
        found = await dump()
        await forget(engine)
        return found

    return rows
