"""How fast the relay takes the log to Redis: a sequenced log of order events, published from its beginning.

    python -m benchmarks.relay [--events 200000]

Beside it, in the same run, two of its parts alone: reading the log, and plain `XADD`s of the same events through
the client's pipelines, a thousand to a transaction.
"""

import argparse
import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import uvloop
from redis.asyncio import Redis

from benchmarks.results import Row, save, show
from benchmarks.rig import OUTSIDE, temporary_directory, temporary_settings
from domain.money import Money
from domain.payments.events import PaymentAuthorized, PaymentRequested
from eventstore.sequencer import Sequencer
from eventstore.store import EventStore, Expected, NewEvent, StreamWrite
from eventstore.subscription import PostgresLog
from messaging.envelopes import Envelope
from messaging.relay import Relay, RelayLimits
from ops.bootstrap import codec, envelopes, open_backend, utc_now
from ops.config import Settings
from ops.devstack import DevStack
from ops.migrate import migrate

GOAL: Final = 20_000
BATCH: Final = 1000


async def fill(store: EventStore, events: int) -> None:
    """Payments of many orders: two events each, a thousand orders at a time."""
    amount = Money(4249, "EUR")
    for _ in range(0, events, 2 * BATCH):
        await asyncio.gather(*(_order(store, amount) for _ in range(BATCH)))


async def _order(store: EventStore, amount: Money) -> None:
    asked, given = PaymentRequested("authorize#0", "sim_ok", amount), PaymentAuthorized("authorize#0", "p", amount)
    step = {"step": "authorize#0", "actor": "system"}
    events = [NewEvent(uuid4(), event, step) for event in (asked, given)]
    await store.append((StreamWrite(f"order/{uuid4()}", Expected.NO_STREAM, events),))


async def sequence(settings: Settings, log: PostgresLog, events: int) -> None:
    sequencing = asyncio.create_task(Sequencer(settings.dsn, poll=settings.sequencer_poll).run())
    while await log.head() < events:
        await asyncio.sleep(0.1)
    sequencing.cancel()
    await asyncio.wait([sequencing])


async def read(log: PostgresLog) -> None:
    after = 0
    while events := await log.read_stored(after=after, limit=BATCH):
        after = events[-1].position


async def publish(log: PostgresLog, redis: Redis) -> None:
    relay = Relay(log, envelopes(), redis, utc_now, RelayLimits(batch=BATCH))
    while await relay.publish_next():
        pass


async def pipelines(redis: Redis, events: int) -> None:
    """The same through the client's pipelines, with nothing read."""
    texts = ("0" * 36, "/waybill/payments", "waybill.payments.PaymentAuthorized", "order/" + "0" * 36)
    envelope = Envelope(*texts, "2026-01-01T00:00:00.000000+00:00", "urn:waybill:event:x:1", "1", "1", "{}", "{}")
    fields: dict[Any, Any] = {**envelope._asdict(), "specversion": "1.0", "datacontenttype": "application/json"}
    for _ in range(0, events, BATCH):
        async with redis.pipeline(transaction=True) as pipeline:
            for _ in range(BATCH):
                pipeline.xadd("plain", fields, maxlen=1_000_000)
            await pipeline.execute()


async def rate(events: int, work: Awaitable[None]) -> float:
    began = time.perf_counter()
    await work
    return events / (time.perf_counter() - began)


@asynccontextmanager
async def servers() -> AsyncIterator[Settings]:
    for name in OUTSIDE:
        os.environ.pop(f"WAYBILL_{name}", None)
    home = temporary_directory()
    settings = temporary_settings(home)
    stack = DevStack(settings, on_event=print)
    try:
        await stack.start()
        await migrate(settings.dsn)
        yield settings
    finally:
        await stack.stop()
        shutil.rmtree(home)


async def measure(events: int) -> float:
    async with servers() as settings, open_backend(settings, name="benchmark") as backend:
        log = PostgresLog(backend.pool, codec(), dsn=settings.dsn)
        await fill(backend.store, events)
        await sequence(settings, log, events)
        async with Redis.from_url(settings.redis_dsn) as redis:
            reading = await rate(events, read(log))
            plain = await rate(events, pipelines(redis, events))
            relayed = await rate(events, publish(log, redis))
            assert await redis.xlen("waybill.payments") >= min(events, 1_000_000)
    rows = [
        Row("relay: log to Redis", relayed, "events/s", "goal", GOAL),
        Row("relay: log to Redis", relayed, "events/s", "XADD by the client's pipelines alone", plain),
        Row("relay: log to Redis", relayed, "events/s", "reading the log alone", reading),
    ]
    show(f"{events:,} events", rows)
    print(save("relay", rows, {"events": events, "batch": BATCH}))
    return relayed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000, help="how many events to publish (even thousands)")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(given.events))


if __name__ == "__main__":
    main()
