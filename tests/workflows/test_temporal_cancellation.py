"""A workflow cancelled in Temporal is an order cancelled by an operator: compensated, never cut."""

import asyncio
from uuid import UUID

from temporalio.client import WorkflowExecutionStatus

from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop, order


async def closed_as(shop: Shop, order_id: UUID) -> tuple[OrderStatus | None, WorkflowExecutionStatus | None]:
    status = await shop.ended(order_id)
    return status, (await shop.handle(order_id).describe()).status


CANCELLED = (OrderStatus.CANCELLED, WorkflowExecutionStatus.COMPLETED)
COMPLETED = (OrderStatus.COMPLETED, WorkflowExecutionStatus.COMPLETED)


async def test_while_an_outside_step_is_in_flight(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.handle(order_id).cancel()
    await shop.until(order_id, lambda record: record.status is OrderStatus.CANCELLING)
    gate.open()

    assert await closed_as(shop, order_id) == CANCELLED
    assert (await shop.record(order_id)).order.reason == "the workflow was cancelled in Temporal"


async def test_while_a_parcel_waits(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.handle(order_id).cancel()

    assert await closed_as(shop, order_id) == CANCELLED


async def test_while_it_is_being_placed(shop: Shop) -> None:
    shop.store.lose_before("OrderPlaced", times=3)
    gate = shop.store.hold("OrderPlaced")
    command = order(("MUG", 1))
    placing = asyncio.create_task(shop.gateway.place(command, key="k", actor="customer:ada"))
    await gate.entered.wait()
    await shop.handle(command.order_id).cancel()
    gate.open()

    assert (await placing).version == 1
    assert await closed_as(shop, command.order_id) == CANCELLED


async def test_after_dispatch_it_is_ignored(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: record.shipments.any_dispatched)
    await shop.handle(order_id).cancel()
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)

    assert await closed_as(shop, order_id) == COMPLETED


async def test_while_the_order_is_being_cancelled_already(shop: Shop) -> None:
    gate = shop.payments.faults.hold("void")
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.cancel(order_id)
    await gate.entered.wait()
    await shop.handle(order_id).cancel()  # stands in the history before the outcome of what is in flight
    gate.open()

    assert await closed_as(shop, order_id) == CANCELLED
    assert await shop.reason(order_id) == "changed my mind"
