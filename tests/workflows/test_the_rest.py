"""What is authorised and not captured is voided after the last capture, durably, before the order completes."""

from uuid import UUID

import pytest

from activities.contracts import Step
from activities.payment_contracts import AuthorizeMoreStep
from activities.payments import PaymentActivities
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop

MORE = Money(500, "EUR")


async def with_too_much(shop: Shop) -> UUID:
    """An order whose parcel is booked, with more authorised than it costs."""
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    services = PaymentActivities(shop.store, shop.payments)
    await services.authorize_more(AuthorizeMoreStep(Step(order_id, "authorize-more:a#0"), MORE, "amendment"))
    return order_id


@pytest.mark.parametrize("faults", [(), ("lost",), ("down",)])
async def test_the_rest_is_voided_once(shop: Shop, faults: tuple[str, ...]) -> None:
    order_id = await with_too_much(shop)
    shop.payments.faults.plan("void", *faults)
    booking = shop.booking(order_id)
    await shop.news(booking, TrackingStatus.DISPATCHED)
    record = await shop.until(order_id, lambda record: bool(record.payment.voided))
    assert (record.payment.voided, record.fulfilment_status) == (MORE, "shipped")  # before the parcel arrives

    await shop.news(booking, TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.payments.total(order_id, "void") == MORE.minor


async def test_an_order_does_not_complete_while_its_rest_cannot_be_freed(shop: Shop) -> None:
    order_id = await with_too_much(shop)
    shop.payments.faults.plan("void", "refused")
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    assert await shop.stalled(order_id) == "void#0"
    record = await shop.until(order_id, lambda record: record.all_delivered)
    assert (record.status, record.attention) == (OrderStatus.FULFILLING, True)

    await shop.resolve(order_id, "void#0")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert (await shop.record(order_id)).payment.voided == MORE


async def test_a_workflow_that_starts_again_frees_the_rest(shop: Shop) -> None:
    order_id = await with_too_much(shop)
    shop.payments.faults.plan("void", "refused")
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.stalled(order_id)
    await shop.start_again(order_id)
    await shop.until(order_id, lambda record: bool(record.payment.voided))
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_cancellation_voids_every_authorisation(shop: Shop) -> None:
    order_id = await with_too_much(shop)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    voids = [each.amount.minor for each in shop.payments.books.values() if each.kind == "void"]
    assert len(voids) == 2
    assert MORE.minor in voids
