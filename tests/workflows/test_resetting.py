"""What works beside an order goes on from its stream after a reset in Temporal, to whichever point."""

import asyncio
from uuid import UUID

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from domain.identifiers import label_parcel
from domain.orders.events import StepAction
from domain.returns.events import InspectedItem, ReturnTerms
from domain.shipping.events import TrackingStatus
from tests.support.shop import Shop
from tests.workflows.returning import closed, inspect, receive, request, rules_of
from tests.workflows.test_refunds import given_back, grant
from workflows.refunds import refund_workflow_id
from workflows.return_contracts import return_workflow_id


async def points(shop: Shop, workflow_id: str) -> tuple[str, list[int]]:
    """The present run, and the ends of its workflow tasks: what the button in Temporal's UI offers."""
    handle = shop.environment.client.get_workflow_handle(workflow_id)
    run_id = (await handle.describe()).run_id
    assert run_id
    history = await handle.fetch_history()
    completed = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    return run_id, [each.event_id for each in history.events if each.event_type == completed]


async def reset(shop: Shop, workflow_id: str, run_id: str, point: int) -> None:
    await shop.environment.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=shop.environment.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
            reason="somebody tried it",
            workflow_task_finish_event_id=point,
            request_id=f"{run_id}-{point}",
        )
    )


async def test_a_refund_that_was_given_back_is_given_no_second_time(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", "refused")
    await grant(shop, order_id, "k")
    await shop.resolve(order_id, await shop.stalled(order_id), StepAction.RETRY)
    await given_back(shop, order_id, "k")
    types, books = shop.types(order_id), dict(shop.payments.books)
    home = refund_workflow_id(order_id, "k")
    run_id, ends = await points(shop, home)
    for point in ends:
        await reset(shop, home, run_id, point)
        await given_back(shop, order_id, "k")
        assert (shop.types(order_id), shop.payments.books) == (types, books)


async def test_a_refund_that_is_parked_is_tried_anew(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", "refused")
    await grant(shop, order_id, "k")
    await shop.stalled(order_id)
    home = refund_workflow_id(order_id, "k")
    run_id, ends = await points(shop, home)
    await reset(shop, home, run_id, ends[-1])
    await given_back(shop, order_id, "k")
    record = await shop.record(order_id)
    assert (record.attention, record.payment.refunded.minor) == (False, 100)
    assert shop.types(order_id).count("OrderStepStalled") == 1


async def test_a_return_goes_on_with_its_label_and_its_refund(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.auto = False
    rules = rules_of(ReturnTerms(label=True), auto_approve=True)
    return_id = await request(shop, order_id, ("MUG", 1), rules=rules)
    await shop.until(order_id, lambda _: "ReturnLabelBooked" in shop.types(order_id))
    home = return_workflow_id(return_id)
    await again(shop, home)
    booking = shop.booking(order_id, label_parcel(return_id))
    await shop.news(booking, TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    await shop.until(order_id, lambda _: "ReturnParcelMoved" in shop.types(order_id))
    await receive(shop, order_id, return_id)
    await again(shop, home)
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1))
    await closed(shop, order_id, return_id)
    await again(shop, home)
    await closed(shop, order_id, return_id)
    types = shop.types(order_id)
    assert [types.count(each) for each in ("ReturnLabelBooked", "PaymentRefunded", "ReturnClosed")] == [1, 1, 1]
    assert await on_shelf(shop) == 10


async def again(shop: Shop, workflow_id: str) -> None:
    """Reset it to its first point and to its last, and wait until it has gone on as another run each time."""
    run_id, ends = await points(shop, workflow_id)
    for point in (ends[0], ends[-1]):
        before = await run_of(shop, workflow_id)
        await reset(shop, workflow_id, run_id, point)
        async with asyncio.timeout(20):
            while await run_of(shop, workflow_id) == before or not await continued(shop, workflow_id):
                await asyncio.sleep(0.01)


async def run_of(shop: Shop, workflow_id: str) -> str:
    return (await shop.environment.client.get_workflow_handle(workflow_id).describe()).run_id or ""


async def continued(shop: Shop, workflow_id: str) -> bool:
    """Whether the present run was begun by another one."""
    history = await shop.environment.client.get_workflow_handle(workflow_id).fetch_history()
    return bool(history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id)


async def on_shelf(shop: Shop) -> int:
    return (await shop.item("MUG")).on_hand


async def test_a_return_that_nobody_has_answered_waits_on(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    return_id: UUID = await request(shop, order_id, ("MUG", 1))
    await again(shop, return_workflow_id(return_id))
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="worn", actor="operator:eve")
    await closed(shop, order_id, return_id)
    assert shop.types(order_id).count("ReturnRejected") == 1
