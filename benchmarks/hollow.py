"""The worker of the limit: the shipped order workflow, whose activities answer at once and do nothing.

`python -m benchmarks.hollow` with a stack's settings in the environment. It takes the shipped runner, pollers,
summaries and search attributes, so that what it carries through a second is what Temporal and the SDK can carry.
It prints the id of every order that it completes, and ends when its standard input does. The news of a parcel come
as late as the simulated courier's do, each a signal.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import uvloop
from temporalio import activity
from temporalio.client import Client

from activities.contracts import Effect, EffectOutcome, Placed, PlaceStep, Step, StepDone, TaskQueue
from activities.payment_contracts import AuthorizeStep, CaptureStep
from activities.shipping_contracts import ParcelStep
from activities.stock_contracts import Reserved, ReserveStep
from domain.identifiers import order_number
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.shipping.events import PlannedParcel, ShipmentItem, TrackingStatus
from ops.bootstrap import connect_temporal
from ops.config import Settings, load_settings
from ops.search_attributes import check_search_attributes
from ops.simulators.courier import TURN_SECONDS
from ops.telemetry import configure_logging
from ops.worker import workers
from workflows.contracts import TrackingNews, order_workflow_id
from workflows.order import OrderWorkflow

TOTAL = Money(6414, "EUR")
DONE = Effect(EffectOutcome.DONE, 1)


class HollowOrders:
    """The own-database steps, without a database."""

    @activity.defn
    async def place_order(self, given: PlaceStep) -> Placed:
        command = given.command
        return Placed(
            order_id=command.order_id,
            order_number=command.order_number,
            customer_id=command.customer_id,
            fingerprint=command.fingerprint,
            version=1,
            payment_method=command.payment_method,
            total=command.totals.total,
            status=OrderStatus.PLACED,
        )

    @activity.defn
    async def reserve_stock(self, given: ReserveStep) -> Reserved:
        step = given.step
        items = (ShipmentItem("MUG-BLUE", 2), ShipmentItem("TEE-BLACK-M", 1))
        parcel = PlannedParcel(f"{order_number(step.order_id)}-BER", "BER", items, TOTAL)
        return Reserved(2, (parcel,))

    @activity.defn
    async def confirm_order(self, step: Step) -> StepDone:
        return StepDone(3)

    @activity.defn
    async def dispatch_parcel(self, given: ParcelStep) -> StepDone:
        return StepDone(4)

    @activity.defn
    async def deliver_parcel(self, given: ParcelStep) -> StepDone:
        return StepDone(5)

    @activity.defn
    async def complete_order(self, step: Step) -> StepDone:
        print(step.order_id, flush=True)
        return StepDone(6)


class HollowServices:
    """The outside steps, without a payment gateway or a carrier."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._news: set[asyncio.Task[None]] = set()

    @activity.defn
    async def authorize_payment(self, given: AuthorizeStep) -> Effect:
        return DONE

    @activity.defn
    async def capture_payment(self, given: CaptureStep) -> Effect:
        return DONE

    @activity.defn
    async def book_shipment(self, given: ParcelStep) -> Effect:
        task = asyncio.create_task(self._send(given.step.order_id, given.parcel.shipment_id))
        self._news.add(task)
        task.add_done_callback(self._news.discard)
        return DONE

    async def _send(self, order_id: UUID, shipment_id: str) -> None:
        order = self._client.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))
        for status in (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED):
            await asyncio.sleep(TURN_SECONDS)
            await order.signal(OrderWorkflow.tracking, TrackingNews(shipment_id, status))


async def serve(settings: Settings) -> None:
    client = await connect_temporal(settings)
    await check_search_attributes(client)
    own, outside = HollowOrders(), HollowServices(client)
    services: dict[TaskQueue, Sequence[Any]] = {
        TaskQueue.ORDERS: (
            own.place_order,
            own.reserve_stock,
            own.confirm_order,
            own.dispatch_parcel,
            own.deliver_parcel,
            own.complete_order,
        ),
        TaskQueue.PAYMENTS: (outside.authorize_payment, outside.capture_payment),
        TaskQueue.SHIPPING: (outside.book_shipment,),
    }
    async with AsyncExitStack() as stack:
        for worker in workers(client, services):
            await stack.enter_async_context(worker)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    settings = load_settings()
    configure_logging(settings, process="hollow")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings))
