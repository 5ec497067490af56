"""Getting an order's goods: reserved at once, or waited for while the customer is asked what to do."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Step
    from activities.inventory import InventoryActivities
    from activities.stock_contracts import Released, Reserved, ReserveStep, TakeUpStep
    from domain.orders.model import OrderStatus
    from workflows.contracts import RESTOCKED, StepPolicies, order_workflow_id

from workflows.saga import Saga

MOST_DOUBLINGS: Final = 6
"""A look for stock that nobody told of finds less the longer it takes: each waits twice as long, up to 64-fold."""


class Goods:
    """`news` is set by the signal that stock came and by the customer's decision: both are looked up, not told."""

    def __init__(self, saga: Saga, policies: StepPolicies) -> None:
        self._saga = saga
        self._policies = policies
        self.news = False
        self._looks = 0

    async def reserve(self) -> Reserved:
        """Reserve every line, however long it takes; without parcels the order cannot be served.

        Raises:
            Interrupted: the order is being cancelled.
        """
        reserved = await self._saga.own_step("reserve", InventoryActivities.reserve_stock, self._question)
        while reserved.waiting:
            reserved = await self._wait(reserved)
        return reserved

    def _question(self, step: Step) -> ReserveStep:
        policies = self._policies
        return ReserveStep(
            step, workflow.now() + timedelta(seconds=policies.decide_within), policies.decide_default
        )

    async def _wait(self, reserved: Reserved) -> Reserved:
        """Wait for news, with a slow look behind it in case that it was lost; then see how things stand."""
        self._saga.show_status(reserved.status or OrderStatus.PLACED)
        patience = timedelta(seconds=self._policies.restock_poll * 2 ** min(self._looks, MOST_DOUBLINGS))
        self._looks += 1
        if reserved.decide_by is not None:
            patience = max(min(patience, reserved.decide_by - workflow.now()), timedelta(0))
        await self._saga.wait(lambda: self.news, within=patience, note="stock, or the customer's decision")
        self.news = False
        taken = await self._saga.own_step(
            "take-up", InventoryActivities.take_up_stock, lambda step: TakeUpStep(step, workflow.now())
        )
        self._saga.cancelling = self._saga.cancelling or taken.cancelling
        await tell_served(taken.served)
        return taken

    async def release(self) -> None:
        given: Callable[[Step], Step] = lambda step: step  # noqa: E731
        released: Released = await self._saga.own_step(
            "release", InventoryActivities.release_stock, given, interruptible=False
        )
        await tell_served(released.served)


async def tell_served(orders: Sequence[UUID]) -> None:
    """Tell waiting orders that stock came for them. One that is not running looks for itself when it is."""
    for order_id in orders:
        try:
            await workflow.get_external_workflow_handle(order_workflow_id(order_id)).signal(RESTOCKED)
        except ApplicationError as gone:
            workflow.logger.warning("an order that got stock is not running: %s", gone)
