"""Answering a case: an update of `case/{case_id}`, which it starts."""

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
from temporalio.service import RPCError, RPCStatusCode

from activities.aggregates import Committed
from activities.cases import CaseAnswer, CaseProgress, case_stream
from activities.contracts import TaskQueue
from activities.interceptor import from_application_error
from domain.reconciliation.events import CaseAction
from workflows.aftercare_commands import with_start
from workflows.cases import CaseInput, CaseWorkflow, case_workflow_id
from workflows.errors import CommandTimeout, CommandUnavailable
from workflows.policies import priority_of


@dataclass(frozen=True, slots=True)
class CaseCommands:
    """`timeout`: seconds to wait for an outcome."""

    temporal: Client
    timeout: float

    async def answer(self, case_id: UUID, *, key: str, action: CaseAction, reason: str, actor: str) -> Committed:
        """Note what is to become of a case; it is settled after that.

        Raises: DomainError, CommandTimeout, CommandUnavailable.
        """
        step = f"answer:{key}"
        start = WithStartWorkflowOperation(
            CaseWorkflow.run,
            CaseInput(case_id),
            id=case_workflow_id(case_id),
            task_queue=TaskQueue.ORDERS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            priority=priority_of(actor),
        )
        answering = self.temporal.execute_update_with_start_workflow(
            CaseWorkflow.answer,
            CaseAnswer(case_id, step, action, reason, actor),
            start_workflow_operation=start,
            id=step,
            rpc_timeout=timedelta(seconds=self.timeout),
        )
        try:
            progress: CaseProgress = await with_start(answering, start)
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure) from failure
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise CommandTimeout(str(error)) from error
        except RPCError as error:
            late = error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
            raise (CommandTimeout if late else CommandUnavailable)(error.message) from error
        return Committed(case_stream(case_id), progress.version)


def _refusal(failure: WorkflowUpdateFailedError) -> Exception:
    cause = failure.cause
    refused = from_application_error(cause) if isinstance(cause, ApplicationError) else None
    return refused or CommandUnavailable(f"the answer has no outcome: {cause}")
