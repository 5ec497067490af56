"""Granting a refund: an update of `refund/{order_id}/{grant_id}`, which it starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.aggregates import Committed
from activities.contracts import Step, StepDone, TaskQueue
from activities.interceptor import from_application_error
from activities.order_stream import load_order, order_stream
from activities.refunds import GrantStep
from domain.money import Money
from domain.privacy import KeyedDigest, PersonalText
from eventstore.store import StreamReader
from eventstore.vault import Vault
from workflows.aftercare_commands import with_start
from workflows.catalogue import available
from workflows.contracts import StepPolicies
from workflows.errors import CommandTimeout, CommandUnavailable
from workflows.policies import priority_of
from workflows.refunds import RefundInput, RefundWorkflow, refund_workflow_id
from workflows.updating import fingerprint, rpc_failure


@dataclass(frozen=True, slots=True)
class Wording:
    """What an operator wrote, and the digest of all that was asked for: sealed before anything else sees them."""

    reason: PersonalText
    fingerprint: KeyedDigest


@dataclass(frozen=True, slots=True)
class RefundCommands:
    """`timeout`: seconds to wait for an outcome. `vault` seals the reason for the order's customer.

    `policies` say how often giving back is tried before it parks.
    """

    temporal: Client
    store: StreamReader
    vault: Vault
    timeout: float
    policies: StepPolicies

    async def grant(
        self,
        order_id: UUID,
        *,
        key: str,
        amount: Money | None,
        lines: Mapping[str, int],
        reason: str,
        actor: str,
    ) -> Committed:
        """Grant a refund, once per key; the money follows.

        Raises: DomainError, CommandTimeout, CommandUnavailable.
        """
        order = await available(load_order(self.store, order_id))
        wording = Wording(reason, fingerprint("refund", str(amount), sorted(lines.items()), reason))
        sealed = await available(self.vault.seal_or_drop(order.record.order.placed.customer_id, wording))
        step = Step(order_id, f"grant-refund:{key}", actor, sealed.fingerprint)
        start = WithStartWorkflowOperation(
            RefundWorkflow.run,
            RefundInput(order_id, key, self.policies),
            id=refund_workflow_id(order_id, key),
            task_queue=TaskQueue.ORDERS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            priority=priority_of(actor),
        )
        granting = self.temporal.execute_update_with_start_workflow(
            RefundWorkflow.grant,
            GrantStep(step, key, sealed.reason, amount, lines),
            start_workflow_operation=start,
            id=f"{step.key}:{sealed.fingerprint[:16]}",
            rpc_timeout=timedelta(seconds=self.timeout),
        )
        try:
            done: StepDone = await with_start(granting, start)
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure) from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise CommandTimeout(str(error)) from error
        except RPCError as error:
            raise rpc_failure(error) from error
        return Committed(order_stream(order_id), done.version)


def _refusal(failure: WorkflowUpdateFailedError) -> Exception:
    cause = failure.cause
    refused = from_application_error(cause) if isinstance(cause, ApplicationError) else None
    return refused or CommandUnavailable(f"the refund has no outcome: {cause}")
