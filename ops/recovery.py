"""Finding what is open in the event store and has no workflow, and starting one over each stream.

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

from activities.order_stream import order_stream
from domain.orders.decide import PlaceOrder
from domain.orders.events import OrderPlaced
from eventstore.store import Recorded, StreamReader
from ops.aftercare_recovery import Kind, resume
from workflows.contracts import ORDER_WORKFLOW, OrderInput, StepPolicies, order_workflow_id
from workflows.order import OrderWorkflow
from workflows.starting import shown

RUNNING = f"WorkflowType = '{ORDER_WORKFLOW}' AND ExecutionStatus = 'Running'"


Unfinished = Callable[[datetime, UUID | None], Awaitable[Sequence[UUID]]]
"""The next open orders by id, after the given one, that last changed before a time; none at the end."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many orders are open, and the ones that got a workflow again."""

    open: int
    started: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """`rate`: workflows started per second at most. `aftercare`: what may be under way beside the orders."""

    temporal: Client
    store: StreamReader
    unfinished: Unfinished
    policies: StepPolicies
    rate: float
    aftercare: Sequence[Kind] = ()

    async def resume_aftercare(self, *, idle: timedelta = timedelta(0)) -> dict[str, int]:
        """Have a workflow run for all that is under way beside the orders; how much there is of each kind."""
        before = datetime.now(UTC) - idle
        return {kind.name: await self._resume(kind, before) for kind in self.aftercare}

    async def _resume(self, kind: Kind, before: datetime) -> int:
        after, count = None, 0
        while page := await kind.page(before, after):
            for key in page:
                await resume(self.temporal, await kind.start(key))
                count += 1
                await asyncio.sleep(1 / self.rate)
            after = page[-1]
        return count

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
