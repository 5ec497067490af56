"""Webhooks out against a real receiver: in order, at least once under one id, signed, paused, replayed."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from domain.orders.events import OrderConfirmed
from domain.payments.events import PaymentAbandoned
from eventstore.privacy import MasterKeys
from eventstore.subscription import PostgresLog
from messaging.relay import Relay, RelayLimits
from messaging.tasks import end
from messaging.webhooks.effect import LaneBusy
from messaging.webhooks.endpoints import MAX_SECRETS, Endpoints
from ops.bootstrap import codec, envelopes, utc_now
from ops.config import Settings
from ops.subscriber import webhook_subscriber
from tests.messaging.consuming import NoLetters, until
from tests.support import samples
from tests.support.webhooks import Outbound, Receiver, outbound, receiver

ORDER = UUID("0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55")


@pytest.fixture
async def out(database: str) -> AsyncIterator[Outbound]:
    async with outbound(database) as made:
        yield made


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def test_events_arrive_in_order_signed_and_in_the_log(out: Outbound, there: Receiver) -> None:
    endpoint, secret = await out.endpoint(there.url)
    await out.happens(ORDER, OrderConfirmed(), PaymentAbandoned("authorize#0"))
    await out.told(ORDER, "waybill.payments.PaymentAbandoned")  # another stream's event came first
    await out.told(ORDER)
    await out.confirmed(ORDER)

    assert there.sequences() == [1, 2, 3]
    assert all(each.verified_by(secret) for each in there.received)
    assert len({each.headers["webhook-id"] for each in there.received}) == 3
    item = there.received[1].item
    assert {name: item[name] for name in ("order_id", "sequence", "version", "position", "type", "data")} == {
        "order_id": str(ORDER),
        "sequence": 2,
        "version": 2,
        "position": 2,
        "type": "PaymentAbandoned",
        "data": {"step": "authorize#0"},
    }
    assert item["actor"] is None
    log = await out.courier.lanes.deliveries(endpoint.endpoint_id, before=None, most=10)
    assert [(each.sequence, each.succeeded, each.status, each.attempt) for each in log] == [
        (3, True, 200, 1),
        (2, True, 200, 1),
        (1, True, 200, 1),
    ]
    assert [each.body_sha256 for each in log] == [
        sha256(each.body).hexdigest() for each in reversed(there.received)
    ]
    assert out.retries.lanes == []


async def test_an_endpoint_gets_the_types_it_asked_for_from_when_it_was_made(
    out: Outbound, there: Receiver
) -> None:
    await out.happens(ORDER, PaymentAbandoned("authorize#0"))
    await out.endpoint(there.url, "PaymentAbandoned")
    await out.happens(ORDER, OrderConfirmed(), PaymentAbandoned("authorize#1"))
    await out.told(ORDER)
    await out.told(ORDER, "waybill.payments.PaymentAbandoned")
    assert there.sequences() == [3]


async def test_what_fails_waits_for_its_retries_and_is_taken_in_order(out: Outbound, there: Receiver) -> None:
    endpoint, _ = await out.endpoint(there.url)
    there.answer = lambda _: "503 Down"
    await out.confirmed(ORDER)
    await out.confirmed(ORDER)
    lane = (endpoint.endpoint_id, ORDER)
    assert there.sequences() == [1]  # the second queues behind the first
    assert set(out.retries.lanes) == {lane}
    assert (await out.courier.drive(*lane, retrying=True)).outcome == "failed"
    there.answer = lambda _: "200 OK"
    assert (await out.courier.drive(*lane, retrying=True)).outcome == "done"
    assert there.sequences() == [1, 1, 1, 2]
    assert len({each.headers["webhook-id"] for each in there.received[:3]}) == 1
    log = await out.courier.lanes.deliveries(endpoint.endpoint_id, before=None, most=10)
    assert [(each.attempt, each.error) for each in reversed(log)] == [
        (1, "http-503"),
        (2, "http-503"),
        (3, None),
        (1, None),
    ]
    out.retries.lanes.clear()
    await out.confirmed(ORDER)
    assert there.sequences()[-1] == 3
    assert out.retries.lanes == []


async def test_orders_do_not_wait_for_each_other(out: Outbound, there: Receiver) -> None:
    other = uuid4()
    await out.endpoint(there.url)
    there.answer = lambda got: "500 No" if got.item["order_id"] == str(ORDER) else "200 OK"
    await out.confirmed(ORDER)
    await out.confirmed(other, times=2)
    assert there.sequences(other) == [1, 2]


async def test_killed_between_attempt_and_log_it_is_sent_again_under_the_same_id(
    out: Outbound, there: Receiver
) -> None:
    await out.endpoint(there.url)
    await out.happens(ORDER, OrderConfirmed())
    there.hold.clear()  # it has arrived, and the answer never reaches the sender
    killed = asyncio.create_task(out.told(ORDER))
    await there.arrived.wait()
    await end([killed])
    there.hold.set()

    with pytest.raises(LaneBusy):  # the event is not acknowledged while the dead sender's claim stands
        await out.told(ORDER)
    await out.run("UPDATE webhook_lane SET claimed_until = now() - interval '1 second'")
    await out.told(ORDER)
    first, second = there.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


async def test_two_readers_of_one_order_send_it_once(out: Outbound, there: Receiver) -> None:
    await out.endpoint(there.url)
    await out.happens(ORDER, OrderConfirmed(), OrderConfirmed())
    there.hold.clear()
    first = asyncio.create_task(out.told(ORDER))
    await there.arrived.wait()
    with pytest.raises(LaneBusy):
        await out.told(ORDER)
    there.hold.set()
    await first
    await out.told(ORDER)
    assert there.sequences() == [1, 2]


async def test_too_many_failures_pause_the_endpoint_and_nothing_is_lost(database: str, there: Receiver) -> None:
    async with outbound(database, most_failures=3) as out:
        endpoint, _ = await out.endpoint(there.url)
        lane = (endpoint.endpoint_id, ORDER)
        there.answer = lambda _: "500 No"
        await out.confirmed(ORDER)
        await out.courier.drive(*lane, retrying=True)
        assert (await out.courier.drive(*lane, retrying=True)).outcome == "over"
        paused = await out.found(endpoint.endpoint_id)
        assert (paused.state, paused.paused_reason) == ("paused", "failures")

        there.answer = lambda _: "200 OK"
        await out.confirmed(ORDER)
        assert len(there.received) == 3
        assert await out.courier.lanes.due(most=10) == []
        await out.courier.endpoints.resume(endpoint.endpoint_id)
        assert await out.courier.lanes.due(most=10) == [lane]
        assert await out.courier.lanes.due(most=10) == []
        await out.courier.drive(*lane, retrying=True)
        assert there.sequences()[3:] == [1, 2]


async def test_three_days_of_failure_and_gone_pause_the_endpoint(out: Outbound, there: Receiver) -> None:
    endpoint, _ = await out.endpoint(there.url)
    there.answer = lambda _: "500 No"
    await out.confirmed(ORDER)
    await out.run("UPDATE webhook_lane SET failing_since = now() - interval '4 days'")
    assert (await out.courier.drive(endpoint.endpoint_id, ORDER, retrying=True)).outcome == "over"
    assert (await out.found(endpoint.endpoint_id)).paused_reason == "gave-up"
    other, _ = await out.endpoint(there.url)
    there.answer = lambda _: "410 Gone"
    await out.confirmed(ORDER)
    assert (await out.found(other.endpoint_id)).paused_reason == "gone"


async def test_an_endpoint_that_fails_all_the_time_does_not_keep_the_subscriber(
    out: Outbound, there: Receiver
) -> None:
    await out.endpoint(there.url)
    there.answer = lambda _: "500 No"
    for _ in range(7):
        await out.confirmed(uuid4())
    assert len(there.received) == 5
    assert len(out.retries.lanes) == 7


async def test_a_replay_sends_again_from_a_position_and_outlives_a_sender_at_work(
    out: Outbound, there: Receiver
) -> None:
    endpoint, _ = await out.endpoint(there.url)
    lane = (endpoint.endpoint_id, ORDER)
    await out.confirmed(ORDER, times=3)
    await out.happens(ORDER, OrderConfirmed())
    there.arrived.clear()
    there.hold.clear()
    sending = asyncio.create_task(out.told(ORDER))
    await there.arrived.wait()
    assert await out.courier.lanes.replay(endpoint.endpoint_id, after=1) == 1
    there.hold.set()
    with pytest.raises(LaneBusy):
        await sending
    assert await out.courier.lanes.due(most=10) == [lane]
    await out.courier.drive(*lane, retrying=True)
    assert there.sequences() == [1, 2, 3, 4, 2, 3, 4]
    assert there.received[1].headers["webhook-id"] == there.received[4].headers["webhook-id"]


async def test_old_and_new_secret_sign_side_by_side_for_a_while(out: Outbound, there: Receiver) -> None:
    endpoint, old = await out.endpoint(there.url)
    rotated = await out.courier.endpoints.rotate(endpoint.endpoint_id, overlap=3600)
    assert rotated
    await out.confirmed(ORDER)
    assert there.received[0].verified_by(old)
    assert there.received[0].verified_by(rotated.secret)
    await out.run("UPDATE webhook_secret SET expires_at = now() WHERE expires_at IS NOT NULL")
    await out.confirmed(ORDER)
    assert not there.received[1].verified_by(old)
    assert there.received[1].verified_by(rotated.secret)
    for _ in range(2 * MAX_SECRETS):
        await out.courier.endpoints.rotate(endpoint.endpoint_id, overlap=3600)
    assert len(await out.courier.endpoints.secrets(endpoint.endpoint_id)) == MAX_SECRETS


async def test_secrets_are_wrapped_and_follow_the_master_key(out: Outbound) -> None:
    endpoint, secret = await out.endpoint("https://example.org/")
    newer = Endpoints(out.engine, MasterKeys([b"2" * 32, bytes(32)]))
    assert await newer.rewrap() == 1
    assert await newer.rewrap() == 0
    alone = Endpoints(out.engine, MasterKeys([b"2" * 32]))
    assert await alone.secrets(endpoint.endpoint_id) == [secret]


async def test_personal_fields_are_opened_until_the_customer_is_erased(out: Outbound, there: Receiver) -> None:
    endpoint, _ = await out.endpoint(there.url)
    placed = await out.vault.seal(samples.PLACED.customer_id, samples.PLACED)
    await out.happens(ORDER, placed)
    await out.told(ORDER, "waybill.orders.OrderPlaced")
    assert b"Ada Lovelace" in there.received[0].body
    await out.keys.destroy(samples.PLACED.customer_id)
    await out.courier.lanes.replay(endpoint.endpoint_id, after=0)
    await out.courier.drive(endpoint.endpoint_id, ORDER)
    assert b"Ada" not in there.received[1].body
    assert there.received[1].item["data"]["shipping_address"]["name"] == "erased"
    assert await out.courier.lanes.prune(seconds=0) == 2


async def test_a_deleted_endpoint_is_over(out: Outbound, there: Receiver) -> None:
    endpoint, _ = await out.endpoint(there.url)
    there.answer = lambda _: "500 No"
    await out.confirmed(ORDER)
    assert await out.courier.endpoints.delete(endpoint.endpoint_id)
    assert (await out.courier.drive(endpoint.endpoint_id, ORDER, retrying=True)).outcome == "over"


async def test_from_the_log_through_redis_to_the_receiver(
    out: Outbound, there: Receiver, redis: Redis, test_settings: Settings
) -> None:
    endpoint, _ = await out.endpoint(there.url)
    orders = [uuid4() for _ in range(5)]
    for _ in range(3):
        for order in orders:
            await out.happens(order, OrderConfirmed(), PaymentAbandoned("authorize#0"))
    log = PostgresLog(out.pool, codec(), dsn=out.dsn, poll=0.05)
    assert await Relay(log, envelopes(), redis, utc_now, RelayLimits()).publish_next() == 30
    stop = asyncio.Event()
    consuming = webhook_subscriber(test_settings, redis, out.courier, out.retries, NoLetters())
    running = asyncio.create_task(consuming.run(stop))
    await until(lambda: len(there.received) >= 30)
    stop.set()
    await running
    assert [there.sequences(order) for order in orders] == [[1, 2, 3, 4, 5, 6]] * 5
    assert endpoint == await out.found(endpoint.endpoint_id)
