"""Adoption: an effect that exists outside ends a stalled step, once it is verified there."""

from typing import Any
from uuid import UUID

import pytest

from activities.gateways.protocol import Booking, PaymentEffect
from domain.errors import DomainError
from domain.money import Money
from domain.orders.events import OrderStepResolved, StepAction
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop

DOWN = ("down", "down")
GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)


async def adopt(shop: Shop, order_id: UUID, reference: str, *, key: str | None = None) -> None:
    await shop.resolve(order_id, await shop.stalled(order_id), StepAction.ADOPT, key=key, reference=reference)


async def refusal(shop: Shop, order_id: UUID, reference: str) -> DomainError:
    with pytest.raises(DomainError) as refused:
        await adopt(shop, order_id, reference)
    assert (await shop.record(order_id)).order.attention  # it goes on waiting
    return refused.value


async def by_hand(shop: Shop, order_id: UUID, kind: str, **changes: Any) -> None:
    """What somebody did at the gateway without us."""
    record = await shop.record(order_id)
    given = {
        "reference": "by-hand",
        "payment": record.payment.reference or "by-hand",
        "amount": record.order.totals.total,
        **changes,
    }
    effect = PaymentEffect(kind=kind, order_id=order_id, idempotency_key="dashboard", **given)
    shop.payments.books[order_id, "dashboard"] = effect


@pytest.mark.parametrize(("call", "kind"), [("authorize", "authorization"), ("capture", "capture")])
async def test_an_effect_made_by_hand_is_adopted(shop: Shop, call: str, kind: str) -> None:
    shop.payments.faults.plan(call, *DOWN)
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    await by_hand(shop, order_id, kind)
    await adopt(shop, order_id, "by-hand", key="k")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert sorted(effect.kind for effect in shop.payments.books.values()) == ["authorization", "capture"]
    assert (order_id, step) in shop.payments.closed
    resolved = next(each for each in shop.store.streams[f"order/{order_id}"] if each.type == "OrderStepResolved")
    assert await shop.vault.open(resolved.event) == OrderStepResolved(
        step, StepAction.ADOPT, "looked at it", "operator:eve", "by-hand"
    )
    assert (resolved.metadata["step"], resolved.metadata["actor"]) == ("resolve:k", "operator:eve")


async def test_a_refused_capture_is_adopted_under_a_new_try(shop: Shop) -> None:
    shop.payments.faults.plan("capture", "refused")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    await by_hand(shop, order_id, "capture")
    await adopt(shop, order_id, "by-hand")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    last = [each for each in shop.store.streams[f"order/{order_id}"] if each.type == "PaymentCaptured"]
    assert [each.metadata["step"] for each in last] == [step.replace("#0", "#1")]
    assert shop.payments.faults.calls["capture"] == 1


async def test_a_compensation_is_adopted(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.payments.faults.plan("void", *DOWN)
    await shop.cancel(order_id)
    await shop.stalled(order_id)
    await by_hand(shop, order_id, "void")
    await adopt(shop, order_id, "by-hand")
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


async def test_a_booking_made_by_telephone_is_adopted(shop: Shop) -> None:
    shop.carrier.faults.plan("book", "refused")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    parcel = step.partition(":")[2].partition("#")[0]
    booking = Booking("T-9", parcel, order_id, "telephone", "T-9", TrackingStatus.BOOKED)
    shop.carrier.books[order_id, "telephone"] = booking
    assert "no such reference" in (await refusal(shop, order_id, "T-8")).message
    await adopt(shop, order_id, "T-9")
    await shop.news(booking, *GONE)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.carrier.books) == 1


async def test_a_booking_cancelled_by_telephone_is_adopted(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.carrier.faults.plan("cancel", *DOWN)
    await shop.cancel(order_id)
    await shop.stalled(order_id)
    reference = shop.booking(order_id).reference
    assert "not as cancelled" in (await refusal(shop, order_id, reference)).message
    shop.carrier.move(reference, TrackingStatus.CANCELLED)
    await adopt(shop, order_id, reference)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


async def test_what_does_not_fit_is_refused_and_the_step_goes_on_waiting(shop: Shop) -> None:
    shop.payments.faults.plan("capture", *DOWN)
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    authorization = next(iter(shop.payments.books.values()))
    await by_hand(shop, order_id, "capture", amount=Money(1, "EUR"))
    for reference, why in [
        ("nothing", "no such reference"),
        ("by-hand", "the step asked for"),
        (authorization.reference, "not a capture"),
    ]:
        refused = await refusal(shop, order_id, reference)
        assert (refused.code, refused.details) == ("adoption-refused", {"reference": reference})
        assert why in refused.message
    del shop.payments.books[order_id, "dashboard"]
    await shop.resolve(order_id, await shop.stalled(order_id))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED  # what was refused has closed no key


async def test_a_step_whose_own_attempt_took_effect_is_not_charged_twice(shop: Shop) -> None:
    shop.payments.faults.plan("capture", "lost", "down")
    shop.payments.faults.plan("find", "down")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    own = shop.payments.books[order_id, step]
    await by_hand(shop, order_id, "capture")
    assert own.reference in (await refusal(shop, order_id, "by-hand")).message
    del shop.payments.books[order_id, "dashboard"]  # somebody gave it back
    await adopt(shop, order_id, own.reference)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_books_that_cannot_be_read_verify_nothing(shop: Shop) -> None:
    shop.payments.faults.plan("capture", *DOWN)
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    await by_hand(shop, order_id, "capture")
    shop.payments.faults.plan("find", *DOWN)
    assert (await refusal(shop, order_id, "by-hand")).code == "adoption-unverified"
    await adopt(shop, order_id, "by-hand")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_an_own_step_has_nothing_to_adopt(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    with pytest.raises(DomainError) as refused:
        await shop.resolve(order_id, "confirm#0", StepAction.ADOPT, reference="x")
    assert refused.value.code == "adoption-refused"
