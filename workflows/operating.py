"""What operators do with an order that waits for them: answer its stalled steps, hand it over, leave notes."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from activities.aggregates import Committed
from domain.identifiers import return_of_parcel
from domain.orders import decide as orders
from domain.orders.events import StepAction
from domain.orders.model import of_aftercare
from domain.record import OrderRecord
from workflows.changes_gateway import ChangesGateway
from workflows.contracts import AssignOrder, NoteOrder, ResolveStalledStep, order_workflow_id
from workflows.order import OrderWorkflow
from workflows.refunds import RefundWorkflow, refund_workflow_id
from workflows.return_contracts import return_workflow_id
from workflows.returns import ReturnWorkflow
from workflows.updating import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsGateway(ChangesGateway):
    """Each is done once under its key; another command under the same key is refused."""

    async def resolve_step(
        self,
        order_id: UUID,
        *,
        key: str,
        step: str,
        action: StepAction,
        reason: str,
        actor: str,
        reference: str | None = None,
    ) -> Committed:
        """Answer a stalled step. Raises: DomainError, CommandTimeout, CommandUnavailable."""
        asked = fingerprint(step, action, reason, reference)
        command = ResolveStalledStep(key, step, action, reason, actor, reference, asked)

        def decide(record: OrderRecord) -> object:
            dispatched = record.shipments.any_dispatched
            return orders.resolve_step(
                record.order_state,
                step=step,
                action=action,
                reason=reason,
                resolved_by=actor,
                dispatched=dispatched,
            )

        home, method = await self._home_of(order_id, step)
        return await self._update(order_id, method, command, f"resolve:{key}", decide, home=home)

    async def _home_of(self, order_id: UUID, step: str) -> tuple[str, Any]:
        """Id of the workflow whose step it is, and the update that answers it there. Raises NotFound."""
        if not of_aftercare(step):
            return order_workflow_id(order_id), OrderWorkflow.resolve
        subject = step.rpartition("#")[0].partition(":")[2]
        if return_id := return_of_parcel(subject):
            return return_workflow_id(return_id), ReturnWorkflow.resolve
        for known in (await self._load(order_id)).record.returns.by_id.values():
            if known.grant_id == subject:
                return return_workflow_id(known.return_id), ReturnWorkflow.resolve
        return refund_workflow_id(order_id, subject), RefundWorkflow.resolve

    async def assign(
        self, order_id: UUID, *, key: str, assignee: str | None, reason: str, actor: str
    ) -> Committed:
        """Put somebody in charge of an open order. Raises: DomainError, CommandTimeout, CommandUnavailable."""
        command = AssignOrder(key, assignee, reason, actor, fingerprint(assignee, reason))

        def decide(record: OrderRecord) -> object:
            return orders.assign(record.order_state, assignee=assignee, reason=reason, assigned_by=actor)

        return await self._update(order_id, OrderWorkflow.assign, command, f"assign:{key}", decide)

    async def note(self, order_id: UUID, *, key: str, note: str, actor: str) -> Committed:
        """Leave a note at an open order. Raises: DomainError, CommandTimeout, CommandUnavailable."""
        command = NoteOrder(key, note, actor, fingerprint(note))

        def decide(record: OrderRecord) -> object:
            return orders.note(record.order_state, text=note, noted_by=actor)

        return await self._update(order_id, OrderWorkflow.note, command, f"note:{key}", decide)
