"""The command bus: every change, whoever asks for it, goes through here.

An open order's commands are updates of its workflow (`workflows.updating`), those of operators in
`workflows.operating`; those on stock and products are in `workflows.goods`. A command answers only after its
events are committed, with the version to read them at.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.aggregates import Committed
from activities.contracts import Placed
from activities.erasure_contracts import EraseStep
from activities.gateways.protocol import TrackingUpdate
from domain.identifiers import return_of_parcel
from domain.money import Money
from domain.orders import decide as orders
from domain.orders.decide import PlaceOrder
from domain.payments import decide as payments
from domain.record import OrderRecord
from workflows.aftercare import AftercareWorkflow
from workflows.aftercare_commands import with_start
from workflows.catalogue import available
from workflows.contracts import CancelOrder, OpenChargeback, OrderInput, TrackingNews, order_workflow_id
from workflows.erasure_commands import committed, send_erasure
from workflows.errors import CommandTimeout, CommandUnavailable
from workflows.operating import OperatorsGateway
from workflows.order import OrderWorkflow
from workflows.return_contracts import return_workflow_id
from workflows.starting import shown
from workflows.updating import fingerprint, rpc_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGateway(OperatorsGateway):
    """Every command there is. Personal fields are sealed on the way, before Temporal or the store has them."""

    async def place(self, command: PlaceOrder, *, key: str, actor: str) -> Placed:
        """Place the order, or find what its key stands for. The command's fingerprint is a `body_fingerprint`.

        Raises:
            NotAllowed: `customer-erased`.
            CommandTimeout: no answer in time; the order may still be placed.
            CommandUnavailable: Temporal cannot be reached.
        """
        command = await available(self.vault.seal(command.customer_id, command))
        start = WithStartWorkflowOperation(
            OrderWorkflow.run,
            OrderInput(command, actor, self.policies),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            **shown(command),
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
            raise rpc_failure(error) from error

    async def body_fingerprint(self, customer_id: str, asked: bytes) -> str:
        """What tells two bodies of a customer apart, and means nothing without the customer's key.

        Raises: NotAllowed (`customer-erased`), CommandUnavailable.
        """
        return await available(self.vault.fingerprint(customer_id, asked))

    async def erase_customer(self, customer_id: str, *, reason: str, actor: str) -> Committed:
        """Make the customer's personal data unreadable, for ever; answers once it is.

        Raises: NotAllowed (`customer-has-open-orders`), CommandTimeout, CommandUnavailable.
        """
        asked = send_erasure(self.temporal, EraseStep(customer_id, reason, actor), timeout=self.timeout)
        try:
            return committed(customer_id, await asked)
        except WorkflowUpdateFailedError as failure:
            raise CommandUnavailable(f"the erasure ended: {failure.cause}") from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise CommandTimeout(str(error)) from error
        except RPCError as error:
            raise rpc_failure(error) from error

    async def cancel(
        self, order_id: UUID, *, key: str, reason: str, actor: str, expected_version: int | None = None
    ) -> Committed:
        """Raises: DomainError, CommandTimeout, CommandUnavailable."""
        command = CancelOrder(key, reason, actor, expected_version, fingerprint=fingerprint(reason))

        def decide(record: OrderRecord) -> object:
            dispatched = record.shipments.any_dispatched
            return orders.request_cancellation(
                record.order_state, dispatched=dispatched, reason=reason, requested_by=actor
            )

        return await self._update(order_id, OrderWorkflow.cancel, command, f"cancel:{key}", decide)

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
        return_id = return_of_parcel(update.shipment_id)
        home = return_workflow_id(return_id) if return_id else order_workflow_id(update.order_id)
        handle: WorkflowHandle[Any, Any] = self.temporal.get_workflow_handle(home)
        try:
            await handle.signal(OrderWorkflow.tracking, TrackingNews(update.shipment_id, update.status))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise rpc_failure(error) from error
            await self._drop_news(update)

    async def _tell_restocked(self, order_id: UUID) -> None:
        with suppress(RPCError):  # what is lost here, the order's own slow look finds
            handle = self.temporal.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))
            await handle.signal(OrderWorkflow.restocked, rpc_timeout=timedelta(seconds=self.timeout))

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
        record = (await self._load(update.order_id)).record
        if return_id := return_of_parcel(update.shipment_id):
            known = record.returns.by_id.get(return_id)
            if known is not None and not known.status.terminal:
                raise CommandUnavailable("the return is open but its workflow is not running")
        elif not record.order.status.terminal:
            raise CommandUnavailable("the order is open but its workflow is not running")
