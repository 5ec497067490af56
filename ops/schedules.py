"""What happens by the clock: Temporal Schedules, one line each, made and changed by `waybill migrate`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.contracts import TaskQueue
from ops.bootstrap import connect_temporal
from ops.config import Settings
from ops.maintenance import MaintenanceActivities
from ops.search_attributes import register_search_attributes
from workflows.maintenance import Maintenance, MaintenanceWorkflow

TIMEOUT: Final = timedelta(hours=1)
CATCH_UP: Final = timedelta(minutes=1)
"""What was missed while Temporal was away is not made up for: each run looks at everything."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`every`: the setting that says how many seconds lie between two runs."""

    id: str
    activity: Callable[..., Any]
    every: Callable[[Settings], float]


SCHEDULES: Final = (
    Upkeep("recovery-sweep", MaintenanceActivities.sweep_orders, lambda settings: settings.sweep_interval),
    Upkeep("reconciliation", MaintenanceActivities.reconcile_books, lambda settings: settings.reconcile_interval),
)


async def prepare_temporal(settings: Settings) -> None:
    """The namespace as Waybill needs it: search attributes and schedules. Safe to repeat."""
    await register_search_attributes(settings)
    await apply_schedules(await connect_temporal(settings), settings)


async def apply_schedules(client: Client, settings: Settings) -> None:
    """Make the schedules that are missing, and bring the others in line. One that was paused stays paused."""
    for upkeep in SCHEDULES:
        wanted = _schedule(upkeep, settings)
        try:
            await client.create_schedule(upkeep.id, wanted)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(upkeep.id).update(_bring_in_line(wanted))


def _bring_in_line(wanted: Schedule) -> Callable[[ScheduleUpdateInput], ScheduleUpdate]:
    def change(found: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = found.description.schedule.state
        return ScheduleUpdate(wanted)

    return change


def _schedule(upkeep: Upkeep, settings: Settings) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            MaintenanceWorkflow.run,
            Maintenance(upkeep.activity.__name__, TIMEOUT.total_seconds()),
            id=upkeep.id,
            task_queue=TaskQueue.MAINTENANCE,
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=upkeep.every(settings)))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )
