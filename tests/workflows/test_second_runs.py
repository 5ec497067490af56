"""A workflow that was lost is started again over the order's stream, and takes up where that one stopped."""

import pytest

from activities.order_stream import order_stream
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop

GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
KINDS = ["authorization", "capture"]


def kinds(shop: Shop) -> list[str]:
    return [effect.kind for effect in shop.payments.books.values()]


@pytest.mark.parametrize("call", ["authorize", "book", "capture"])
async def test_a_stalled_order_is_tried_again_without_a_second_charge(shop: Shop, call: str) -> None:
    faults = shop.carrier.faults if call == "book" else shop.payments.faults
    faults.plan(call, "lost", "down")
    if call != "book":
        faults.plan("find", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    await shop.start_again(order_id)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert kinds(shop) == KINDS
    assert len(shop.carrier.books) == 1
    assert shop.types(order_id).count("OrderStepResolved") == 1


async def test_it_stalls_again_visibly(shop: Shop) -> None:
    shop.payments.faults.plan("authorize", *["down"] * 4)
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    await shop.start_again(order_id)
    await shop.until(order_id, lambda _: shop.types(order_id).count("OrderStepStalled") == 2)
    await shop.shown(order_id, attention=True, step=step)
    await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_refused_capture_is_not_asked_for_under_its_old_key(shop: Shop) -> None:
    shop.payments.faults.plan("capture", "refused")
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    await shop.start_again(order_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.types(order_id).count("OrderStepStalled") == 1


async def test_parcels_on_their_way_are_awaited(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    shop.auto = False
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == 2)
    await shop.news(shop.booking(order_id, "BER"), *GONE)
    await shop.until(order_id, lambda _: "ShipmentDelivered" in shop.types(order_id))
    await shop.start_again(order_id)
    await shop.news(shop.booking(order_id, "LYS"), *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert kinds(shop) == [*KINDS, "capture"]
    assert len(shop.carrier.books) == 2


async def test_a_cancellation_goes_on_and_stops_the_parcels(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.carrier.faults.plan("cancel", "down", "down")
    await shop.cancel(order_id)
    await shop.stalled(order_id)
    await shop.start_again(order_id)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert [booking.status for booking in shop.carrier.books.values()] == [TrackingStatus.CANCELLED]
    assert kinds(shop) == ["authorization", "void"]


async def test_a_cancellation_before_confirmation_goes_on(shop: Shop) -> None:
    shop.payments.faults.plan("void", "lost", "down")
    shop.payments.faults.plan("find", "down")
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.cancel(order_id)
    gate.open()
    await shop.stalled(order_id)
    await shop.start_again(order_id)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert not shop.carrier.faults.calls
    assert kinds(shop) == ["authorization", "void"]


async def test_a_cancellation_that_comes_too_late_is_rejected_by_the_second_run(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    shop.auto = False
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == 2)
    shop.carrier.faults.plan("cancel", "down", "down")
    await shop.cancel(order_id)
    await shop.stalled(order_id)
    left = shop.booking(order_id, "LYS")
    shop.carrier.move(left.reference, TrackingStatus.DISPATCHED)
    shop.auto = True
    await shop.start_again(order_id)
    await shop.until(order_id, lambda _: "OrderCancellationRejected" in shop.types(order_id))
    await shop.news(left, *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.carrier.books) == 3
    assert kinds(shop) == [*KINDS, "capture"]


async def test_an_old_cancellation_that_was_rejected_cancels_nothing_later(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.carrier.move(shop.booking(order_id).reference, TrackingStatus.DISPATCHED)
    first = await shop.cancel(order_id)
    await shop.until(order_id, lambda _: "OrderCancellationRejected" in shop.types(order_id))
    await shop.start_again(order_id)
    assert await shop.cancel(order_id) == first  # its key's answer, and no new request
    await shop.news(shop.booking(order_id), *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_closed_order_stays_closed(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    before = list(shop.store.streams[order_stream(order_id)])
    await shop.start_again(order_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.store.streams[order_stream(order_id)] == before
