"""Somebody pauses a step in Temporal and lets it go on: its effect happens once, at whatever moment that was."""

import asyncio
from uuid import UUID

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflowservice.v1 import PauseActivityRequest, UnpauseActivityRequest

from activities.contracts import TaskQueue
from domain.orders.model import OrderStatus
from tests.support.shop import Shop

PAUSED = PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED


async def pause(shop: Shop, order_id: UUID, activity: str) -> None:
    """As `temporal activity pause` does."""
    client = shop.environment.client
    await client.workflow_service.pause_activity(
        PauseActivityRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=f"order/{order_id}"),
            type=activity,
            identity="eve",
        )
    )


async def unpause(shop: Shop, order_id: UUID, activity: str) -> None:
    client = shop.environment.client
    await client.workflow_service.unpause_activity(
        UnpauseActivityRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=f"order/{order_id}"),
            type=activity,
            identity="eve",
        )
    )


async def pending(shop: Shop, order_id: UUID) -> list[tuple[str, PendingActivityState.ValueType]]:
    found = (await shop.handle(order_id).describe()).raw_description.pending_activities
    return [(each.activity_type.name, each.state) for each in found]


async def until_pending(
    shop: Shop, order_id: UUID, activity: str, state: PendingActivityState.ValueType | None = None
) -> None:
    async with asyncio.timeout(20):
        while not any(name == activity and state in (None, now) for name, now in await pending(shop, order_id)):
            await asyncio.sleep(0.01)


async def test_paused_while_the_gateway_is_asked(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    shop.payments.faults.plan("authorize", "lost")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await pause(shop, order_id, "authorize_payment")
    gate.open()
    await until_pending(shop, order_id, "authorize_payment", PAUSED)
    assert "PaymentAuthorized" not in shop.types(order_id)

    await unpause(shop, order_id, "authorize_payment")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]


async def test_paused_before_its_first_attempt(shop: Shop) -> None:
    await shop.close()
    await shop.open(only=[queue for queue in TaskQueue if queue is not TaskQueue.SHIPPING])
    order_id = await shop.place(("MUG", 1))
    await until_pending(shop, order_id, "book_shipment")
    await pause(shop, order_id, "book_shipment")
    await until_pending(shop, order_id, "book_shipment", PAUSED)
    await shop.close()
    await shop.open()
    await shop.gateway.note(order_id, key="n", note="it still takes commands", actor="operator:eve")
    assert not shop.carrier.books

    await unpause(shop, order_id, "book_shipment")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.carrier.books) == 1
