"""A command on an open order as an update of its workflow: sent, answered, or told why not."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Protocol, TypeVar
from uuid import UUID

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.aggregates import Committed
from activities.amendments import rejection_of
from activities.interceptor import fingerprint_of, from_application_error
from activities.order_stream import LoadedOrder, key_reused, load_order, order_stream
from domain.errors import NotAllowed
from domain.record import OrderRecord
from eventstore.vault import Vault, holds_personal
from workflows.aftercare_commands import send_aftercare
from workflows.catalogue import available
from workflows.contracts import CommandDone, StepPolicies, order_workflow_id
from workflows.credit_gateway import CreditGateway
from workflows.errors import CommandTimeout, CommandUnavailable
from workflows.policies import URGENT, is_staff, priority_of

C = TypeVar("C")


class OrderCommand(Protocol):
    """`fingerprint` is a digest of what is asked for: its key with another one is refused."""

    @property
    def fingerprint(self) -> str | None: ...

    @property
    def actor(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdates(CreditGateway):
    """`timeout`: seconds to wait for an outcome. `policies` are given to every workflow that is started.

    `vault` seals what people wrote into a command.
    """

    temporal: Client
    policies: StepPolicies
    timeout: float
    vault: Vault

    async def _update(
        self,
        order_id: UUID,
        method: Any,
        command: OrderCommand,
        step: str,
        decide: Callable[[OrderRecord], object],
        aftercare: Any = None,
        *,
        home: str | None = None,
    ) -> Committed:
        """Execute an update of the order's workflow; of an ended order the update `aftercare`, if given.

        `home` is the id of another workflow that works for the order, and takes the update in its place.
        """
        command = await self._sealed(order_id, command)
        await self._hurry(home or order_workflow_id(order_id), command.actor)
        handle: WorkflowHandle[Any, Any] = self.temporal.get_workflow_handle(home or order_workflow_id(order_id))
        asked = handle.execute_update(method, command, id=step, rpc_timeout=timedelta(seconds=self.timeout))
        done: CommandDone | None = await self._outcome(asked, command)
        if done is None:
            return await self._without_workflow(order_id, command, step, decide, aftercare)
        return Committed(order_stream(order_id), done.version)

    async def _hurry(self, workflow_id: str, actor: str) -> None:
        """Have the tasks of the workflow and of its activities go before others' if one of the staff waits.

        Raises:
            CommandUnavailable: Temporal cannot be reached.
        """
        if not is_staff(actor):
            return
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self.temporal.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            workflow_execution_options=WorkflowExecutionOptions(priority=URGENT._to_proto()),
            update_mask=FieldMask(paths=["priority"]),
        )
        try:
            await self.temporal.workflow_service.update_workflow_execution_options(
                request, timeout=timedelta(seconds=self.timeout)
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # what no workflow runs for is told by the update
                raise rpc_failure(error) from error

    async def _outcome(self, asked: Awaitable[CommandDone], command: OrderCommand) -> CommandDone | None:
        """What came of an update; None when no workflow runs to take it."""
        try:
            done = await asked
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure, command) from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise CommandTimeout(str(error)) from error
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise rpc_failure(error) from error
            return None
        _check_asked(command, done.fingerprint)
        return done

    async def _without_workflow(
        self,
        order_id: UUID,
        command: OrderCommand,
        step: str,
        decide: Callable[[OrderRecord], object],
        aftercare: Any,
    ) -> Committed:
        """No workflow runs: the order ended, never was, or its workflow was lost. The stream tells which."""
        order = await self._load(order_id)
        if step in order.steps:
            order.check_fingerprint(step, command.fingerprint)
            if rejected := rejection_of(order, step):
                raise NotAllowed(rejected.message, code=rejected.code)
            return Committed(order_stream(order_id), order.version_of(step))
        decide(order.record)
        if not (aftercare and order.record.status.terminal):
            whose = "its" if order.record.status.terminal else "the order is open but its"
            raise CommandUnavailable(f"{whose} workflow is not running; the sweep starts it again")
        asked = send_aftercare(
            self.temporal,
            order_id,
            aftercare,
            command,
            update_id=step,
            policies=self.policies,
            timeout=self.timeout,
            priority=priority_of(command.actor),
        )
        done = await self._outcome(asked, command)
        if done is None:
            raise CommandUnavailable("the order's aftercare ended before it took the command")
        return Committed(order_stream(order_id), done.version)

    async def _sealed(self, order_id: UUID, command: C) -> C:
        """The command, with what people wrote sealed for the order's customer.

        Raises: NotFound, CommandUnavailable.
        """
        kind: type = type(command)
        if not holds_personal(kind):
            return command
        customer_id = (await self._load(order_id)).record.order.placed.customer_id
        return await available(self.vault.seal_or_drop(customer_id, command))

    async def _load(self, order_id: UUID) -> LoadedOrder:
        return await available(load_order(self.store, order_id))


def fingerprint(*asked: object) -> str:
    """Digest of what a command asks for. What the caller has seen (`If-Match`) and who it is are no part of it."""
    return sha256(json.dumps(asked).encode()).hexdigest()


def _check_asked(command: OrderCommand, known: str | None) -> None:
    """Raises InvalidValue (`idempotency-key-reuse`): the key's outcome is that of another command."""
    if known and known != command.fingerprint:
        raise key_reused()


def _refusal(failure: WorkflowUpdateFailedError, command: OrderCommand) -> Exception:
    cause = failure.cause
    if isinstance(cause, ApplicationError) and (refused := from_application_error(cause)):
        _check_asked(command, fingerprint_of(cause))
        return refused
    return CommandUnavailable(f"the command has no outcome: {cause}")


def rpc_failure(error: RPCError) -> Exception:
    if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return CommandTimeout(error.message)
    return CommandUnavailable(f"Temporal: {error.message}")
