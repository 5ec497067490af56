"""News of parcels: signed, in order per booking, pushed until taken, and held back where movement is paused."""

import asyncio
from uuid import uuid4

import pytest

from domain.shipping.events import TrackingStatus
from ops.simulators import webhooks
from ops.simulators.carrier import build_carrier_app
from tests.simulators.serving import CarrierUnderTest, Hook, eventually, parcel_of, served, settings_of

BOTH = [(1, "dispatched"), (2, "delivered")]


async def test_a_parcel_is_dispatched_and_delivered_and_each_is_told_once(carrier: CarrierUnderTest) -> None:
    orders = [uuid4() for _ in range(30)]
    await asyncio.gather(*(carrier.carrier.book("book#1", parcel_of(order)) for order in orders))
    await carrier.hook.has_been_told(60)
    assert [carrier.hook.of(order) for order in orders] == [BOTH] * 30
    assert len(set(carrier.hook.ids)) == 60
    booked = await carrier.carrier.list_bookings()
    assert {booking.status for booking in booked} == {TrackingStatus.DELIVERED}
    assert {update.booking for update in carrier.hook.told} == {booking.reference for booking in booked}


async def test_parcels_take_their_days(steady_carrier: CarrierUnderTest) -> None:
    await steady_carrier.carrier.book("book#1", parcel_of(uuid4()))
    await steady_carrier.hook.has_been_told(2)
    dispatched, delivered = steady_carrier.hook.told
    assert (delivered.occurred_at - dispatched.occurred_at).total_seconds() == pytest.approx(0.2, abs=0.15)


async def test_news_waits_for_a_receiver_that_is_away(carrier: CarrierUnderTest) -> None:
    order, hook = uuid4(), carrier.hook
    hook.status = 503
    await carrier.carrier.book("book#1", parcel_of(order))
    await eventually(lambda: _refused(hook, 2))
    assert hook.told == []
    hook.status = 204
    await hook.has_been_told(2)
    assert hook.of(order) == BOTH
    await eventually(lambda: _nothing_pending(carrier))


async def test_a_backlog_costs_one_probe_at_a_time(
    carrier: CarrierUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LONGEST_REST", 0.2)
    monkeypatch.setattr(webhooks, "LONGEST_BACKOFF", 0.2)
    carrier.hook.status = 503
    await asyncio.gather(*(carrier.carrier.book("book#1", parcel_of(uuid4())) for _ in range(40)))
    await eventually(lambda: _refused(carrier.hook, 4))
    # Up to 16 may have been under way when the first was refused; from then on they come one by one.
    assert carrier.hook.refused <= webhooks.CONCURRENCY + 3
    carrier.hook.status = 204
    await carrier.hook.has_been_told(80)


async def test_news_refused_for_good_is_dead_and_can_be_tried_again(
    carrier: CarrierUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_ATTEMPTS", 2)
    order, hook = uuid4(), carrier.hook
    hook.status = 404
    await carrier.carrier.book("book#1", parcel_of(order))
    await eventually(lambda: _dead(carrier, 2))
    assert hook.refused == 4
    dead = (await carrier.state())["webhooks_dead"]
    assert {(item["order_id"], item["error"]) for item in dead} == {(str(order), "HTTP 404")}
    hook.status = 204
    await carrier.control("webhooks/retry")
    await hook.has_been_told(2)
    assert hook.of(order) == BOTH


@pytest.mark.parametrize("status", sorted(webhooks.RETRIED_4XX))
async def test_news_refused_for_now_is_never_dead(
    carrier: CarrierUnderTest, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(webhooks, "MAX_ATTEMPTS", 1)
    carrier.hook.status = status
    await carrier.carrier.book("book#1", parcel_of(uuid4()))
    await eventually(lambda: _refused(carrier.hook, 1))
    carrier.hook.status = 204
    await carrier.hook.has_been_told(2)


async def test_movement_is_paused_for_all_or_for_one_order(carrier: CarrierUnderTest) -> None:
    still, moving = uuid4(), uuid4()
    await carrier.control("movement", paused=True, order_id=str(still))
    await carrier.carrier.book("book#1", parcel_of(still))
    await carrier.carrier.book("book#1", parcel_of(moving))
    await carrier.hook.has_been_told(2)
    assert carrier.hook.of(still) == []
    await carrier.control("movement", paused=True)
    assert (await carrier.state())["paused"]
    await carrier.control("movement", paused=False, order_id=str(still))
    await carrier.control("advance", order_id=str(still))
    await carrier.hook.has_been_told(3)
    assert carrier.hook.of(still) == BOTH[:1]
    await carrier.control("movement", paused=False)
    await carrier.hook.has_been_told(4)
    assert carrier.hook.of(still) == BOTH


async def test_of_two_carriers_one_courier_works_and_the_other_takes_over(
    steady_carrier: CarrierUnderTest,
) -> None:
    carrier = steady_carrier
    twin = carrier.settings.model_copy(update={"carrier_port": settings_of("unused").carrier_port})
    async with served(build_carrier_app(twin), twin, twin.carrier_port):
        orders = [uuid4() for _ in range(10)]
        await asyncio.gather(*(carrier.carrier.book("book#1", parcel_of(order)) for order in orders))
        await carrier.hook.has_been_told(20)
        await eventually(lambda: _nothing_pending(carrier))
        leader = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
        await carrier.books.execute(f"SELECT pg_terminate_backend(pid) FROM ({leader}) AS l")
        order = uuid4()
        await carrier.carrier.book("book#2", parcel_of(order))
        await carrier.hook.has_been_told(22)
        assert len(set(carrier.hook.ids)) == len(carrier.hook.ids) == 22


async def _refused(hook: Hook, count: int) -> bool:
    return hook.refused >= count


async def _nothing_pending(carrier: CarrierUnderTest) -> bool:
    return bool((await carrier.state())["webhooks_pending"] == 0)


async def _dead(carrier: CarrierUnderTest, count: int) -> bool:
    return len((await carrier.state())["webhooks_dead"]) == count
