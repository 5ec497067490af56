"""The upkeep that schedules start. Each piece is safe to repeat, and safe beside another run of itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.client import Client

from messaging.tasks import end
from ops.aftercare_recovery import unfinished_aftercare
from ops.bootstrap import Backend, step_policies
from ops.config import Settings
from ops.reconcile import Report, reconcile
from ops.recovery import Recovery
from readmodels.queries import ReadModels
from workflows.maintenance import HEARTBEAT

SETTLED: Final = timedelta(minutes=1)
"""Orders that changed within this time are left out: their workflows may not be listed yet."""
BEAT: Final = HEARTBEAT.total_seconds() / 5


@dataclass(frozen=True, slots=True)
class MaintenanceActivities:
    """`reconciliation` is one run over everything; `settled`: see `SETTLED`."""

    recovery: Recovery
    reconciliation: Callable[[], Awaitable[Report]]
    settled: timedelta = SETTLED

    @activity.defn
    async def sweep_orders(self) -> dict[str, int]:
        """Start a workflow for every open order that has none, and for all that is under way beside them."""
        async with _beating():
            found = await self.recovery.sweep(idle=self.settled)
            beside = await self.recovery.resume_aftercare(idle=self.settled)
        return {"open": found.open, "started": len(found.started), **beside}

    @activity.defn
    async def reconcile_books(self) -> dict[str, int]:
        """Compare the orders with the gateway's books; differences become cases."""
        async with _beating():
            report = await self.reconciliation()
        return {**asdict(report), "differing": len(report.differing)}


def maintenance(
    settings: Settings, temporal: Client, backend: Backend, models: ReadModels
) -> MaintenanceActivities:
    policies = step_policies(settings)
    aftercare = unfinished_aftercare(backend.store, policies, models, backend.pool)
    recovery = Recovery(temporal, backend.store, models.unfinished, policies, settings.sweep_rate, aftercare)
    return MaintenanceActivities(recovery, lambda: reconcile(settings))


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """Tells Temporal that the work goes on; without it a killed process would be waited for to the time limit."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        await end([beating])
