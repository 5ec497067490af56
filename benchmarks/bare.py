"""The machine's measure: an order's round trips, bare, on the same Temporal.

`python -m benchmarks.bare` with the settings of a stack in the environment prints how many a second are done:
one update-with-start, six local activities, three regular ones on two other queues, two signals; no sandbox, no
summaries, no search attributes, smallest payloads, client and worker in one process. The same shape was measured
where the rates that Waybill is to reach were set, so it tells a slow machine from slow software. With `--rate` it
prints the median of the seconds that the update-with-start takes at that rate, the rest of each order beside it.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import uvloop
from temporalio import activity, workflow
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from benchmarks.loops import closed_loop, open_loop, quantile
from ops.bootstrap import connect_temporal
from ops.config import load_settings

QUEUE, PAYMENTS, SHIPPING = "bare", "bare-payments", "bare-shipping"
NEWS_AFTER = 0.05
"""Seconds between the news of a parcel, as from the simulated courier."""

SOON = timedelta(seconds=5)


@activity.defn
async def nothing(given: str) -> str:
    return given


class Courier:
    """Books, and sends the news of the parcel as signals."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._news: set[asyncio.Task[None]] = set()

    @activity.defn
    async def book(self, order: str) -> str:
        task = asyncio.create_task(self._send(order))
        self._news.add(task)
        task.add_done_callback(self._news.discard)
        return order

    async def _send(self, order: str) -> None:
        for status in ("dispatched", "delivered"):
            await asyncio.sleep(NEWS_AFTER)
            await self._client.get_workflow_handle(order).signal("tracking", status)


@workflow.defn(sandboxed=False)
class BareOrder:
    def __init__(self) -> None:
        self._placed = False
        self._news: list[str] = []

    @workflow.run
    async def run(self, order: str) -> str:
        await self._own("place")
        self._placed = True
        await self._own("reserve")
        await self._outside(nothing, order, PAYMENTS)
        await self._own("confirm")
        await self._outside(Courier.book, order, SHIPPING)
        await workflow.wait_condition(lambda: len(self._news) > 0)
        await self._own("dispatch")
        await self._outside(nothing, order, PAYMENTS)
        await workflow.wait_condition(lambda: len(self._news) > 1)
        await self._own("deliver")
        await self._own("complete")
        return order

    @workflow.update
    async def place(self) -> bool:
        await workflow.wait_condition(lambda: self._placed)
        return True

    @workflow.signal
    def tracking(self, status: str) -> None:
        self._news.append(status)

    async def _own(self, step: str) -> None:
        await workflow.execute_local_activity(nothing, step, start_to_close_timeout=SOON)

    async def _outside(self, method: Callable[..., Any], order: str, queue: str) -> None:
        await workflow.execute_activity(method, order, task_queue=queue, start_to_close_timeout=SOON)


async def place(client: Client) -> WorkflowHandle[BareOrder, str]:
    """Place a bare order by update-with-start."""
    order = f"bare/{uuid4()}"
    start = WithStartWorkflowOperation(
        BareOrder.run, order, id=order, task_queue=QUEUE, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING
    )
    await client.execute_update_with_start_workflow(BareOrder.place, start_workflow_operation=start)
    return await start.workflow_handle()


async def carry_through(client: Client) -> None:
    """One bare order, from placing to its end."""
    await (await place(client)).result()


async def placing(client: Client, rate: float, seconds: float) -> float:
    """The median of the seconds that placing takes, on a clock."""

    async def once() -> None:
        await place(client)

    await open_loop(once, rate=rate, seconds=min(5.0, seconds))
    return quantile(await open_loop(once, rate=rate, seconds=seconds), 0.5)


def _worker(client: Client, queue: str, activities: list[Callable[..., Any]]) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        workflows=[BareOrder] if queue == QUEUE else [],
        activities=activities,
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=5000,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )


async def measure(given: argparse.Namespace) -> float:
    """Bare orders carried through per second, or what placing takes at a rate."""
    client = await connect_temporal(load_settings())
    async with AsyncExitStack() as stack:
        for queue, methods in ((QUEUE, [nothing]), (PAYMENTS, [nothing]), (SHIPPING, [Courier(client).book])):
            await stack.enter_async_context(_worker(client, queue, methods))
        if given.rate:
            return await placing(client, given.rate, given.seconds)
        window = await closed_loop(
            lambda: carry_through(client), in_flight=given.in_flight, warm_up=given.warm_up, count=given.orders
        )
    return window.rate


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--in-flight", "--warm-up", "--orders"):
        parser.add_argument(name, type=int, default=100)
    for name in ("--rate", "--seconds"):
        parser.add_argument(name, type=float, default=0.0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.write(f"{runner.run(measure(parser.parse_args()))}\n")
