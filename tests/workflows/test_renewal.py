"""An authorisation is renewed before it expires; where it cannot be, nothing ships that is not paid for."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType

from activities.contracts import TaskQueue
from domain.orders.events import HoldScope
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from tests.support.shop import Shop
from tests.workflows.paying import DAY, GONE, WEEK, one_parcel, pass_by


async def two_parcels(shop: Shop, *, unpaid_expiry: float = 0.0) -> UUID:
    """An order of two parcels, both booked; the first has arrived."""
    shop.gateway = replace(shop.gateway, policies=replace(WEEK, unpaid_expiry=unpaid_expiry))
    shop.auto = False
    await shop.stock("PEN", 5, "LYS")
    order_id = await shop.place(("MUG", 1), ("PEN", 1))
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == 2)
    await shop.news(shop.booking(order_id), *GONE)
    await shop.until(order_id, lambda record: record.shipments.delivered == 1 and bool(record.payment.captured))
    return order_id


@pytest.mark.parametrize(
    ("call", "fault"), [(None, ""), ("authorize", "lost"), ("void", "lost"), ("void", "down")]
)
async def test_what_is_left_between_parcels_is_authorised_anew(shop: Shop, call: str | None, fault: str) -> None:
    order_id = await two_parcels(shop)
    left = (await shop.record(order_id)).payment.open
    if call:
        shop.payments.faults.plan(call, fault)
    await pass_by(shop, order_id)
    record = await shop.until(order_id, lambda record: record.payment.voided == left)
    assert (record.payment.open, record.attention) == (left, False)
    shop.payments.expired.add(record.payment.authorizations[0].reference)

    await shop.news(shop.booking(order_id, "LYS"), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    authorised = [each.amount for each in shop.payments.books.values() if each.kind == "authorization"]
    assert authorised == [record.order.owed, left]


async def renewed(shop: Shop, order_id: UUID, times: int) -> None:
    """Let its time come so often."""
    for count in range(1, times + 1):
        await pass_by(shop, order_id)
        await shop.until(
            order_id,
            lambda record: len(record.payment.replaced) >= count and record.payment.open == record.order.owed,  # noqa: B023
        )


@pytest.mark.parametrize("again", [False, True], ids=["one run", "another run"])
async def test_it_is_renewed_again_and_again(shop: Shop, again: bool) -> None:
    order_id = await one_parcel(shop)
    if again:
        await shop.start_again(order_id)
        await shop.handle(order_id).execute_update("place")
    await renewed(shop, order_id, 2)
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.payments.total(order_id, "authorization") == 3 * (await shop.record(order_id)).order.owed.minor


async def test_a_decline_cancels_what_has_not_left(shop: Shop) -> None:
    order_id = await one_parcel(shop)
    shop.payments.faults.plan("authorize", "declined")
    await pass_by(shop, order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert (await shop.record(order_id)).payment_status is PaymentStatus.VOIDED


async def test_another_method_takes_over(shop: Shop) -> None:
    order_id = await one_parcel(shop, unpaid_expiry=DAY / 2)
    shop.payments.faults.plan("authorize", "declined")
    await pass_by(shop, order_id)
    record = await shop.until(order_id, lambda record: record.payment.lapsing)
    assert record.attention
    await shop.shown(order_id, attention=True, step="reauthorize")

    await shop.gateway.pay(order_id, key="p", method="sim_slow", actor="customer:ada")
    record = await shop.until(order_id, lambda record: bool(record.payment.voided) and bool(record.payment.open))
    assert (record.attention, record.payment.open) == (False, record.order.owed)
    await shop.shown(order_id, attention=False, step=None)
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_no_other_method_in_time_cancels_too(shop: Shop) -> None:
    order_id = await one_parcel(shop, unpaid_expiry=DAY / 2)
    shop.payments.faults.plan("authorize", "declined")
    await pass_by(shop, order_id)
    await shop.until(order_id, lambda record: record.payment.lapsing)
    await pass_by(shop, order_id, timedelta(days=0.6))
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


async def test_nothing_is_booked_while_the_money_runs_out(shop: Shop) -> None:
    shop.gateway = replace(shop.gateway, policies=replace(WEEK, unpaid_expiry=DAY / 2))
    shop.payments.faults.plan("authorize", "down")
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    hold = {"scope": HoldScope.LINE, "subject": "MUG", "reason": "r", "expires_at": None, "actor": "operator:eve"}
    await shop.gateway.hold(order_id, key="h", **hold)  # type: ignore[arg-type]
    gate.open()
    shop.payments.faults.gates.clear()
    record = await shop.until(order_id, lambda record: record.order.status is OrderStatus.CONFIRMED)
    shop.payments.faults.plan("authorize", "declined")
    await pass_by(shop, order_id)
    record = await shop.until(order_id, lambda record: record.payment.lapsing)
    await shop.gateway.release_hold(
        order_id, key="u", hold_id=next(iter(record.order.holds)), reason="r", actor="operator:eve"
    )
    record = await shop.record(order_id)
    assert (record.status, record.attention) == (OrderStatus.ON_HOLD, True)
    await shop.gateway.note(order_id, key="n", note="waits", actor="operator:eve")  # behind the release
    assert not shop.carrier.books

    await shop.gateway.pay(order_id, key="p", method="sim_ok", actor="customer:ada")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_decline_after_a_parcel_has_left_asks_an_operator(shop: Shop) -> None:
    order_id = await two_parcels(shop)
    shop.payments.faults.plan("authorize", "declined")
    await pass_by(shop, order_id)
    await shop.until(order_id, lambda record: record.payment.lapsing)
    await shop.shown(order_id, attention=True, step="reauthorize")
    await shop.news(shop.booking(order_id, "LYS"), *GONE)  # the old one still holds
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert not (await shop.record(order_id)).attention


async def test_an_expired_authorisation_is_not_captured(shop: Shop) -> None:
    order_id = await one_parcel(shop)
    shop.payments.expire(order_id)
    await shop.news(shop.booking(order_id), *GONE)
    step = await shop.stalled(order_id)
    record = await shop.record(order_id)
    assert (step.partition(":")[0], bool(record.payment.captured)) == ("capture", False)
    await pass_by(shop, order_id)
    await shop.until(order_id, lambda record: bool(record.payment.replaced) and bool(record.payment.voided))
    await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def timers(shop: Shop, order_id: UUID) -> list[str]:
    """What the order's workflow has set timers for."""
    history = await shop.handle(order_id).fetch_history()
    kind = EventType.EVENT_TYPE_TIMER_STARTED
    return [each.user_metadata.summary.data.decode() for each in history.events if each.event_type == kind]


