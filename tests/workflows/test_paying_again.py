"""A declined order waits for another payment method, for as long as the shop gives it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.errors import NotAllowed
from domain.orders.model import OrderStatus
from domain.payments.events import PaymentRequested
from domain.payments.model import PaymentStatus
from tests.support.shop import POLICIES, Shop

HOUR = 3600.0


async def declined(shop: Shop, *, times: int = 1) -> UUID:
    shop.gateway = replace(shop.gateway, policies=replace(POLICIES, unpaid_expiry=HOUR))
    shop.payments.faults.plan("authorize", *["declined"] * times)
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.payment_status is PaymentStatus.FAILED)
    return order_id


async def pay(shop: Shop, order_id: UUID, method: str = "sim_slow", key: str = "p") -> None:
    await shop.gateway.pay(order_id, key=key, method=method, actor="customer:ada")


def methods(shop: Shop, order_id: UUID) -> list[str]:
    stored = shop.store.streams[f"order/{order_id}"]
    return [each.event.method for each in stored if isinstance(each.event, PaymentRequested)]


async def test_another_method_pays_the_order(shop: Shop) -> None:
    order_id = await declined(shop, times=2)
    await pay(shop, order_id, key="p1")
    await shop.until(order_id, lambda record: record.payment.declines == 2)
    await asyncio.gather(*(pay(shop, order_id, "sim_ok", key="p2") for _ in range(2)))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert methods(shop, order_id) == ["sim_ok", "sim_slow", "sim_ok"]
    assert shop.payments.total(order_id, "authorization") == (await shop.record(order_id)).order.owed.minor


async def test_an_order_that_stays_unpaid_is_cancelled_and_holds_nothing(shop: Shop) -> None:
    order_id = await declined(shop)
    assert (await shop.record(order_id)).reserved
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(seconds=HOUR))
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert not (await shop.record(order_id)).reserved


async def test_it_can_be_cancelled_while_it_waits(shop: Shop) -> None:
    order_id = await declined(shop)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    with pytest.raises(NotAllowed):
        await pay(shop, order_id)


async def test_only_an_order_that_waits_takes_a_method_and_one_for_each_decline(shop: Shop) -> None:
    order_id = await declined(shop)
    gate = shop.payments.faults.hold("authorize")
    await pay(shop, order_id)
    with pytest.raises(NotAllowed) as refused:
        await pay(shop, order_id, key="p2")
    assert refused.value.code == "payment-not-awaited"
    gate.open()
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


@pytest.mark.parametrize("chosen", [False, True], ids=["waiting", "chosen"])
async def test_a_second_run_goes_on_waiting_or_paying(shop: Shop, chosen: bool) -> None:
    order_id = await declined(shop)
    if chosen:
        gate = shop.payments.faults.hold("authorize")
        await pay(shop, order_id)
        await asyncio.wait_for(gate.entered.wait(), 20)
        gate.open()
        shop.payments.faults.gates.clear()
    await shop.start_again(order_id)
    if not chosen:
        await pay(shop, order_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.payments.total(order_id, "authorization") == (await shop.record(order_id)).order.owed.minor
