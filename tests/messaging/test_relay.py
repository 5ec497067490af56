"""The relay against a real Redis: order, no repeats, two relays, a lost answer, and every way to lose a Redis."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from cloudevents.core.v1.event import CloudEvent
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from domain.inventory.events import StockReceived
from domain.orders.events import OrderConfirmed
from domain.payments.events import PaymentAbandoned
from eventstore.codec import Codec, EventTypes
from eventstore.upcasting import Upcasters
from messaging.envelopes import Envelopes
from messaging.relay import Relay, RelayLimits, StoredLog, position_before
from ops.bootstrap import envelopes
from tests.messaging.stored_log import RECORDED, MemoryLog


def relay(log: StoredLog, redis: Redis, wrap: Envelopes | None = None, **limits: Any) -> Relay:
    return Relay(log, wrap or envelopes(), redis, lambda: RECORDED, RelayLimits(pause=0.001, **limits))


async def published(redis: Redis, stream: str) -> list[Mapping[str, str]]:
    messages: Any = await redis.xrange(stream)
    return [{key.decode(): value.decode() for key, value in fields.items()} for _, fields in messages]


async def positions(redis: Redis, stream: str) -> list[int]:
    return [int(fields["position"]) for fields in await published(redis, stream)]


async def test_events_reach_their_contexts_streams_in_order_as_cloud_events(redis: Redis) -> None:
    log = MemoryLog(OrderConfirmed(), PaymentAbandoned("authorize#0"), OrderConfirmed())

    await relay(log, redis).run()

    assert await positions(redis, "waybill.orders") == [1, 3]
    assert await published(redis, "waybill.payments") == [
        {
            "specversion": "1.0",
            "id": str(log.events[1].event_id),
            "source": "/waybill/payments",
            "type": "waybill.payments.PaymentAbandoned",
            "subject": "order/1",
            "time": "2026-01-02T03:04:05+00:00",
            "datacontenttype": "application/json",
            "dataschema": "urn:waybill:event:PaymentAbandoned:1",
            "sequence": "2",
            "position": "2",
            "metadata": '{"step":"confirm#0"}',
            "data": '{"step":"authorize#0"}',
        }
    ]


async def test_what_is_published_is_a_cloud_event_by_the_specifications_own_library(redis: Redis) -> None:
    await relay(MemoryLog(OrderConfirmed(), StockReceived(1, "delivery")), redis).run()

    for stream in ("waybill.orders", "waybill.inventory"):
        [fields] = await published(redis, stream)
        attributes: dict[str, Any] = dict(fields)
        data = orjson.loads(attributes.pop("data"))
        attributes["time"] = datetime.fromisoformat(attributes["time"])
        assert CloudEvent(attributes, data).get_type().startswith(stream)


async def test_a_stream_keeps_to_its_partition_and_its_order(redis: Redis) -> None:
    log = MemoryLog()
    for number in range(60):
        log.add(OrderConfirmed(), stream=f"order/{number % 7}")

    await relay(log, redis, partitions=3, batch=11).run()

    seen: dict[str, tuple[str, list[int]]] = {}
    for stream in (f"waybill.orders.{number}" for number in range(3)):
        for fields in await published(redis, stream):
            partition, versions = seen.setdefault(fields["subject"], (stream, []))
            assert partition == stream
            versions.append(int(fields["sequence"]))
    assert len({partition for partition, _ in seen.values()}) == 3
    assert all(versions == sorted(versions) for _, versions in seen.values())
    assert sum(len(versions) for _, versions in seen.values()) == 60


async def test_streams_are_bounded(redis: Redis) -> None:
    await relay(MemoryLog(*[OrderConfirmed()] * 1000), redis, keep=100, batch=250).run()

    kept = await positions(redis, "waybill.orders")
    assert 100 <= len(kept) < 300  # Redis trims by whole nodes
    assert kept[-1] == 1000


async def test_a_second_relay_goes_on_where_the_first_was(redis: Redis) -> None:
    log = MemoryLog(*(StockReceived(quantity, "delivery") for quantity in range(1, 8)))
    assert await relay(log, redis, batch=3).publish_next() == 3

    await relay(log, redis, batch=3).run()

    assert await positions(redis, "waybill.inventory") == [1, 2, 3, 4, 5, 6, 7]


async def test_two_relays_at_once_repeat_nothing_and_keep_the_order(redis: Redis) -> None:
    log = MemoryLog(*[OrderConfirmed()] * 500)

    await asyncio.gather(*(relay(log, redis, batch=7).run() for _ in range(4)))

    assert await positions(redis, "waybill.orders") == list(range(1, 501))


async def test_a_lost_answer_repeats_nothing(redis: Redis) -> None:
    """The script ran, and its answer did not arrive: the relay asks how far it came instead of sending again."""
    log = MemoryLog(*[OrderConfirmed()] * 3)
    unlucky = relay(log, redis)
    real = unlucky._publish
    lost = False

    async def losing(**given: Any) -> Any:
        nonlocal lost
        answer = await real(**given)
        if not lost:
            lost = True
            raise RedisConnectionError("the answer is lost")
        return answer

    with patch.object(unlucky, "_publish", losing):
        await unlucky.run()

    assert await positions(redis, "waybill.orders") == [1, 2, 3]


async def test_a_redis_that_lost_everything_is_filled_again(redis: Redis) -> None:
    log = MemoryLog(OrderConfirmed(), OrderConfirmed())
    given = relay(log, redis)
    await given.run()
    await redis.flushdb()

    await given.run()
    log.add(OrderConfirmed())
    await given.run()

    assert await positions(redis, "waybill.orders") == [1, 2, 3]


async def test_a_redis_emptied_between_reading_and_publishing_misses_nothing(redis: Redis) -> None:
    class Emptying(MemoryLog):
        armed = False

        async def read_stored(self, *, after: int, limit: int) -> Any:
            if self.armed:
                self.armed = False
                await redis.flushdb()
            return await super().read_stored(after=after, limit=limit)

    log = Emptying(*[OrderConfirmed()] * 4)
    given = relay(log, redis, batch=2)
    await given.publish_next()
    log.armed = True

    await given.run()

    assert not log.armed
    assert await positions(redis, "waybill.orders") == [1, 2, 3, 4]


async def test_a_replica_that_lacks_the_last_writes_goes_on_from_what_it_has(redis: Redis) -> None:
    """Replication keeps the order of writes and a script's together: a promoted replica is an earlier moment."""
    log = MemoryLog(*[OrderConfirmed()] * 6)
    given = relay(log, redis, batch=2)
    await given.publish_next()
    earlier = {key: await redis.dump(key) or b"" for key in await redis.keys()}
    await given.publish_next()
    await redis.flushdb()
    for key, value in earlier.items():
        await redis.restore(key, 0, value)

    await given.run()

    assert await positions(redis, "waybill.orders") == [1, 2, 3, 4, 5, 6]


async def test_an_emptied_redis_is_not_told_what_consumers_may_have_forgotten(redis: Redis) -> None:
    log = MemoryLog()
    for days in (40, 31, 30, 3, 0):
        log.add(OrderConfirmed(), recorded_at=RECORDED - timedelta(days=days))

    await relay(log, redis, again=timedelta(days=30)).run()

    assert await positions(redis, "waybill.orders") == [3, 4, 5]


@pytest.mark.parametrize("size", range(5))
async def test_the_position_before_a_time_is_found(size: int) -> None:
    log = MemoryLog()
    for number in range(size):
        log.add(OrderConfirmed(), recorded_at=RECORDED + timedelta(seconds=number))

    found = [await position_before(log, RECORDED + timedelta(seconds=number)) for number in range(size + 1)]

    assert found == list(range(size + 1))


async def test_a_log_that_was_restored_into_the_past_goes_on(redis: Redis) -> None:
    log = MemoryLog(*[OrderConfirmed()] * 5)
    await relay(log, redis).run()
    del log.events[2:]
    restored = relay(log, redis)
    await restored.rewind()
    log.add(StockReceived(1, "delivery"))

    await restored.run()

    assert await positions(redis, "waybill.inventory") == [3]


async def test_an_event_that_this_process_does_not_know_is_published_as_it_is_stored(redis: Redis) -> None:
    log = MemoryLog()
    log.store("OrderTeleported", 1, '{"a":1}')
    log.store("OrderConfirmed", 9, '{"b":2}')

    await relay(log, redis).run()

    first, second = await published(redis, "waybill.undecodable")
    assert (first["data"], second["data"]) == ('{"a":1}', '{"b":2}')
    assert second["dataschema"] == "urn:waybill:event:OrderConfirmed:9"


async def test_an_event_of_an_old_version_is_published_in_the_present_shape(redis: Redis) -> None:
    types, steps = EventTypes(), Upcasters()
    types.register(PaymentAbandoned, version=2)
    steps.register("PaymentAbandoned", 1)(lambda old: {"step": old["key"]})
    log = MemoryLog()
    log.store("PaymentAbandoned", 1, '{"key":"authorize#0"}')

    await relay(log, redis, Envelopes(types, Codec(types, steps))).run()

    [fields] = await published(redis, "waybill.payments")
    assert (fields["data"], fields["dataschema"][-2:]) == ('{"step":"authorize#0"}', ":2")
