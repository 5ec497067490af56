"""Sending a command to an order that has ended: an update of `aftercare/{order_id}`, which it starts."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.contracts import TaskQueue
from workflows.aftercare import AftercareWorkflow
from workflows.contracts import AftercareInput, CommandDone, StepPolicies, aftercare_workflow_id

R = TypeVar("R")


async def send_aftercare(
    temporal: Client,
    order_id: UUID,
    method: Any,
    command: object,
    *,
    update_id: str,
    policies: StepPolicies,
    timeout: float,
    priority: Priority,
) -> CommandDone:
    """Execute the update, starting the workflow where none runs. Raises what the client raises."""
    start = WithStartWorkflowOperation(
        AftercareWorkflow.run,
        AftercareInput(order_id, policies),
        id=aftercare_workflow_id(order_id),
        task_queue=TaskQueue.ORDERS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        priority=priority,
    )
    updating = temporal.execute_update_with_start_workflow(
        method,
        command,
        start_workflow_operation=start,
        id=update_id,
        rpc_timeout=timedelta(seconds=timeout),
    )
    done: CommandDone = await with_start(updating, start)
    return done


async def with_start(updating: Awaitable[R], start: WithStartWorkflowOperation[Any, Any]) -> R:
    """Await the update. A failure is told a second time by the start's own future, which must be heard as well."""
    try:
        return await updating
    except Exception:
        with suppress(Exception):
            async with asyncio.timeout(1):
                await start.workflow_handle()
        raise
