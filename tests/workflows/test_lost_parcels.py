"""A parcel that does not arrive: lost at its deadline, answered, replaced or refunded, or found after all."""

import pytest

from domain.errors import NotAllowed
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.events import LostAnswer, TrackingStatus
from domain.shipping.model import FulfilmentStatus
from tests.support.shop import Shop
from tests.workflows.scenarios import GONE, answer_loss, lost, lost_and_refunded, lost_and_replaced, replacement


async def test_an_operator_has_it_replaced_at_no_charge(shop: Shop) -> None:
    order_id = await lost_and_replaced(shop)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.fulfilment_status is FulfilmentStatus.DELIVERED
    assert (record.payment.captured, record.payment.refunded.minor) == (record.order.owed, 0)
    assert shop.types(order_id).count("CaptureRequested") == 1
    (line,) = record.lines
    assert (line.shipped, line.delivered, line.reserved) == (1, 1, 0)


async def test_an_operator_has_it_refunded(shop: Shop) -> None:
    order_id = await lost_and_refunded(shop)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.fulfilment_status is FulfilmentStatus.LOST
    assert record.payment_status is PaymentStatus.REFUNDED
    assert record.amounts.due.minor == 0


async def test_it_needs_attention_until_it_is_answered(shop: Shop) -> None:
    order_id, parcel = await lost(shop)
    assert (await shop.record(order_id)).attention
    await shop.shown(order_id, attention=True, step=f"lose:{parcel}")
    await answer_loss(shop, order_id, parcel, LostAnswer.REFUND)
    await shop.ended(order_id)
    assert not (await shop.record(order_id)).attention


@pytest.mark.parametrize("policy", LostAnswer)
async def test_the_policy_answers_by_itself(shop: Shop, policy: LostAnswer) -> None:
    order_id, parcel = await lost(shop, policy)
    if policy is LostAnswer.REPLACE:
        await shop.news(await replacement(shop, order_id, parcel), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_without_stock_the_policy_leaves_it_to_an_operator(shop: Shop) -> None:
    await shop.ended(await shop.place(("MUG", 9)))
    order_id, parcel = await lost(shop, LostAnswer.REPLACE)
    await shop.shown(order_id, attention=True, step=f"lose:{parcel}")
    with pytest.raises(NotAllowed) as refused:
        await answer_loss(shop, order_id, parcel, LostAnswer.REPLACE)
    assert refused.value.code == "out-of-stock"
    await answer_loss(shop, order_id, parcel, LostAnswer.REFUND, key="l2")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_found_before_an_answer_it_is_delivered(shop: Shop) -> None:
    order_id, _ = await lost(shop)
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.types(order_id)[-2:] == ["ShipmentFound", "OrderCompleted"]
    assert (await shop.record(order_id)).fulfilment_status is FulfilmentStatus.DELIVERED


async def test_found_after_its_replacement_was_sent_it_is_noted(shop: Shop) -> None:
    order_id, parcel = await lost(shop)
    first = shop.booking(order_id)
    await answer_loss(shop, order_id, parcel, LostAnswer.REPLACE)
    again = await replacement(shop, order_id, parcel)
    await shop.news(first, TrackingStatus.DELIVERED)
    await shop.news(again, *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert "ShipmentFound" in shop.types(order_id)
    (line,) = (await shop.record(order_id)).lines
    assert (line.shipped, line.delivered) == (1, 1)


@pytest.mark.parametrize("answered", [None, LostAnswer.REPLACE])
async def test_a_second_run_knows_the_loss_and_its_answer(shop: Shop, answered: LostAnswer | None) -> None:
    order_id, parcel = await lost(shop)
    if answered:
        await answer_loss(shop, order_id, parcel, answered)
    await shop.start_again(order_id)
    if answered:
        await shop.news(await replacement(shop, order_id, parcel), *GONE)
    else:
        await answer_loss(shop, order_id, parcel, LostAnswer.REFUND)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [shop.types(order_id).count(each) for each in ("ShipmentLost", "LostShipmentAnswered")] == [1, 1]
