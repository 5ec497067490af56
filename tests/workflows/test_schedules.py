"""What happens by the clock: a schedule finds an order whose workflow was terminated, and starts another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from temporalio.client import ScheduleActionStartWorkflow, ScheduleHandle, ScheduleIntervalSpec
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.contracts import TaskQueue
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from ops.config import Settings
from ops.maintenance import MaintenanceActivities
from ops.reconcile import Report
from ops.recovery import Recovery
from ops.schedules import SCHEDULES, apply_schedules
from tests.support.shop import POLICIES, Shop
from workflows.errors import CommandUnavailable
from workflows.maintenance import Maintenance, MaintenanceWorkflow

SETTINGS = Settings(data_dir=Path("unused"))


@pytest.fixture
async def schedules(temporal: WorkflowEnvironment) -> AsyncIterator[dict[str, ScheduleHandle]]:
    """The schedules, by id, as `waybill migrate` makes them."""
    await apply_schedules(temporal.client, SETTINGS)
    handles = {upkeep.id: temporal.client.get_schedule_handle(upkeep.id) for upkeep in SCHEDULES}
    yield handles
    for handle in handles.values():
        await handle.delete()


def upkeep(shop: Shop, orders: Sequence[UUID]) -> MaintenanceActivities:
    async def unfinished(before: datetime, after: UUID | None) -> Sequence[UUID]:
        return sorted(each for each in orders if after is None or each > after)

    async def reconciliation() -> Report:
        return Report(orders=len(orders))

    recovery = Recovery(shop.environment.client, shop.store, unfinished, POLICIES, rate=1000)
    return MaintenanceActivities(recovery, reconciliation)


def at_work(shop: Shop, done: MaintenanceActivities) -> Worker:
    return Worker(
        shop.environment.client,
        task_queue=TaskQueue.MAINTENANCE,
        workflows=[MaintenanceWorkflow],
        activities=[done.sweep_orders, done.reconcile_books],
    )


async def test_a_terminated_workflow_is_started_again(shop: Shop, schedules: dict[str, ScheduleHandle]) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    lost = (await shop.handle(order_id).describe()).run_id
    await shop.handle(order_id).terminate("somebody tried the button")
    with pytest.raises(CommandUnavailable, match="the sweep starts it again"):
        await shop.gateway.note(order_id, key="n", note="where is it?", actor="operator:eve")

    async with at_work(shop, upkeep(shop, [order_id])), asyncio.timeout(30):
        while (await shop.handle(order_id).describe()).run_id == lost:
            await schedules["recovery-sweep"].trigger()
            await asyncio.sleep(0.05)
    await shop.gateway.note(order_id, key="n", note="there it is", actor="operator:eve")
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]


async def test_every_schedule_starts_work_that_a_worker_does(
    shop: Shop, schedules: dict[str, ScheduleHandle]
) -> None:
    async with at_work(shop, upkeep(shop, [])):
        for handle in schedules.values():
            action = (await handle.describe()).schedule.action
            assert isinstance(action, ScheduleActionStartWorkflow)
            [payload] = action.args
            [given] = await shop.environment.client.data_converter.decode([payload], [Maintenance])
            result = await shop.environment.client.execute_workflow(
                MaintenanceWorkflow.run, given, id=f"by-hand/{handle.id}", task_queue=TaskQueue.MAINTENANCE
            )
            assert result


async def test_settings_are_brought_in_line_and_a_pause_stays(
    temporal: WorkflowEnvironment, schedules: dict[str, ScheduleHandle]
) -> None:
    await schedules["recovery-sweep"].pause(note="while we look at it")
    await apply_schedules(temporal.client, SETTINGS.model_copy(update={"sweep_interval": 77.0}))
    found = (await schedules["recovery-sweep"].describe()).schedule
    assert found.spec.intervals == [ScheduleIntervalSpec(timedelta(seconds=77))]
    assert (found.state.paused, found.state.note) == (True, "while we look at it")
    other = (await schedules["reconciliation"].describe()).schedule
    assert other.spec.intervals == [ScheduleIntervalSpec(timedelta(days=1))]
    assert not other.state.paused
