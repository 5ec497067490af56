"""Orders that are paid with store credit: a payment like any other, out of the customer's own balance."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from activities.gateways.credit import METHOD
from domain.errors import InvalidValue, NotAllowed
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from tests.support.shop import POLICIES, Shop
from tests.workflows.amending import amend, collected
from workflows.refund_commands import RefundCommands
from workflows.refunds import refund_workflow_id


async def grant(shop: Shop, minor: int, key: str = "g", reason: str = "goodwill") -> None:
    await shop.gateway.grant_credit(
        "ada",
        key=key,
        amount=Money(minor, "EUR"),
        reason=reason,
        fingerprint=f"{minor}{reason}",
        actor="operator:eve",
    )


async def balance(shop: Shop) -> int:
    return (await shop.gateway.credit_of("ada")).state.balance("EUR").minor


async def total(shop: Shop, order_id: UUID) -> int:
    return (await shop.record(order_id)).order.owed.minor


async def test_a_grant_is_made_once_per_key(shop: Shop) -> None:
    await asyncio.gather(*(grant(shop, 500) for _ in range(3)))
    assert await balance(shop) == 500
    with pytest.raises(InvalidValue) as refused:
        await grant(shop, 600)
    assert refused.value.code == "idempotency-key-reuse"


async def test_an_order_is_paid_and_completed_with_it(shop: Shop) -> None:
    await grant(shop, 10_000)
    order_id = await shop.place(("MUG", 1), method=METHOD)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert (await shop.record(order_id)).payment_status is PaymentStatus.CAPTURED
    assert await balance(shop) == 10_000 - await total(shop, order_id)
    assert not shop.payments.books


async def test_a_cancellation_gives_it_back(shop: Shop) -> None:
    await grant(shop, 10_000)
    shop.auto = False
    order_id = await shop.place(("MUG", 1), method=METHOD)
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    assert await balance(shop) == 10_000 - await total(shop, order_id)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert await balance(shop) == 10_000


async def test_a_refund_goes_where_the_money_came_from(shop: Shop) -> None:
    await grant(shop, 10_000)
    order_id = await shop.place(("MUG", 1), method=METHOD)
    await shop.ended(order_id)
    left = await balance(shop)
    refunds = RefundCommands(shop.environment.client, shop.store, shop.vault, 10, POLICIES)
    given = {"amount": Money(300, "EUR"), "lines": {}, "reason": "chipped", "actor": "operator:eve"}
    await refunds.grant(order_id, key="k", **given)  # type: ignore[arg-type]
    await shop.environment.client.get_workflow_handle(refund_workflow_id(order_id, "k")).result()
    assert await balance(shop) == left + 300


async def test_too_little_is_a_decline_and_another_method_pays(shop: Shop) -> None:
    await grant(shop, 100)
    shop.gateway = replace(shop.gateway, policies=replace(POLICIES, unpaid_expiry=3600.0))
    order_id = await shop.place(("MUG", 1), method=METHOD)
    record = await shop.until(order_id, lambda record: record.payment_status is PaymentStatus.FAILED)
    assert record.payment.failure == "insufficient-store-credit"
    await shop.gateway.pay(order_id, key="p", method="sim_ok", actor="customer:ada")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await balance(shop) == 100


async def test_it_pays_after_a_card_was_declined(shop: Shop) -> None:
    await grant(shop, 10_000)
    shop.gateway = replace(shop.gateway, policies=replace(POLICIES, unpaid_expiry=3600.0))
    shop.payments.faults.plan("authorize", "declined")
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.payment_status is PaymentStatus.FAILED)
    await shop.gateway.pay(order_id, key="p", method=METHOD, actor="customer:ada")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await balance(shop) == 10_000 - await total(shop, order_id)


async def test_orders_that_spend_at_once_never_spend_more_than_there_is(shop: Shop) -> None:
    first = await shop.place(("MUG", 1), method="sim_ok")
    price = await total(shop, first)
    await grant(shop, 2 * price + 1)
    orders = await asyncio.gather(*(shop.place(("MUG", 1), method=METHOD, order_id=uuid4()) for _ in range(5)))
    ends = [await shop.ended(order_id) for order_id in (first, *orders)]
    assert ends.count(OrderStatus.COMPLETED) == 3
    assert await balance(shop) == 1


@pytest.mark.parametrize("event", ["CreditReserved", "CreditSpent"])
async def test_an_answer_that_is_lost_moves_it_once(shop: Shop, event: str) -> None:
    await grant(shop, 10_000)
    shop.store.lose_after(event)
    order_id = await shop.place(("MUG", 1), method=METHOD)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await balance(shop) == 10_000 - await total(shop, order_id)


async def test_an_order_paid_with_it_is_amended_as_far_as_it_goes(shop: Shop) -> None:
    await grant(shop, 10_000)
    shop.auto = False
    order_id = await shop.place(("MUG", 1), method=METHOD)
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    with pytest.raises(NotAllowed) as refused:
        await amend(shop, order_id, {"MUG": 5}, key="more-than-there-is")
    assert refused.value.code == "payment-declined"
    await amend(shop, order_id, {"MUG": 2})
    await collected(shop, order_id, "BER-A2")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await balance(shop) == 10_000 - await total(shop, order_id)
