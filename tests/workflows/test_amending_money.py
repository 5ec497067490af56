"""Amendments and money: more is authorised first, stalls are answered, another run goes on, all is paid."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop
from tests.workflows.amending import amend, booked
from tests.workflows.amending import collected as deliver
from workflows.errors import CommandUnavailable


def contents(shop: Shop, order_id: UUID) -> Sequence[tuple[str, int]]:
    return [*shop.carrier.labels[order_id].items]


async def held(shop: Shop, sku: str, warehouse: str = "BER") -> int:
    return (await shop.item(sku, warehouse)).reserved


async def test_more_pieces_are_reserved_authorised_and_sent(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    await amend(shop, order_id, {"MUG": 2}, ("TEE", 1))
    assert (await held(shop, "MUG"), await held(shop, "TEE")) == (2, 1)
    await deliver(shop, order_id, "BER-A1")

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.payment.captured == record.order.totals.total
    assert contents(shop, order_id) == [("MUG", 2), ("TEE", 1)]
    kinds = [effect.kind for effect in shop.payments.books.values()]
    assert kinds == ["authorization", "authorization", "capture", "capture"]


async def test_what_an_earlier_amendment_left_authorised_is_used_first(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 3))
    await amend(shop, order_id, {"MUG": 1})
    await amend(shop, order_id, {"MUG": 3}, key="b")
    await deliver(shop, order_id, "BER-A2")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]


async def test_express_is_paid_and_told_to_the_carrier(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    await amend(shop, order_id, method="express")
    await deliver(shop, order_id, "BER-A1")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert (await shop.record(order_id)).order.totals.shipping.minor == 1290
    assert shop.carrier.labels[order_id].service == "express"


async def test_a_decline_of_what_is_more_leaves_all_as_it_was(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    before = await shop.record(order_id)
    shop.payments.faults.plan("authorize", "declined")
    with pytest.raises(DomainError) as refused:
        await amend(shop, order_id, {"MUG": 2}, ("TEE", 1))
    assert refused.value.code == "payment-declined"
    record = await shop.record(order_id)
    assert (record.order.terms, record.held) == (before.order.terms, before.held)
    assert (await held(shop, "MUG"), await held(shop, "TEE")) == (1, 0)
    await deliver(shop, order_id, "BER")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.payments.books) == 2


async def test_a_lost_answer_of_what_is_more_is_found(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 1))
    shop.payments.faults.plan("authorize", "lost")
    await amend(shop, order_id, {"MUG": 2})
    await deliver(shop, order_id, "BER-A1")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


@pytest.mark.parametrize("action", [StepAction.RETRY, StepAction.COMPENSATE])
async def test_a_stalled_payment_is_answered_by_an_operator(shop: Shop, action: StepAction) -> None:
    order_id = await booked(shop, ("MUG", 1))
    shop.payments.faults.plan("authorize", "lost", "down")
    shop.payments.faults.plan("find", "down")
    amending = asyncio.create_task(amend(shop, order_id, {"MUG": 2}))
    step = await shop.stalled(order_id)
    assert step == "authorize-more:A1#0"
    with pytest.raises(DomainError) as refused:
        await shop.cancel(order_id)
    assert refused.value.code == "order-busy"
    await shop.resolve(order_id, step, action)
    if action is StepAction.RETRY:
        await amending
        await deliver(shop, order_id, "BER-A1")
    else:
        with pytest.raises(DomainError) as given_up:
            await amending
        assert given_up.value.code == "amendment-given-up"
        assert await held(shop, "MUG") == 1
        await deliver(shop, order_id, "BER")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.payment.captured == record.order.totals.total


async def test_a_stalled_stop_is_not_given_up_but_tried_again(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 2))
    shop.carrier.faults.plan("cancel", "lost", "down")
    amending = asyncio.create_task(amend(shop, order_id, {"MUG": 1}))
    step = await shop.stalled(order_id)
    with pytest.raises(DomainError) as refused:
        await shop.resolve(order_id, step, StepAction.COMPENSATE)
    assert refused.value.code == "cannot-compensate"
    await shop.resolve(order_id, step)
    await amending
    await deliver(shop, order_id, "BER-A1")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


@pytest.mark.parametrize("call", ["authorize", "cancel"])
async def test_another_run_goes_on_with_it(shop: Shop, call: str) -> None:
    order_id = await booked(shop, ("MUG", 1))
    gate = (shop.payments if call == "authorize" else shop.carrier).faults.hold(call)
    amending = asyncio.create_task(amend(shop, order_id, {"MUG": 2}))
    await gate.entered.wait()
    await shop.start_again(order_id)
    gate.open()
    with pytest.raises(CommandUnavailable):
        await amending
    await deliver(shop, order_id, "BER-A1")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    await amend(shop, order_id, {"MUG": 2})  # its key stands for what was done
    assert shop.types(order_id).count("OrderAmended") == 1
    assert [effect.kind for effect in shop.payments.books.values()].count("authorization") == 2


async def test_a_run_that_starts_over_an_amended_order_sends_its_parcels(shop: Shop) -> None:
    order_id = await booked(shop, ("MUG", 3))
    await amend(shop, order_id, {"MUG": 1})
    await shop.start_again(order_id)
    await deliver(shop, order_id, "BER-A1")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_fee_that_no_parcel_carries_is_captured_in_the_end(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    order_id = await booked(shop, ("MUG", 1), ("JAR", 2), parcels=2)
    first = shop.booking(order_id, "BER")
    await shop.news(first, TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    await amend(shop, order_id, {"JAR": 0}, whole=True)
    await shop.news(first, TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.payment.captured == record.order.totals.total
    assert record.payment.shares["rest"].minor > 0
