"""News of parcels: early, repeated, out of order, or never."""

from datetime import timedelta

from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import POLICIES, Shop

POLL = timedelta(seconds=POLICIES.tracking_poll + 60)


async def test_without_news_the_carrier_is_asked(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DISPATCHED)
    await shop.environment.fast_forward(shop.handle(order_id), POLL)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DELIVERED)
    await shop.environment.fast_forward(shop.handle(order_id), POLL)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.carrier.faults.calls["track"] == 2


async def test_a_carrier_that_does_not_answer_is_asked_again(shop: Shop) -> None:
    shop.auto = False
    shop.carrier.faults.plan("track", "down", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DELIVERED)
    await shop.environment.fast_forward(shop.handle(order_id), POLL)
    await shop.environment.fast_forward(shop.handle(order_id), POLL)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert "OrderStepStalled" not in shop.types(order_id)


async def test_news_may_come_before_the_booking_is_recorded(shop: Shop) -> None:
    gate = shop.store.hold("ShipmentBooked")
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    gate.open()

    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_repeated_and_late_news_changes_nothing(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    booking = shop.booking(order_id)
    await shop.news(booking, TrackingStatus.IN_TRANSIT, TrackingStatus.IN_TRANSIT, TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    await shop.news(booking, TrackingStatus.BOOKED, TrackingStatus.DELIVERED, TrackingStatus.DISPATCHED)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    await shop.news(booking, TrackingStatus.DELIVERED)  # of a closed order
    for kind in ("ShipmentDispatched", "ShipmentDelivered", "PaymentCaptured"):
        assert shop.types(order_id).count(kind) == 1
