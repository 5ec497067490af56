"""Holds on a living order: what they cover does not begin; they are released by hand or by time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.errors import InvalidValue
from domain.orders.events import HoldScope
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop

GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)


async def hold(shop: Shop, order_id: UUID, scope: HoldScope, subject: str | None = None, **given: Any) -> str:
    """Place a hold, and give its id."""
    await shop.gateway.hold(
        order_id,
        **{"key": f"{scope}-{subject}", "reason": "looks odd", "expires_at": None, "actor": "operator:eve"}
        | given,
        scope=scope,
        subject=subject,
    )
    return list((await shop.record(order_id)).order.holds)[-1]


async def release(shop: Shop, order_id: UUID, hold_id: str) -> None:
    await shop.gateway.release_hold(
        order_id, key=f"release-{hold_id}", hold_id=hold_id, reason="it is fine", actor="operator:eve"
    )


async def held(shop: Shop) -> tuple[UUID, str]:
    """An order that screening held before anything of it began, and the hold."""
    return await shop.place(("MUG", 1), screening=("the total is high",)), "screening"


async def test_nothing_of_a_held_order_begins_until_it_is_released(shop: Shop) -> None:
    order_id, hold_id = await held(shop)
    assert (await shop.record(order_id)).status is OrderStatus.ON_HOLD
    assert shop.types(order_id) == ["OrderPlaced", "HoldPlaced"]
    await release(shop, order_id, hold_id)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.types(order_id)[2] == "HoldReleased"
    assert shop.carrier.faults.calls["track"] == 0  # a first run, which misses no news


async def test_every_hold_that_covers_a_step_has_to_go(shop: Shop) -> None:
    order_id, first = await held(shop)
    second = await hold(shop, order_id, HoldScope.PAYMENT)
    await release(shop, order_id, first)
    await shop.until(order_id, lambda record: record.reserved)
    assert (await shop.record(order_id)).status is OrderStatus.PLACED
    assert "PaymentRequested" not in shop.types(order_id)
    await release(shop, order_id, second)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_held_payment_lets_the_parcel_arrive_and_is_captured_later(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    hold_id = await hold(shop, order_id, HoldScope.PAYMENT)
    await shop.news(shop.booking(order_id), *GONE)
    await shop.until(order_id, lambda record: record.shipments.any_dispatched)
    assert "CaptureRequested" not in shop.types(order_id)
    await release(shop, order_id, hold_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


@pytest.mark.parametrize("scope", [HoldScope.LINE, HoldScope.SHIPMENT])
async def test_a_held_line_or_parcel_waits_and_the_others_go(shop: Shop, scope: HoldScope) -> None:
    await shop.stock("JAR", 5, "LYS")
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    await gate.entered.wait()
    number = (await shop.record(order_id)).order.placed.order_number
    subject = "JAR" if scope is HoldScope.LINE else f"{number}-LYS"
    hold_id = await hold(shop, order_id, scope, subject)
    gate.open()
    await shop.until(order_id, lambda _: "ShipmentDelivered" in shop.types(order_id))
    assert len(shop.carrier.books) == 1
    await release(shop, order_id, hold_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_hold_expires_by_itself(shop: Shop) -> None:
    order_id, screening = await held(shop)
    await hold(shop, order_id, HoldScope.ORDER, expires_at=datetime.now(UTC) + timedelta(hours=2))
    await release(shop, order_id, screening)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(hours=3))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    released = [each.event for each in shop.store.streams[f"order/{order_id}"] if each.type == "HoldReleased"]
    assert [each.expired for each in released] == [False, True]  # type: ignore[attr-defined]


async def test_a_second_run_knows_the_holds_and_their_time(shop: Shop) -> None:
    order_id, lasting = await held(shop)
    until = datetime.now(UTC) + timedelta(hours=2)
    await hold(shop, order_id, HoldScope.PAYMENT, expires_at=until)
    await shop.start_again(order_id)
    await release(shop, order_id, lasting)
    await shop.until(order_id, lambda record: record.reserved)
    assert "PaymentRequested" not in shop.types(order_id)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(hours=3))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_held_order_can_be_cancelled(shop: Shop) -> None:
    order_id, _ = await held(shop)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert not shop.payments.books


async def test_a_hold_repeated_under_its_key_is_one_hold(shop: Shop) -> None:
    order_id, hold_id = await held(shop)
    again = await hold(shop, order_id, HoldScope.ORDER)
    assert await hold(shop, order_id, HoldScope.ORDER) == again
    assert shop.types(order_id).count("HoldPlaced") == 2
    await release(shop, order_id, again)
    await release(shop, order_id, hold_id)
    await shop.ended(order_id)


async def test_a_refused_hold_says_what_is_possible(shop: Shop) -> None:
    order_id, hold_id = await held(shop)
    with pytest.raises(InvalidValue) as refused:
        await hold(shop, order_id, HoldScope.LINE, "JAR")
    assert (refused.value.code, refused.value.details) == ("invalid-subject", {"possible": ["MUG"]})
    await release(shop, order_id, hold_id)
    await shop.ended(order_id)
