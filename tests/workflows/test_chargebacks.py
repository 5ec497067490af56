"""Chargebacks: of an order that is open, of one that has ended, and of none."""

import asyncio
from uuid import uuid4

import pytest

from domain.errors import NotAllowed, NotFound
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop
from workflows.contracts import aftercare_workflow_id


async def test_an_open_orders_chargeback_is_noted_by_its_workflow(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    with pytest.raises(NotAllowed):
        await shop.charge_back(order_id)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))

    first = await shop.charge_back(order_id, key="k")
    assert await shop.charge_back(order_id, key="k") == first

    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.types(order_id).count("ChargebackOpened") == 1
    record = await shop.record(order_id)
    assert (record.amounts.charged_back, record.amounts.due) == (Money(100, "EUR"), Money(0, "EUR"))


async def test_an_ended_orders_chargebacks_are_aftercare_and_one_per_dispute(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)

    await asyncio.gather(*(shop.charge_back(order_id, reference) for reference in ("dp-1", "dp-2", "dp-1")))

    assert shop.types(order_id).count("ChargebackOpened") == 2
    assert (await shop.record(order_id)).amounts.charged_back == Money(200, "EUR")
    handle = shop.environment.client.get_workflow_handle(aftercare_workflow_id(order_id))
    await asyncio.wait_for(handle.result(), 20)


async def test_what_the_decider_refuses_reaches_the_caller_and_ends_the_aftercare(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    with pytest.raises(NotAllowed) as refused:
        await shop.charge_back(order_id, minor=10**9)
    assert refused.value.code == "amount-above-captured"
    with pytest.raises(NotFound):
        await shop.charge_back(uuid4())
