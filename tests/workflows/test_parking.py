"""Outside steps that use their attempts up: they park, show it, and an operator's answer ends it."""

from uuid import UUID, uuid4

import pytest

from domain.errors import DomainError
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from tests.support.gateways import Faults
from tests.support.shop import Shop

DOWN = ("down", "down")  # as many as the policy has attempts


def faults(shop: Shop, call: str) -> Faults:
    return shop.carrier.faults if call in ("book", "cancel", "track") else shop.payments.faults


async def refusal(shop: Shop, order_id: UUID, step: str, action: StepAction = StepAction.RETRY) -> str:
    with pytest.raises(DomainError) as refused:
        await shop.resolve(order_id, step, action)
    return refused.value.code


@pytest.mark.parametrize("call", ["authorize", "book", "capture"])
async def test_a_parked_step_goes_on_when_it_is_retried(shop: Shop, call: str) -> None:
    faults(shop, call).plan(call, *DOWN)
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    assert step.partition(":")[0].partition("#")[0] == call
    assert step.endswith("#0")
    await shop.shown(order_id, attention=True, step=step)

    await shop.resolve(order_id, step)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await shop.attention(order_id) == (False, None)
    assert [effect.idempotency_key.partition("#")[2] for effect in shop.payments.books.values()] == ["0", "0"]
    assert shop.types(order_id).count("OrderStepStalled") == 1
    assert shop.types(order_id).count("OrderStepResolved") == 1


async def test_a_step_that_fails_again_parks_again(shop: Shop) -> None:
    shop.payments.faults.plan("authorize", *DOWN, *DOWN)
    order_id = await shop.place(("MUG", 1))
    for stalls in (1, 2):
        await shop.until(order_id, lambda record: record.order.attention)
        assert shop.types(order_id).count("OrderStepStalled") == stalls
        await shop.resolve(order_id, "authorize#0")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.payments.books) == 2


@pytest.mark.parametrize("call", ["void", "cancel"])
async def test_a_compensation_parks_and_can_only_be_retried(shop: Shop, call: str) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    faults(shop, call).plan(call, *DOWN)
    await shop.cancel(order_id)
    step = await shop.stalled(order_id)
    await shop.shown(order_id, attention=True, step=step)
    assert await refusal(shop, order_id, step, StepAction.COMPENSATE) == "cannot-compensate"

    await shop.resolve(order_id, step)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert await shop.attention(order_id) == (False, None)


async def test_a_parked_order_can_be_compensated(shop: Shop) -> None:
    shop.carrier.faults.plan("book", *DOWN)
    order_id = await shop.place(("MUG", 1))
    await shop.resolve(order_id, await shop.stalled(order_id), StepAction.COMPENSATE)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert await shop.reason(order_id) == "looked at it"
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "void"]


async def test_a_dispatched_order_can_only_be_retried(shop: Shop) -> None:
    shop.payments.faults.plan("capture", *DOWN)
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    assert await refusal(shop, order_id, step, StepAction.COMPENSATE) == "cannot-compensate"
    await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_step_that_is_not_stalled_has_nothing_to_answer(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    assert await refusal(shop, order_id, "authorize#0") == "step-not-stalled"
    assert await refusal(shop, uuid4(), "authorize#0") == "order-not-found"
    await shop.cancel(order_id)
    await shop.ended(order_id)
    assert await refusal(shop, order_id, "authorize#0") == "order-closed"


async def test_a_refused_capture_parks_and_is_retried_under_a_new_key(shop: Shop) -> None:
    shop.payments.faults.plan("capture", "refused")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    assert (await shop.record(order_id)).order.stalled[step].error_type == "not-now"
    await shop.resolve(order_id, step)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.idempotency_key.partition("#")[2] for effect in shop.payments.books.values()] == ["0", "1"]
    assert shop.types(order_id).count("PaymentActionRefused") == 1


async def test_a_refused_booking_parks_and_is_retried_under_a_new_key(shop: Shop) -> None:
    shop.carrier.faults.plan("book", "refused")
    order_id = await shop.place(("MUG", 1))
    await shop.resolve(order_id, await shop.stalled(order_id))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [booking.idempotency_key.partition("#")[2] for booking in shop.carrier.books.values()] == ["1"]


async def test_two_parcels_park_each_for_itself(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    shop.carrier.faults.plan("book", *DOWN, *DOWN)
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    record = await shop.until(order_id, lambda record: len(record.order.stalled) == 2)
    for step in sorted(record.order.stalled):
        await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await shop.attention(order_id) == (False, None)
