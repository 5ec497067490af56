"""Asking for a customer's erasure: an update of `erasure/{customer_id}`, which it starts."""

from datetime import timedelta

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.aggregates import Committed
from activities.contracts import TaskQueue
from activities.erasure import customer_stream
from activities.erasure_contracts import Erased, EraseStep
from domain.errors import NotAllowed
from workflows.aftercare_commands import with_start
from workflows.contracts import erasure_workflow_id
from workflows.erasure import ErasureWorkflow
from workflows.policies import priority_of


async def send_erasure(temporal: Client, given: EraseStep, *, timeout: float) -> Erased:
    """Execute the update, starting the workflow where none runs. Raises what the client raises.

    One that was done before is started again: it finds the key gone, and tells the outside services once more.
    """
    start = WithStartWorkflowOperation(
        ErasureWorkflow.run,
        given,
        id=erasure_workflow_id(given.customer_id),
        task_queue=TaskQueue.ORDERS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        priority=priority_of(given.actor),
    )
    asked = temporal.execute_update_with_start_workflow(
        ErasureWorkflow.erase,
        start_workflow_operation=start,
        rpc_timeout=timedelta(seconds=timeout),
    )
    erased: Erased = await with_start(asked, start)
    return erased


def committed(customer_id: str, erased: Erased) -> Committed:
    """Raises NotAllowed (`customer-has-open-orders`)."""
    if erased.refusal is not None:
        details = {"orders": list(erased.open_orders)}
        raise NotAllowed(erased.refusal, code="customer-has-open-orders", details=details)
    return Committed(customer_stream(customer_id), erased.version)
