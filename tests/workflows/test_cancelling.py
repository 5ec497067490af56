"""A customer's cancellation, at every point before the goods are collected."""

from uuid import UUID, uuid4

import pytest

from domain.errors import DomainError
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop, order
from workflows.errors import CommandUnavailable


async def refused(shop: Shop, order_id: UUID, key: str = "c", **changes: int) -> str:
    with pytest.raises(DomainError) as refusal:
        await shop.cancel(order_id, key, **changes)
    return refusal.value.code


@pytest.mark.parametrize(("writes", "asked"), [("StockReserved", 0), ("OrderConfirmed", 1)])
async def test_while_an_own_step_runs(shop: Shop, writes: str, asked: int) -> None:
    shop.store.lose_before(writes, times=3)  # no longer inside the workflow's task, which takes no commands
    gate = shop.store.hold(writes)
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    cancelling = await shop.start_cancelling(order_id)
    gate.open()
    await cancelling.result()

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert shop.payments.faults.calls["authorize"] == asked
    assert not shop.carrier.faults.calls["book"]


async def test_while_the_authorisation_is_in_flight(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.cancel(order_id)
    assert "StockReleased" not in shop.types(order_id)
    gate.open()

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert (await shop.record(order_id)).payment_status is PaymentStatus.VOIDED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "void"]
    assert not shop.carrier.faults.calls


async def test_while_a_declined_authorisation_is_in_flight(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    shop.payments.faults.plan("authorize", "declined")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.cancel(order_id)
    gate.open()

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert await shop.reason(order_id) == "changed my mind"


@pytest.mark.parametrize("call", ["authorize", "book"])
async def test_while_a_step_is_parked(shop: Shop, call: str) -> None:
    faults = shop.payments.faults if call == "authorize" else shop.carrier.faults
    faults.plan(call, "down", "down")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    await shop.shown(order_id, attention=True, step=step)
    await shop.cancel(order_id)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert await shop.attention(order_id) == (False, None)


async def test_while_the_booking_is_in_flight(shop: Shop) -> None:
    shop.auto = False
    gate = shop.carrier.faults.hold("book")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.cancel(order_id)
    gate.open()

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert [booking.status for booking in shop.carrier.books.values()] == [TrackingStatus.CANCELLED]


async def test_after_the_booking(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.cancel(order_id)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert [booking.status for booking in shop.carrier.books.values()] == [TrackingStatus.CANCELLED]
    assert shop.types(order_id)[-6:] == [
        "OrderCancellationRequested",
        "ShipmentBookingCancelled",
        "VoidRequested",
        "PaymentVoided",
        "StockReleased",
        "OrderCancelled",
    ]


async def test_a_booking_without_a_known_outcome_is_cancelled_at_the_carrier(shop: Shop) -> None:
    shop.auto = False
    shop.carrier.faults.plan("book", "lost", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    await shop.cancel(order_id)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert [booking.status for booking in shop.carrier.books.values()] == [TrackingStatus.CANCELLED]
    assert shop.types(order_id).count("ShipmentBookingCancelled") == 1


@pytest.mark.parametrize("charged", [True, False])
async def test_an_authorisation_without_a_known_outcome_is_looked_up(shop: Shop, charged: bool) -> None:
    shop.payments.faults.plan("authorize", "lost" if charged else "down")
    shop.payments.faults.plan("find", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.resolve(order_id, await shop.stalled(order_id), StepAction.COMPENSATE)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    kinds = [effect.kind for effect in shop.payments.books.values()]
    assert kinds == (["authorization", "void"] if charged else [])
    assert ("PaymentAbandoned" in shop.types(order_id)) is not charged


async def test_a_cancellation_is_one_whatever_its_key_is_sent(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    first = await shop.cancel(order_id, "once")
    assert await shop.cancel(order_id, "once") == first
    assert await refused(shop, order_id, "twice") == "invalid-transition"
    gate.open()
    await shop.ended(order_id)
    assert await shop.cancel(order_id, "once") == first
    assert await refused(shop, order_id, "twice") == "invalid-transition"  # a key's answer never changes
    assert await refused(shop, order_id, "late") == "order-closed"
    assert shop.types(order_id).count("OrderCancellationRequested") == 1


async def test_a_cancellation_of_another_version_is_refused(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    version = len(shop.types(order_id))
    assert await refused(shop, order_id, "old", expected_version=version - 1) == "version-mismatch"
    done = await shop.cancel(order_id, "new", expected_version=version)
    assert done.version == version + 1
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


async def test_a_closed_or_unknown_order_is_not_cancelled(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    assert await refused(shop, order_id) == "order-closed"
    assert await refused(shop, uuid4()) == "order-not-found"


async def test_an_order_whose_workflow_was_lost_says_so(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.handle(order_id).terminate()
    with pytest.raises(CommandUnavailable):
        await shop.cancel(order_id)
    gate.open()
    assert (await shop.gateway.place(order(("MUG", 1), order_id=order_id), key="other", actor="a")).version
