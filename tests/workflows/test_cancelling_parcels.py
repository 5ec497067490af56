"""Cancellations that meet parcels on their way: the carrier decides who was first."""

from collections.abc import Callable
from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.orders.model import OrderStatus
from domain.record import OrderRecord
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop

GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)


def rejected(shop: Shop, order_id: UUID, times: int = 1) -> Callable[[OrderRecord], bool]:
    return lambda _: shop.types(order_id).count("OrderCancellationRejected") == times


async def booked(shop: Shop, *lines: tuple[str, int], parcels: int = 1) -> UUID:
    shop.auto = False
    order_id = await shop.place(*lines)
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == parcels)
    return order_id


async def test_a_dispatched_order_is_not_cancelled(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: record.shipments.any_dispatched)
    with pytest.raises(DomainError) as refused:
        await shop.cancel(order_id)
    assert refused.value.code == "too-late-to-cancel"
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_parcel_that_was_collected_meanwhile_rejects_the_cancellation(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DISPATCHED)  # its news is still on its way
    await shop.cancel(order_id)
    await shop.until(order_id, rejected(shop, order_id))
    await shop.news(shop.booking(order_id), *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]


async def test_a_rejected_cancellation_can_be_asked_for_again(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DISPATCHED)
    for times, key in enumerate(("one", "two"), start=1):
        await shop.cancel(order_id, key)
        await shop.until(order_id, rejected(shop, order_id, times))
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_news_that_comes_with_the_cancellation_rejects_it(shop: Shop) -> None:
    gate = shop.carrier.faults.hold("cancel")
    order_id = await booked(shop, ("MUG", 1))
    await shop.cancel(order_id)
    await gate.entered.wait()
    await shop.news(shop.booking(order_id), *GONE)
    gate.open()

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.types(order_id).count("OrderCancellationRejected") == 1


async def test_a_stopped_parcel_is_booked_again_when_its_sister_has_left(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    order_id = await booked(shop, ("MUG", 1), ("JAR", 1), parcels=2)
    left = shop.booking(order_id, "LYS")
    shop.carrier.move(left.reference, TrackingStatus.DISPATCHED)
    shop.auto = True
    await shop.cancel(order_id)
    await shop.until(order_id, rejected(shop, order_id))
    await shop.news(left, *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    keys = [booking.idempotency_key[-5:] for booking in shop.carrier.books.values()]
    assert sorted(keys) == ["BER#0", "BER#1", "LYS#0"]
    assert shop.types(order_id).count("ShipmentBookingCancelled") == 1
    assert len(shop.payments.books) == 3


async def test_two_parcels_are_both_stopped(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    order_id = await booked(shop, ("MUG", 1), ("JAR", 1), parcels=2)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert {booking.status for booking in shop.carrier.books.values()} == {TrackingStatus.CANCELLED}


async def test_a_parked_booking_and_its_booked_sister_are_both_undone(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    shop.carrier.faults.plan("book", "down", "down", "down")
    shop.auto = False
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    await shop.until(order_id, lambda record: record.order.attention and record.shipments.any_booked)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
