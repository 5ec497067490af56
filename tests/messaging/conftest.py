"""A Redis database of these tests' own, emptied before each."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from messaging.dead_letters import DeadLetters
from ops.devstack import Endpoints


@pytest.fixture
async def redis(endpoints: Endpoints) -> AsyncIterator[Redis]:
    client = Redis.from_url(endpoints.redis_url.rsplit("/", 1)[0] + "/9")
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
async def letters(redis: Redis, module_database: str) -> AsyncIterator[DeadLetters]:
    """No dead letters yet, in a database of the module's own."""
    engine = create_async_engine(module_database.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE dead_letter"))
    yield DeadLetters(redis, engine)
    await engine.dispose()
