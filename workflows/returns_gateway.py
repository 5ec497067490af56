"""Commands on returns: each is an update of `return/{return_id}`, which it starts where none runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.aggregates import Committed
from activities.contracts import TaskQueue
from activities.order_stream import order_stream
from domain.identifiers import event_id
from domain.money import Money
from domain.orders.model import Order
from domain.returns.decide import find
from domain.returns.events import InspectedItem, ReturnItem, ReturnKind
from domain.rma import ReturnRequest, ReturnRules
from workflows.aftercare_commands import with_start
from workflows.errors import CommandUnavailable
from workflows.policies import priority_of
from workflows.return_contracts import (
    DecideReturn,
    InspectReturn,
    ReceiveReturn,
    RequestReturn,
    ReturnInput,
    return_workflow_id,
)
from workflows.returns import ReturnWorkflow
from workflows.updating import OrderCommand, OrderUpdates, fingerprint


def return_id_of(order_id: UUID, key: str) -> UUID:
    """The return that a request's key stands for: a repeat names the same one."""
    return event_id(order_id, f"return:{key}", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsGateway(OrderUpdates):
    """Every command may raise DomainError, CommandTimeout, CommandUnavailable."""

    async def request_return(
        self,
        order_id: UUID,
        *,
        key: str,
        kind: ReturnKind,
        items: Sequence[ReturnItem],
        reason: str,
        rules: ReturnRules,
        actor: str,
        prices: Mapping[str, Money] | None = None,
    ) -> Committed:
        """`prices`: what the catalogue asks for what an exchange sends instead."""
        return_id = return_id_of(order_id, key)
        request = ReturnRequest(return_id, kind, tuple(items), reason, actor, prices or {})
        asked = fingerprint(kind, [(item.sku, item.quantity, item.instead) for item in items], reason)
        command = RequestReturn(key, request, rules, actor, asked)
        return await self._of_return(order_id, return_id, ReturnWorkflow.request, command, f"request-return:{key}")

    async def approve_return(
        self, order_id: UUID, return_id: UUID, *, key: str, reason: str, actor: str
    ) -> Committed:
        await self._known(order_id, return_id)
        command = DecideReturn(key, reason, actor, fingerprint(str(return_id), reason))
        return await self._of_return(order_id, return_id, ReturnWorkflow.approve, command, f"approve-return:{key}")

    async def reject_return(
        self, order_id: UUID, return_id: UUID, *, key: str, reason: str, actor: str
    ) -> Committed:
        await self._known(order_id, return_id)
        command = DecideReturn(key, reason, actor, fingerprint(str(return_id), reason))
        return await self._of_return(order_id, return_id, ReturnWorkflow.reject, command, f"reject-return:{key}")

    async def receive_return(
        self, order_id: UUID, return_id: UUID, *, key: str, warehouse: str | None, actor: str
    ) -> Committed:
        await self._known(order_id, return_id)
        command = ReceiveReturn(key, warehouse, actor, fingerprint(str(return_id), warehouse))
        return await self._of_return(order_id, return_id, ReturnWorkflow.receive, command, f"receive-return:{key}")

    async def inspect_return(
        self, order_id: UUID, return_id: UUID, *, key: str, items: Sequence[InspectedItem], actor: str
    ) -> Committed:
        await self._known(order_id, return_id)
        found = [(item.sku, item.restocked, item.damaged, item.dismissed) for item in items]
        command = InspectReturn(key, tuple(items), actor, fingerprint(str(return_id), found))
        return await self._of_return(order_id, return_id, ReturnWorkflow.inspect, command, f"inspect-return:{key}")

    async def _known(self, order_id: UUID, return_id: UUID) -> None:
        """Spare a return that does not exist a workflow. Raises NotFound."""
        record = (await self._load(order_id)).record
        assert isinstance(record.order, Order)  # raises where there is none
        find(record.returns, return_id)

    async def _of_return(
        self, order_id: UUID, return_id: UUID, method: Any, command: OrderCommand, step: str
    ) -> Committed:
        command = await self._sealed(order_id, command)
        await self._hurry(return_workflow_id(return_id), command.actor)
        start = WithStartWorkflowOperation(
            ReturnWorkflow.run,
            ReturnInput(order_id, return_id, self.policies),
            id=return_workflow_id(return_id),
            task_queue=TaskQueue.ORDERS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            priority=priority_of(command.actor),
        )
        asked = self.temporal.execute_update_with_start_workflow(
            method, command, start_workflow_operation=start, id=step, rpc_timeout=timedelta(seconds=self.timeout)
        )
        done = await self._outcome(with_start(asked, start), command)
        if done is None:
            raise CommandUnavailable("the return ended before it took the command")
        return Committed(order_stream(order_id), done.version)
