"""The relay against a real Redis: order, no repeats, a killed relay, an emptied Redis."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from domain.inventory.events import StockReceived
from domain.orders.events import OrderConfirmed
from domain.payments.events import PaymentAbandoned
from eventstore.store import Recorded, Undecodable
from messaging.relay import Relay
from ops.bootstrap import codec
from ops.devstack import Endpoints


class Log:
    """A sequenced log in memory."""

    def __init__(self, *events: object) -> None:
        self.events: list[Recorded] = []
        self.add(*events)

    def add(self, *events: object) -> None:
        for event in events:
            position = len(self.events) + 1
            self.events.append(
                Recorded(
                    stream_id="order/1",
                    version=position,
                    event_id=uuid4(),
                    type=type(event).__name__,
                    event=event,
                    metadata={"step": "confirm#0"},
                    recorded_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                    position=position,
                )
            )

    async def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        return self.events[after : after + limit]

    async def head(self) -> int:
        return len(self.events)

    async def wakeups(self) -> AsyncIterator[None]:
        yield None


@pytest.fixture
async def redis(endpoints: Endpoints) -> AsyncIterator[Redis]:
    client = Redis.from_url(endpoints.redis_url.rsplit("/", 1)[0] + "/9", decode_responses=True)
    await client.flushdb()
    yield client
    await client.aclose()


async def published(redis: Redis, stream: str) -> list[dict[str, str]]:
    messages: Any = await redis.xrange(stream)
    return [fields for _, fields in messages]


async def test_events_reach_their_contexts_streams_in_order_as_cloud_events(redis: Redis) -> None:
    log = Log(OrderConfirmed(), PaymentAbandoned("authorize#0"), OrderConfirmed())

    await Relay(log, codec(), redis).run()

    orders = await published(redis, "waybill.orders")
    payments = await published(redis, "waybill.payments")
    assert [fields["position"] for fields in orders] == ["1", "3"]
    assert payments == [
        {
            "specversion": "1.0",
            "id": str(log.events[1].event_id),
            "source": "/waybill/payments",
            "type": "waybill.payments.PaymentAbandoned",
            "subject": "order/1",
            "time": "2026-01-02T03:04:05+00:00",
            "datacontenttype": "application/json",
            "sequence": "2",
            "position": "2",
            "metadata": '{"step":"confirm#0"}',
            "data": '{"step":"authorize#0"}',
        }
    ]


async def test_a_second_relay_goes_on_where_the_first_was(redis: Redis) -> None:
    log = Log(*(StockReceived(quantity, "delivery") for quantity in range(1, 8)))
    assert await Relay(log, codec(), redis, batch=3).publish_next() == 3

    await Relay(log, codec(), redis, batch=3).run()

    assert [fields["position"] for fields in await published(redis, "waybill.inventory")] == list("1234567")


async def test_a_redis_that_lost_everything_is_filled_again(redis: Redis) -> None:
    log = Log(OrderConfirmed(), OrderConfirmed())
    relay = Relay(log, codec(), redis)
    await relay.run()
    await redis.flushdb()
    log.add(OrderConfirmed())

    await relay.run()

    assert [fields["position"] for fields in await published(redis, "waybill.orders")] == ["1", "2", "3"]


async def test_an_event_that_cannot_be_decoded_is_published_as_it_is_stored(redis: Redis) -> None:
    log = Log(Undecodable("no such type", 1, '{"a":1}'))

    await Relay(log, codec(), redis).run()

    [fields] = await published(redis, "waybill.undecodable")
    assert fields["data"] == '{"a":1}'
