"""The command bus: every change, whoever asks for it, goes through here.

An open order's commands are updates of its workflow; those on stock and products are in `workflows.goods`. A
command answers only after its events are committed, with the version to read them at.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.aggregates import Committed
from activities.contracts import Placed, TaskQueue
from activities.gateways.protocol import TrackingUpdate
from activities.interceptor import from_application_error
from activities.order_stream import LoadedOrder, load_order, order_stream
from domain.errors import DomainError
from domain.money import Money
from domain.orders import decide as orders
from domain.orders.decide import PlaceOrder
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from domain.payments import decide as payments
from domain.record import OrderRecord
from workflows.aftercare import AftercareWorkflow
from workflows.aftercare_commands import send_aftercare, with_start
from workflows.changes_gateway import ChangesGateway
from workflows.contracts import (
    ATTENTION,
    CUSTOMER,
    ORDER_NUMBER,
    STATUS,
    CancelOrder,
    CommandDone,
    OpenChargeback,
    OrderInput,
    ResolveStalledStep,
    StepPolicies,
    TrackingNews,
    order_workflow_id,
)
from workflows.errors import CommandTimeout, CommandUnavailable
from workflows.goods import available
from workflows.order import OrderWorkflow


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGateway(ChangesGateway):
    """Orders' commands, beside those on stock and products. `timeout`: seconds to wait for an outcome."""

    temporal: Client
    policies: StepPolicies
    timeout: float

    async def place(self, command: PlaceOrder, *, key: str, actor: str) -> Placed:
        """Place the order, or find what its key stands for.

        Raises:
            CommandTimeout: no answer in time; the order may still be placed.
            CommandUnavailable: Temporal cannot be reached.
        """
        start = WithStartWorkflowOperation(
            OrderWorkflow.run,
            OrderInput(command, actor, self.policies),
            id=order_workflow_id(command.order_id),
            task_queue=TaskQueue.ORDERS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=_search_attributes(command),
            static_summary=f"{command.order_number}: {command.totals.total}",
            static_details=_details(command),
        )
        placing = self.temporal.execute_update_with_start_workflow(
            OrderWorkflow.place,
            start_workflow_operation=start,
            id=f"place:{key}",
            rpc_timeout=timedelta(seconds=self.timeout),
        )
        try:
            return await with_start(placing, start)
        except WorkflowAlreadyStartedError:
            return await self._placed_before(command)
        except WorkflowUpdateFailedError as failure:
            raise CommandUnavailable(f"the order's workflow ended: {failure.cause}") from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise CommandTimeout(str(error)) from error
        except RPCError as error:
            raise _rpc_failure(error) from error

    async def cancel(
        self, order_id: UUID, *, key: str, reason: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        """Raises: DomainError, CommandTimeout, CommandUnavailable."""
        command = CancelOrder(key, reason, actor, expected_version)

        def decide(record: OrderRecord) -> object:
            dispatched = record.shipments.any_dispatched
            return orders.request_cancellation(
                record.order_state, dispatched=dispatched, reason=reason, requested_by=actor
            )

        return await self._update(order_id, OrderWorkflow.cancel, command, f"cancel:{key}", decide)

    async def resolve_step(
        self, order_id: UUID, *, key: str, step: str, action: StepAction, reason: str, actor: str
    ) -> Committed:
        """Answer a stalled step. Raises: DomainError, CommandTimeout, CommandUnavailable."""
        command = ResolveStalledStep(key, step, action, reason, actor)

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

        return await self._update(order_id, OrderWorkflow.resolve, command, f"resolve:{key}", decide)

    async def open_chargeback(
        self, order_id: UUID, *, key: str, reference: str, amount: Money, reason: str, actor: str
    ) -> Committed:
        """Note that the customer's bank took money back, whether the order is open or has ended.

        Raises: DomainError, CommandTimeout, CommandUnavailable.
        """
        command = OpenChargeback(key, reference, amount, reason, actor)
        step = f"chargeback:{key}"

        def decide(record: OrderRecord) -> object:
            return payments.open_chargeback(record.payment, reference=reference, amount=amount, reason=reason)

        return await self._update(
            order_id, OrderWorkflow.chargeback, command, step, decide, AftercareWorkflow.chargeback
        )

    async def tracking(self, update: TrackingUpdate) -> None:
        """Hand a carrier's news to the order; durable once this returns. News of a closed order is dropped."""
        handle = self.temporal.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(update.order_id))
        try:
            await handle.signal(OrderWorkflow.tracking, TrackingNews(update.shipment_id, update.status))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise _rpc_failure(error) from error
            await self._drop_news(update)

    async def _update(
        self,
        order_id: UUID,
        method: Any,
        command: object,
        step: str,
        decide: Callable[[OrderRecord], object],
        aftercare: Any = None,
    ) -> Committed:
        """Execute an update of the order's workflow; of an ended order the update `aftercare`, if given."""
        handle = self.temporal.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))
        asked = handle.execute_update(method, command, id=step, rpc_timeout=timedelta(seconds=self.timeout))
        done: CommandDone | None = await self._outcome(asked)
        if done is None:
            return await self._without_workflow(order_id, command, step, decide, aftercare)
        return Committed(order_stream(order_id), done.version)

    async def _outcome(self, asked: Awaitable[CommandDone]) -> CommandDone | None:
        """What came of an update; None when no workflow runs to take it."""
        try:
            return await asked
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure) from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise CommandTimeout(str(error)) from error
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise _rpc_failure(error) from error
            return None

    async def _without_workflow(
        self,
        order_id: UUID,
        command: object,
        step: str,
        decide: Callable[[OrderRecord], object],
        aftercare: Any,
    ) -> Committed:
        """No workflow runs: the order ended, never was, or its workflow was lost. The stream tells which."""
        order = await self._load(order_id)
        if step in order.steps:
            return Committed(order_stream(order_id), order.version_of(step))
        decide(order.record)
        if not (aftercare and order.record.status.terminal):
            raise CommandUnavailable("the order is open but its workflow is not running")
        asked = send_aftercare(
            self.temporal,
            order_id,
            aftercare,
            command,
            update_id=step,
            policies=self.policies,
            timeout=self.timeout,
        )
        done = await self._outcome(asked)
        if done is None:
            raise CommandUnavailable("the order's aftercare ended before it took the command")
        return Committed(order_stream(order_id), done.version)

    async def _placed_before(self, command: PlaceOrder) -> Placed:
        """The workflow ended, and this placing came under another key: the stream tells what was placed."""
        order = await self._load(command.order_id)
        placed = order.record.order.placed
        return Placed(
            order_id=command.order_id,
            order_number=placed.order_number,
            customer_id=placed.customer_id,
            fingerprint=placed.fingerprint,
            version=order.version,
            payment_method=placed.payment_method,
            total=order.record.order.totals.total,
            status=order.record.status,
        )

    async def _drop_news(self, update: TrackingUpdate) -> None:
        order = await self._load(update.order_id)
        if not order.record.order.status.terminal:
            raise CommandUnavailable("the order is open but its workflow is not running")

    async def _load(self, order_id: UUID) -> LoadedOrder:
        return await available(load_order(self.store, order_id))


def _search_attributes(command: PlaceOrder) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(STATUS, OrderStatus.PLACED),
            SearchAttributePair(ATTENTION, False),
            SearchAttributePair(ORDER_NUMBER, command.order_number),
            SearchAttributePair(CUSTOMER, command.customer_id),
        ]
    )


def _details(command: PlaceOrder) -> str:
    """What the Temporal UI shows of the order; no personal data."""
    lines = "\n".join(f"- {line.quantity} × `{line.sku}` at {line.unit_price}" for line in command.lines)
    return f"Paid by `{command.payment_method}`\n\n{lines}"


def _refusal(failure: WorkflowUpdateFailedError) -> Exception:
    cause = failure.cause
    refused: DomainError | None = None
    if isinstance(cause, ApplicationError):
        refused = from_application_error(cause)
    return refused or CommandUnavailable(f"the command has no outcome: {cause}")


def _rpc_failure(error: RPCError) -> Exception:
    if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return CommandTimeout(error.message)
    return CommandUnavailable(f"Temporal: {error.message}")
