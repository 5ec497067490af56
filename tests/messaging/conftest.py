"""A Redis database of these tests' own, emptied before each."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from ops.devstack import Endpoints


@pytest.fixture
async def redis(endpoints: Endpoints) -> AsyncIterator[Redis]:
    client = Redis.from_url(endpoints.redis_url.rsplit("/", 1)[0] + "/9")
    await client.flushdb()
    yield client
    await client.aclose()
