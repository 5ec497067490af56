"""Waybill's processes: what each runs until it is told to stop. Start more of one to scale it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from eventstore.sequencer import Sequencer
from eventstore.subscription import PostgresLog
from messaging.relay import Relay, RelayLimits
from messaging.tasks import end
from ops.bootstrap import codec, connect_database, envelopes, utc_now
from ops.collector import calm_collector
from ops.config import Settings
from ops.patience import wait_for
from ops.telemetry import configure_logging
from readmodels.engine import Projector
from readmodels.projections import projections

SHUTDOWN_SECONDS = 10
REDIS_TIMEOUT = 10

Service = Callable[[Settings, asyncio.Event], Awaitable[None]]


def read_engine(settings: Settings) -> AsyncEngine:
    """The read models' database by SQLAlchemy. Its errors name no values: they may be personal."""
    url = settings.dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(url, pool_size=settings.database_pool, max_overflow=0, hide_parameters=True)


async def run_projector(settings: Settings, stop: asyncio.Event) -> None:
    """Sequence the log and feed the read models."""
    async with AsyncExitStack() as stack:
        pool = await connect_database(settings, settings.dsn, name="waybill-projector")
        stack.push_async_callback(pool.close)
        engine = read_engine(settings)
        stack.push_async_callback(engine.dispose)
        log = PostgresLog(pool, codec(), dsn=settings.dsn, poll=settings.sequencer_poll)
        sequencer = Sequencer(settings.dsn, poll=settings.sequencer_poll)
        projector = Projector(
            engine, log, projections(), batch=settings.projection_batch, lease=settings.projector_lease
        )
        await _until(stop, sequencer.run(), projector.run())


async def run_relay(settings: Settings, stop: asyncio.Event) -> None:
    """Publish the log to Redis Streams."""
    async with AsyncExitStack() as stack:
        pool = await connect_database(settings, settings.dsn, name="waybill-relay")
        stack.push_async_callback(pool.close)
        redis = await stack.enter_async_context(connect_redis(settings))
        log = PostgresLog(pool, codec(), dsn=settings.dsn, poll=settings.sequencer_poll)
        relay = Relay(log, envelopes(), redis, utc_now, relay_limits(settings))
        await relay.rewind()
        await _until(stop, relay.run())


def relay_limits(settings: Settings) -> RelayLimits:
    return RelayLimits(
        batch=settings.relay_batch,
        keep=settings.stream_length,
        partitions=settings.relay_partitions,
        again=timedelta(days=settings.inbox_days),
    )


@asynccontextmanager
async def connect_redis(settings: Settings) -> AsyncIterator[Redis]:
    """Wait for Redis, visibly, and connect. A connection that is lost is made again within a call."""
    redis = Redis.from_url(
        settings.redis_dsn,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), retries=3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        socket_connect_timeout=REDIS_TIMEOUT,
        socket_timeout=REDIS_TIMEOUT,
        health_check_interval=REDIS_TIMEOUT,
    )
    try:
        await wait_for("Redis", redis.ping)
        yield redis
    finally:
        await redis.aclose()


async def _until(stop: asyncio.Event, *running: Awaitable[None]) -> None:
    """Run until `stop`; what ends by itself before that ends the process, loudly."""
    tasks = [asyncio.ensure_future(each) for each in running]
    waiting = asyncio.ensure_future(stop.wait())
    done, pending = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    await end(pending)
    for task in done - {waiting}:
        task.result()


def run(service: Service, settings: Settings, *, process: str) -> None:
    """Run a service in this process until SIGTERM or SIGINT."""
    configure_logging(settings, process=process)
    calm_collector()

    async def main() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        # A dependency that is waited for must not keep the process from being stopped.
        work, told = asyncio.ensure_future(service(settings, stop)), asyncio.ensure_future(stop.wait())
        await asyncio.wait([work, told], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await asyncio.wait([work], timeout=SHUTDOWN_SECONDS)
            work.cancel()
        told.cancel()
        await asyncio.gather(work, told, return_exceptions=True)
        if not work.cancelled() and (error := work.exception()):
            raise error

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
