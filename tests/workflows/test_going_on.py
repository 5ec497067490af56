"""An order goes on as another run: its history grew long, or somebody reset or terminated it in Temporal."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import POLICIES, Shop

GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)


async def booked(shop: Shop) -> UUID:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    return order_id


async def another_run(shop: Shop, order_id: UUID, before: str) -> None:
    async with asyncio.timeout(20):
        while (await shop.handle(order_id).describe()).run_id == before:
            await asyncio.sleep(0.01)


async def run_of(shop: Shop, order_id: UUID) -> str:
    return (await shop.handle(order_id).describe()).run_id or ""


async def reset(shop: Shop, order_id: UUID) -> None:
    """As the button in Temporal's UI does: back to the first workflow task that was completed."""
    history = await shop.handle(order_id).fetch_history()
    completed = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    first = next(event.event_id for event in history.events if event.event_type == completed)
    await shop.environment.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=shop.environment.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=f"order/{order_id}"),
            reason="somebody tried it",
            workflow_task_finish_event_id=first,
            request_id=f"reset-{order_id}",
        )
    )


async def test_a_long_history_is_left_behind_while_nothing_is_in_flight(shop: Shop) -> None:
    shop.gateway = replace(shop.gateway, policies=replace(POLICIES, max_history=8))
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    first = await run_of(shop, order_id)
    await another_run(shop, order_id, first)
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]
    assert len(shop.carrier.books) == 1


async def test_reset_while_a_parcel_is_awaited(shop: Shop) -> None:
    order_id = await booked(shop)
    await reset(shop, order_id)
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]
    assert len(shop.carrier.books) == 1


async def test_reset_while_a_step_is_stalled(shop: Shop) -> None:
    shop.payments.faults.plan("capture", "refused", "refused")
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)
    await reset(shop, order_id)
    await shop.until(order_id, lambda _: shop.types(order_id).count("OrderStepStalled") == 2)
    await shop.resolve(order_id, await shop.stalled(order_id))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


@pytest.mark.parametrize("ended", [OrderStatus.CANCELLED, OrderStatus.COMPLETED])
async def test_reset_after_its_end_changes_nothing(shop: Shop, ended: OrderStatus) -> None:
    order_id = await booked(shop)
    if ended is OrderStatus.CANCELLED:
        await shop.cancel(order_id)
    else:
        await shop.news(shop.booking(order_id), *GONE)
    assert await shop.ended(order_id) is ended
    before = shop.types(order_id)
    books, calls = dict(shop.payments.books), shop.carrier.faults.calls["book"]
    await reset(shop, order_id)
    assert await shop.ended(order_id) is ended
    assert shop.types(order_id) == before
    assert (shop.payments.books, shop.carrier.faults.calls["book"]) == (books, calls)
