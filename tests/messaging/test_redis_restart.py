"""A Redis that is killed under the relay and comes back, with its data and without."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from redis.asyncio import Redis

from domain.orders.events import OrderConfirmed
from messaging.relay import Relay, RelayLimits
from messaging.tasks import end
from ops.bootstrap import envelopes
from ops.config import Settings
from ops.embedded.redis import EmbeddedRedis
from ops.process import Process
from ops.services import connect_redis
from tests.conftest import short_directory, stack_settings
from tests.messaging.stored_log import RECORDED, MemoryLog


class EndlessLog(MemoryLog):
    async def wakeups(self) -> AsyncIterator[None]:
        while True:
            yield None
            await asyncio.sleep(0.005)


@asynccontextmanager
async def own_redis() -> AsyncIterator[tuple[Settings, Process, Path]]:
    home = short_directory()
    settings = stack_settings(home)
    process = Process(await EmbeddedRedis(settings, durable=True).prepare())
    await process.start()
    try:
        yield settings, process, home / "redis"
    finally:
        await process.stop()
        shutil.rmtree(home)


async def seen(redis: Redis) -> list[int]:
    messages: Any = await redis.xrange("waybill.orders")
    return [int(fields[b"position"]) for _, fields in messages]


@pytest.mark.parametrize("emptied", [False, True])
async def test_the_relay_survives_a_redis_that_is_killed(emptied: bool) -> None:
    log = EndlessLog(*[OrderConfirmed()] * 10)
    async with own_redis() as (settings, process, data), connect_redis(settings) as redis:
        relay = Relay(log, envelopes(), redis, lambda: RECORDED, RelayLimits(batch=3, pause=0.01))
        running = asyncio.create_task(relay.run())
        while relay.published < 10:
            await asyncio.sleep(0.01)
        assert process.pid
        os.kill(process.pid, SIGKILL)
        await process.wait()
        log.add(*[OrderConfirmed()] * 10)
        if emptied:
            shutil.rmtree(data / "appendonlydir")
        await process.start()
        while len(await seen(redis)) < 20:
            assert not running.done(), running.result()
            await asyncio.sleep(0.01)
        await end([running])
        assert await seen(redis) == list(range(1, 21))
