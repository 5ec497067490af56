"""What the shop's staff do goes before what waits already: on a real server, behind a flood, with one slot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue as Queue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.worker import Worker

from activities.contracts import TaskQueue
from activities.interceptor import DomainErrorInterceptor
from ops.worker import SERVED
from ops.workflow_runner import RUNNER
from tests.support.shop import Shop, order
from tests.workflows.returning import approve, request
from tests.workflows.test_refunds import given_back, grant
from workflows.contracts import OrderInput, order_workflow_id
from workflows.order import OrderWorkflow
from workflows.policies import URGENT
from workflows.refunds import refund_workflow_id
from workflows.return_contracts import return_workflow_id

FLOOD = 5
NORMAL = 3  # Temporal's own default, of keys 1 to 5


async def waiting(shop: Shop, queue: TaskQueue, kind: TaskQueueType.ValueType, *, key: int, tasks: int) -> None:
    """Wait until so many tasks of a priority are in the queue's backlog."""
    client = shop.environment.client
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=Queue(name=queue), task_queue_type=kind, report_stats=True
    )
    async with asyncio.timeout(20):
        while True:
            found = await client.workflow_service.describe_task_queue(asked)
            if found.stats_by_priority_key[key].approximate_backlog_count >= tasks:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def one_slot(shop: Shop, queue: TaskQueue) -> AsyncIterator[None]:
    """A worker that takes one task at a time, and asks for none before that."""
    worker = Worker(
        shop.environment.client,
        task_queue=queue,
        activities=list(shop.services[queue]),
        workflows=SERVED.get(queue, []),
        workflow_runner=RUNNER,
        interceptors=[DomainErrorInterceptor()],
        max_concurrent_activities=1,
        max_concurrent_workflow_tasks=1,
        max_cached_workflows=0,
    )
    async with worker:
        yield


async def test_the_step_that_an_operator_has_tried_again_goes_before_those_that_wait(shop: Shop) -> None:
    shop.carrier.faults.plan("book", "down", "down")
    urgent = await shop.place(("MUG", 1))
    step = await shop.stalled(urgent)
    await shop.close()
    await shop.open(only=[TaskQueue.ORDERS, TaskQueue.SHIPPING])  # nobody serves payments
    flood = [await shop.place(("TEE", 1)) for _ in range(FLOOD)]
    activity = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    await waiting(shop, TaskQueue.PAYMENTS, activity, key=NORMAL, tasks=FLOOD)
    await shop.resolve(urgent, step)
    await waiting(shop, TaskQueue.PAYMENTS, activity, key=1, tasks=1)
    before = len(shop.payments.books)
    async with one_slot(shop, TaskQueue.PAYMENTS):
        for order_id in (urgent, *flood):
            await shop.ended(order_id)
    effects = list(shop.payments.books.values())[before:]
    assert (effects[0].order_id, effects[0].kind) == (urgent, "capture")
    assert {each.order_id for each in effects[1 : FLOOD + 1]} <= set(flood)


async def test_the_workflow_that_an_operator_starts_goes_before_those_that_wait(shop: Shop) -> None:
    completed = await shop.place(("MUG", 1))
    await shop.ended(completed)
    await shop.close()
    flood = [await start(shop) for _ in range(FLOOD)]
    workflow = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    await waiting(shop, TaskQueue.ORDERS, workflow, key=NORMAL, tasks=FLOOD)
    granting = asyncio.create_task(grant(shop, completed, "k"))
    await waiting(shop, TaskQueue.ORDERS, workflow, key=1, tasks=1)
    others = [queue for queue in TaskQueue if queue is not TaskQueue.ORDERS]
    await shop.open(only=others)
    async with one_slot(shop, TaskQueue.ORDERS):
        await granting
        await given_back(shop, completed, "k")
        for order_id in flood:
            await shop.ended(order_id)
    first = await taken(shop, refund_workflow_id(completed, "k"))
    assert all([first < await taken(shop, order_workflow_id(order_id)) for order_id in flood])


async def start(shop: Shop) -> UUID:
    """An order whose workflow nobody has begun with."""
    command = await shop.vault.seal("ada", order(("TEE", 1)))
    await shop.environment.client.start_workflow(
        OrderWorkflow.run,
        OrderInput(command, "customer:ada", shop.gateway.policies),
        id=order_workflow_id(command.order_id),
        task_queue=TaskQueue.ORDERS,
    )
    return command.order_id


async def taken(shop: Shop, workflow_id: str) -> int:
    """When a worker took the workflow's first task, in nanoseconds."""
    history = await shop.environment.client.get_workflow_handle(workflow_id).fetch_history()
    started = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
    return next(each.event_time.ToNanoseconds() for each in history.events if each.event_type == started)


@pytest.mark.parametrize(("actor", "key"), [("operator:eve", URGENT.priority_key), ("customer:ada", 0)])
async def test_a_running_order_hurries_once_one_of_the_staff_has_commanded_it(
    shop: Shop, actor: str, key: int
) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.gateway.cancel(order_id, key="c", reason="twice", actor=actor)
    assert await priority(shop, order_workflow_id(order_id)) == key
    await shop.ended(order_id)


async def test_a_running_return_hurries_once_it_is_approved(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    return_id = await request(shop, order_id, ("MUG", 1))
    home = return_workflow_id(return_id)
    assert await priority(shop, home) == 0
    await approve(shop, order_id, return_id)
    assert await priority(shop, home) == URGENT.priority_key
    await shop.environment.client.get_workflow_handle(home).terminate()


async def priority(shop: Shop, workflow_id: str) -> int:
    """Its key; 0 stands for the default."""
    described = await shop.environment.client.get_workflow_handle(workflow_id).describe()
    return described.raw_description.workflow_execution_info.priority.priority_key
