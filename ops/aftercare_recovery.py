"""What is unfinished beside the orders: returns, refunds, cases and erasures whose workflow may be lost.

Each kind is a page of what the log says is under way, and the workflow that goes on with one of it. Where that
runs already, Temporal keeps it and starts none.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.contracts import SYSTEM, TaskQueue
from activities.erasure import customer_stream
from activities.erasure_contracts import EraseStep
from domain.customers.events import CustomerErased
from eventstore.store import StreamReader
from readmodels.queries import ReadModels
from workflows.cases import CaseInput, CaseWorkflow, case_workflow_id
from workflows.contracts import StepPolicies, erasure_workflow_id
from workflows.erasure import ErasureWorkflow
from workflows.refunds import RefundInput, RefundWorkflow, refund_workflow_id
from workflows.return_contracts import ReturnInput, return_workflow_id
from workflows.returns import ReturnWorkflow

PAGE: Final = 100

UNFORGOTTEN: Final = """
    SELECT customer_id FROM customer_key
    WHERE erased_at <= $1 AND forgotten_at IS NULL AND ($2::text IS NULL OR customer_id > $2)
    ORDER BY customer_id LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A workflow to be started: its run method, its input and its id."""

    run: Any
    given: object
    id: str


@dataclass(frozen=True, slots=True)
class Kind:
    """`page` gives the next keys after one that are unchanged since a time; `start` goes on with one of them."""

    name: str
    page: Callable[[datetime, Any], Awaitable[Sequence[Any]]]
    start: Callable[[Any], Awaitable[Start]]


class Aftercare:
    """The kinds, over the pages that they are read by."""

    def __init__(self, store: StreamReader, policies: StepPolicies) -> None:
        self._store, self._policies = store, policies

    def returns(self, page: Callable[[datetime, UUID | None], Awaitable[Sequence[tuple[UUID, UUID]]]]) -> Kind:
        """Returns that have work of their own: one that waits for somebody alone needs no workflow."""

        async def after(before: datetime, last: tuple[UUID, UUID] | None) -> Sequence[tuple[UUID, UUID]]:
            return await page(before, last[1] if last else None)

        async def start(key: tuple[UUID, UUID]) -> Start:
            given = ReturnInput(*key, self._policies, resumed=True)
            return Start(ReturnWorkflow.run, given, return_workflow_id(key[1]))

        return Kind("returns", after, start)

    def refunds(
        self, page: Callable[[datetime, tuple[UUID, str] | None], Awaitable[Sequence[tuple[UUID, str]]]]
    ) -> Kind:
        async def start(key: tuple[UUID, str]) -> Start:
            return Start(
                RefundWorkflow.run, RefundInput(*key, self._policies, resumed=True), refund_workflow_id(*key)
            )

        return Kind("refunds", page, start)

    def cases(self, page: Callable[[datetime, UUID | None], Awaitable[Sequence[UUID]]]) -> Kind:
        async def start(case_id: UUID) -> Start:
            return Start(CaseWorkflow.run, CaseInput(case_id, resumed=True), case_workflow_id(case_id))

        return Kind("cases", page, start)

    def erasures(self, page: Callable[[datetime, str | None], Awaitable[Sequence[str]]]) -> Kind:
        """Customers whose key is destroyed, and whom not every outside service has confirmed to have forgotten."""

        async def start(customer_id: str) -> Start:
            return Start(ErasureWorkflow.run, await self._asked(customer_id), erasure_workflow_id(customer_id))

        return Kind("erasures", page, start)

    async def _asked(self, customer_id: str) -> EraseStep:
        """As it was asked for; a process that died before that was noted leaves only the destroyed key."""
        for recorded in await self._store.read_stream(customer_stream(customer_id)):
            if isinstance(recorded.event, CustomerErased):
                return EraseStep(customer_id, recorded.event.reason, recorded.event.requested_by)
        return EraseStep(customer_id, "an erasure that was begun is finished", SYSTEM)


def unfinished_aftercare(
    store: StreamReader, policies: StepPolicies, models: ReadModels, pool: asyncpg.Pool
) -> tuple[Kind, ...]:
    """Every kind there is, read from the read models and from the table of keys."""

    async def unforgotten(before: datetime, after: str | None) -> Sequence[str]:
        return [row["customer_id"] for row in await pool.fetch(UNFORGOTTEN, before, after, PAGE)]

    kinds = Aftercare(store, policies)
    return (
        kinds.returns(models.unpaid_returns),
        kinds.refunds(models.unfinished_refunds),
        kinds.cases(models.settling_cases),
        kinds.erasures(unforgotten),
    )


async def resume(temporal: Client, start: Start) -> None:
    """Have it running."""
    await temporal.start_workflow(
        start.run,
        start.given,
        id=start.id,
        task_queue=TaskQueue.ORDERS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )
