"""A piece of upkeep, as a schedule starts it: one activity, which finds its work by itself."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy

MAINTENANCE_WORKFLOW: Final = "Maintenance"
HEARTBEAT: Final = timedelta(seconds=30)
"""Silence after which a piece of work counts as lost, with the process that did it."""
RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3)
"""After the last attempt the run shows as failed, and the schedule's next one begins anew."""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """`activity` by its name; `timeout`: seconds that one attempt may take."""

    activity: str
    timeout: float


@workflow.defn(name=MAINTENANCE_WORKFLOW)
class MaintenanceWorkflow:
    @workflow.run
    async def run(self, given: Maintenance) -> Any:
        return await workflow.execute_activity(
            given.activity,
            start_to_close_timeout=timedelta(seconds=given.timeout),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            summary=given.activity,
        )
