"""Finding orders that are open in the event store and have no workflow, and starting one over each stream.

A workflow is lost when somebody terminates it, or with Temporal's data. Another folds the order's events and takes
up at the step that was reached; money that was asked for is looked up at the gateway before it is asked for again.
Starting is safe at any time: where a workflow runs already, Temporal keeps it and starts none.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.contracts import TaskQueue
from activities.order_stream import order_stream
from domain.orders.decide import PlaceOrder
from domain.orders.events import OrderPlaced
from eventstore.store import Recorded, StreamReader
from workflows.contracts import ORDER_WORKFLOW, OrderInput, StepPolicies, order_workflow_id
from workflows.order import OrderWorkflow
from workflows.return_contracts import ReturnInput, return_workflow_id
from workflows.returns import ReturnWorkflow
from workflows.starting import shown

RUNNING = f"WorkflowType = '{ORDER_WORKFLOW}' AND ExecutionStatus = 'Running'"


Unfinished = Callable[[datetime, UUID | None], Awaitable[Sequence[UUID]]]
"""The next open orders by id, after the given one, that last changed before a time; none at the end."""


UnpaidReturns = Callable[[datetime, UUID | None], Awaitable[Sequence[tuple[UUID, UUID]]]]
"""The next returns whose refund is under way, unchanged since a time: order and id, by id after the given one."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many orders are open, and the ones that got a workflow again."""

    open: int
    started: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """`rate`: workflows started per second at most."""

    temporal: Client
    store: StreamReader
    unfinished: Unfinished
    policies: StepPolicies
    rate: float
    unpaid_returns: UnpaidReturns | None = None

    async def pay_returns(self, *, idle: timedelta = timedelta(0)) -> int:
        """Have a workflow run for every return whose refund is under way; how many there are.

        A return that waits for somebody needs none: its next command starts one.
        """
        before, after, count = datetime.now(UTC) - idle, None, 0
        while self.unpaid_returns is not None and (page := await self.unpaid_returns(before, after)):
            for order_id, return_id in page:
                await self._resume_return(order_id, return_id)
                count += 1
                await asyncio.sleep(1 / self.rate)
            after = page[-1][1]
        return count

    async def _resume_return(self, order_id: UUID, return_id: UUID) -> None:
        await self.temporal.start_workflow(
            ReturnWorkflow.run,
            ReturnInput(order_id, return_id, self.policies, resumed=True),
            id=return_workflow_id(return_id),
            task_queue=TaskQueue.ORDERS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )

    async def sweep(
        self, *, idle: timedelta = timedelta(0), tell: Callable[[UUID], object] = lambda order_id: None
    ) -> Recovered:
        """Start a workflow for every open order that has none.

        Args:
            idle: Leave out orders that changed within this time: their workflows may not be listed yet.
            tell: Hears of each order whose workflow was started.
        """
        running = {execution.id async for execution in self.temporal.list_workflows(RUNNING, page_size=1000)}
        before = datetime.now(UTC) - idle
        count, started = 0, []
        async for order_id in self._open(before):
            count += 1
            if order_workflow_id(order_id) not in running:
                await self._start(order_id)
                started.append(order_id)
                tell(order_id)
                await asyncio.sleep(1 / self.rate)
        return Recovered(count, tuple(started))

    async def _open(self, before: datetime) -> AsyncIterator[UUID]:
        after: UUID | None = None
        while True:
            page = await self.unfinished(before, after)
            if not page:
                return
            for order_id in page:
                yield order_id
            after = page[-1]

    async def _start(self, order_id: UUID) -> None:
        first, *_ = await self.store.read_stream(order_stream(order_id), limit=1)
        command = placed_by(first)
        await self.temporal.start_workflow(
            OrderWorkflow.run,
            OrderInput(command, first.metadata.get("actor", ""), self.policies),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            **shown(command),
        )


def placed_by(first: Recorded) -> PlaceOrder:
    """The command that an order's first event came from: what a workflow is started with."""
    placed = first.event
    assert isinstance(placed, OrderPlaced)  # nothing else begins an order's stream
    given: dict[str, Any] = {
        field.name: getattr(placed, field.name) for field in fields(PlaceOrder) if hasattr(placed, field.name)
    }
    return PlaceOrder(**given, currency=placed.totals.total.currency)
