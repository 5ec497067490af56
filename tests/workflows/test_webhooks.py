"""The workflow of webhooks' retries, on a real Temporal, to a real receiver."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.contracts import TaskQueue
from activities.webhooks import WebhookActivities, WebhookLane, WebhookProgress
from ops.webhooks import LaneSender, RetryWorkflows, sweep
from ops.worker import workers
from tests.support.webhooks import Outbound, Receiver, outbound, receiver
from workflows.webhooks import webhook_workflow_id


@pytest.fixture
async def out(database: str) -> AsyncIterator[Outbound]:
    async with outbound(database) as made:
        yield made


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


@dataclass
class Sender:
    """Gives each of its answers once; `entered` says that a look is under way, which `go` lets end."""

    answers: list[float | None]
    looks: int = 0
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def send_waiting(self, lane: WebhookLane) -> WebhookProgress:
        self.looks += 1
        self.entered.set()
        await self.go.wait()
        return WebhookProgress(self.answers.pop(0))


async def test_what_a_receiver_did_not_take_while_it_was_down_comes_in_order(
    temporal: WorkflowEnvironment, out: Outbound, there: Receiver
) -> None:
    endpoint, secret = await out.endpoint(there.url)
    order = uuid4()
    out.retries.then = RetryWorkflows(temporal.client)
    there.answer = lambda _: "503 Down"
    sending = WebhookActivities(LaneSender(out.courier))
    [worker] = workers(temporal.client, {TaskQueue.WEBHOOKS: [sending.send_webhooks]})
    async with worker:
        for _ in range(3):
            await out.confirmed(order)
        while len(there.received) < 3:
            await asyncio.sleep(0.01)
        assert set(there.sequences()) == {1}
        there.answer = lambda _: "200 OK"
        handle = temporal.client.get_workflow_handle(webhook_workflow_id(endpoint.endpoint_id, order))
        await handle.result()
    tried = len(there.received) - 3
    assert there.sequences() == [1] * tried + [1, 2, 3]
    assert all(each.verified_by(secret) for each in there.received)


async def test_a_word_that_comes_while_the_last_look_ends_is_not_lost(temporal: WorkflowEnvironment) -> None:
    sender = Sender([None, None])
    lane = WebhookLane(uuid4(), uuid4())
    retries = RetryWorkflows(temporal.client)
    [worker] = workers(temporal.client, {TaskQueue.WEBHOOKS: [WebhookActivities(sender).send_webhooks]})
    async with worker:
        await retries.ensure(lane.endpoint_id, lane.order_id)
        await sender.entered.wait()
        await retries.ensure(lane.endpoint_id, lane.order_id)  # after it looked, before it says so
        sender.go.set()
        await temporal.client.get_workflow_handle(webhook_workflow_id(lane.endpoint_id, lane.order_id)).result()
    assert sender.looks == 2


async def test_a_pause_between_attempts_is_kept_until_somebody_hurries(
    temporal: WorkflowEnvironment, out: Outbound, there: Receiver
) -> None:
    endpoint, _ = await out.endpoint(there.url)
    order = uuid4()
    await out.confirmed(order)
    await out.courier.lanes.replay(endpoint.endpoint_id, after=0)  # the lane is due: a resume makes it so too
    sender = Sender([86_400.0, None])
    sender.go.set()
    lane = WebhookLane(endpoint.endpoint_id, order)
    retries = RetryWorkflows(temporal.client)
    [worker] = workers(temporal.client, {TaskQueue.WEBHOOKS: [WebhookActivities(sender).send_webhooks]})
    async with worker:
        await retries.ensure(lane.endpoint_id, order)
        await sender.entered.wait()
        await retries.ensure(lane.endpoint_id, order)
        handle = temporal.client.get_workflow_handle(webhook_workflow_id(lane.endpoint_id, order))
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        sweeping = asyncio.create_task(sweep(out.courier.lanes, retries, pause=0.01))
        await handle.result()
        sweeping.cancel()
    assert sender.looks == 2
