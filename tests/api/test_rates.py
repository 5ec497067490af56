"""Requests are counted by caller: what remains is told, too many are refused, what cannot be counted passes."""

import asyncio
from typing import Any

import pytest
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis

from api.rates import Rates
from ops.devstack import Endpoints
from tests.api.world import World, problem


def rated(world: World, storage: Any = None, **per_minute: int) -> Rates:
    rates = Rates(SlidingWindowCounterRateLimiter(storage or MemoryStorage()), per_minute)
    object.__setattr__(world.app.state.dependencies, "rates", rates)
    return rates


async def test_what_remains_is_told_and_too_much_is_refused(world: World) -> None:
    rated(world, customer=2)
    first = await world.call("GET", "/v1/orders")
    assert first.headers["ratelimit-policy"] == '"customer";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"customer";r=1;t=')
    assert (await world.call("GET", "/v1/stock")).is_success
    refused = await world.call("GET", "/v1/orders")
    document = problem(refused, 429, "too-many-requests")
    assert "2 requests a minute" in document["detail"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert '"customer";r=0;t=' in refused.headers["ratelimit"]


async def test_each_caller_is_counted_alone(world: World) -> None:
    rated(world, customer=1, anonymous=1)
    assert (await world.call("GET", "/v1/orders", subject="c-1")).is_success
    assert (await world.call("GET", "/v1/orders", subject="c-2")).is_success
    assert (await world.call("GET", "/v1/products", role=None)).is_success
    problem(await world.call("GET", "/v1/orders", subject="c-1"), 429, "too-many-requests")
    problem(await world.call("GET", "/v1/products", role=None), 429, "too-many-requests")
    for _ in range(3):
        assert (await world.call("GET", "/v1/orders", role="admin")).is_success


async def test_the_graph_is_counted_too(world: World) -> None:
    rated(world, customer=1)
    query = {"query": "{ products(first: 1) { nodes { sku } } }"}
    assert (await world.call("POST", "/graphql", json=query)).is_success
    problem(await world.call("POST", "/graphql", json=query), 429, "too-many-requests")


async def test_what_watches_the_process_is_not_counted(world: World) -> None:
    rated(world, anonymous=1)
    for path in ("/livez", "/readyz", "/metrics", "/openapi.json") * 2:
        answer = await world.call("GET", path, role=None)
        assert answer.is_success
        assert "ratelimit" not in answer.headers


class Dead(MemoryStorage):
    asked = 0

    async def acquire_sliding_window_entry(self, *_: Any, **__: Any) -> bool:
        self.asked += 1
        raise ConnectionError("no Redis")


class Hanging(MemoryStorage):
    async def acquire_sliding_window_entry(self, *_: Any, **__: Any) -> bool:
        await asyncio.Event().wait()
        return True


@pytest.mark.parametrize("kind", [Dead, Hanging])
async def test_without_redis_requests_pass_and_metrics_say_so(world: World, kind: type[MemoryStorage]) -> None:
    storage = kind()
    rates = rated(world, storage, customer=1)
    rates.patience = 0.01
    for _ in range(3):
        answer = await world.call("GET", "/v1/orders")
        assert answer.is_success
        assert "ratelimit" not in answer.headers
    assert rates.metrics.uncounted._value.get() == 3
    if isinstance(storage, Dead):
        assert storage.asked == 1  # it is left alone for a while


async def test_two_processes_share_a_count_in_redis(world: World, endpoints: Endpoints) -> None:
    async with Redis.from_url(endpoints.redis_url) as redis:

        def storage() -> RedisStorage:
            return RedisStorage(
                f"async+{endpoints.redis_url}",
                implementation="redispy",
                key_prefix="test-rates",
                connection_pool=redis.connection_pool,  # type: ignore[arg-type]
            )

        rated(world, storage(), customer=2).patience = 30
        assert (await world.call("GET", "/v1/orders")).is_success
        rated(world, storage(), customer=2).patience = 30
        assert (await world.call("GET", "/v1/orders")).headers["ratelimit"].startswith('"customer";r=0;')
        problem(await world.call("GET", "/v1/orders"), 429, "too-many-requests")