def renewals(summaries: list[str]) -> list[str]:
    return [each for each in summaries if "renewal" in each]


async def test_an_order_that_is_sent_in_time_sets_no_timer_for_it(shop: Shop) -> None:
    shop.gateway = replace(shop.gateway, policies=replace(WEEK, tracking_poll=3600))
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert renewals(await timers(shop, order_id)) == []
    assert (await shop.record(order_id)).payment.authorizations[0].expires_at


async def test_a_timer_is_set_only_when_the_last_look_at_the_carrier_would_come_too_late(shop: Shop) -> None:
    shop.gateway = replace(shop.gateway, policies=replace(WEEK, tracking_poll=2.5 * DAY))
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await pass_by(shop, order_id, timedelta(days=3))
    assert renewals(await timers(shop, order_id)) == []
    await pass_by(shop, order_id, timedelta(days=3, minutes=1))
    await shop.until(order_id, lambda record: bool(record.payment.replaced) and bool(record.payment.voided))
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(renewals(await timers(shop, order_id))) == 1


async def test_it_is_renewed_while_the_carrier_s_service_is_away(shop: Shop) -> None:
    await shop.close()
    await shop.open(only=[queue for queue in TaskQueue if queue is not TaskQueue.SHIPPING])
    policies = replace(
        WEEK, authorization_lifetime=2.0, renew_before=0.5
    )  # a call that waits keeps time from skipping
    shop.gateway = replace(shop.gateway, policies=policies)
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: bool(record.payment.replaced) and bool(record.payment.voided))
    await shop.close()
    await shop.open()
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert "OrderStepStalled" not in shop.types(order_id)
