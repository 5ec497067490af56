"""Sending an order's parcels: booked, dispatched, captured and delivered side by side; or stopped in time."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.contracts import (
        CaptureStep,
        EffectOutcome,
        ParcelStep,
        PlannedParcel,
        RejectStep,
        StopParcelStep,
        TaskQueue,
        TrackStep,
    )
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.shipping import ShippingActivities
    from domain.orders.model import OrderStatus
    from domain.shipping.events import TrackingStatus
    from workflows.contracts import StepPolicies
    from workflows.saga import Interrupted, Saga


class Parcel:
    """One warehouse's parcel, and how far it came.

    It is not `informed` while news of it may have gone to an earlier run of the workflow, and with that be lost.
    """

    def __init__(self, plan: PlannedParcel, *, booked: bool, informed: bool) -> None:
        self.plan = plan
        self.id = plan.shipment_id
        self.booked = booked
        self.informed = informed
        self.dispatched = self.captured = self.delivered = False


class Fulfilment:
    """The parcels of one order. News of them may come before, while or after it waits for them."""

    def __init__(self, saga: Saga, order_id: UUID, policies: StepPolicies) -> None:
        self._saga = saga
        self._order_id = order_id
        self._policies = policies
        self._news: dict[str, TrackingStatus] = {}
        self._resumed = False
        self._booked_before: frozenset[str] = frozenset()

    def resume(self, tracking: Mapping[str, TrackingStatus]) -> None:
        """Take what an earlier run of the workflow knew: how far each booked parcel came."""
        self._resumed = True
        self._booked_before = frozenset(tracking)
        for shipment_id, status in tracking.items():
            self.note(shipment_id, status)

    def parcels(self, plans: Sequence[PlannedParcel]) -> list[Parcel]:
        return [
            Parcel(plan, booked=plan.shipment_id in self._booked_before, informed=not self._resumed)
            for plan in plans
        ]

    def note(self, shipment_id: str, status: TrackingStatus) -> None:
        """Take news of a parcel; repeats and late news change nothing."""
        known = self._news.get(shipment_id, TrackingStatus.BOOKED)
        self._news[shipment_id] = max(known, status, key=lambda each: each.rank)

    async def send_all(self, parcels: list[Parcel]) -> None:
        """Send every parcel, side by side. A cancellation stops them all, unless one has left already."""
        while True:
            await asyncio.gather(*(self._send(parcel) for parcel in parcels))
            if self._saga.cancelling:
                await self.stop_all(parcels)
            if all(parcel.delivered for parcel in parcels):
                return

    async def _send(self, parcel: Parcel) -> None:
        try:
            await self._book(parcel)
            await self._await_news(parcel, TrackingStatus.DISPATCHED)
            await self._dispatch(parcel)
            await self._await_news(parcel, TrackingStatus.DELIVERED)
            await self._deliver(parcel)
        except Interrupted:
            pass  # `send_all` looks at how far it came

    async def _book(self, parcel: Parcel) -> None:
        if parcel.booked:
            return
        await self._saga.outside(
            f"book:{parcel.id}",
            TaskQueue.SHIPPING,
            ShippingActivities.book_shipment,
            lambda step: ParcelStep(step, parcel.plan),
        )
        parcel.booked = True
        self._saga.show_status(OrderStatus.FULFILLING)

    async def _dispatch(self, parcel: Parcel) -> None:
        """Note that the parcel left, and capture its share of the total. The news is a fact: no interruption."""
        if not parcel.dispatched:
            await self._saga.own_step(
                f"dispatch:{parcel.id}",
                InventoryActivities.dispatch_parcel,
                lambda step: ParcelStep(step, parcel.plan),
                interruptible=False,
            )
            parcel.dispatched = True
        if not parcel.captured:
            await self._saga.outside(
                f"capture:{parcel.id}",
                TaskQueue.PAYMENTS,
                PaymentActivities.capture_payment,
                lambda step: CaptureStep(step, parcel.id, parcel.plan.share),
            )
            parcel.captured = True

    async def _deliver(self, parcel: Parcel) -> None:
        await self._saga.own_step(
            f"deliver:{parcel.id}",
            ShippingActivities.deliver_parcel,
            lambda step: ParcelStep(step, parcel.plan),
            interruptible=False,
        )
        parcel.delivered = True

    async def _await_news(self, parcel: Parcel, status: TrackingStatus) -> None:
        """Wait for the carrier's webhook; ask the carrier when none has come for long."""

        def arrived() -> bool:
            return self._news.get(parcel.id, TrackingStatus.BOOKED).rank >= status.rank

        patience = timedelta(seconds=self._policies.tracking_poll)
        note = f"{parcel.id} {status}"
        while not arrived():
            if parcel.informed and await self._saga.wait(arrived, within=patience, note=note):
                return
            parcel.informed = True
            await self._ask(parcel)

    async def _ask(self, parcel: Parcel) -> None:
        try:
            tracked = await self._saga.call(
                TaskQueue.SHIPPING,
                ShippingActivities.track_parcel,
                TrackStep(self._order_id, parcel.id),
                note=f"track {parcel.id}",
            )
        except ActivityError as failure:
            workflow.logger.warning("the carrier does not answer about a parcel: %s", failure.cause)
        else:
            self.note(parcel.id, tracked.status)

    async def stop_all(self, parcels: list[Parcel]) -> None:
        """Cancel the bookings. When a parcel has left, the cancellation is rejected and the order goes on.

        Raises:
            Interrupted: all are stopped, and the rest of the order is to be undone.
        """
        left = any(parcel.dispatched for parcel in parcels)
        for parcel in parcels:
            left = left or not await self._stop(parcel)
        if not left:
            raise Interrupted
        reason = "a parcel was collected before it could be stopped"
        await self._saga.own_step(
            "reject",
            OrderActivities.reject_cancellation,
            lambda step: RejectStep(step, reason),
            interruptible=False,
        )
        self._saga.cancelling = False

    async def _stop(self, parcel: Parcel) -> bool:
        if not (parcel.booked or self._resumed or self._saga.asked(f"book:{parcel.id}")):
            return True  # nobody has asked the carrier for anything
        effect = await self._saga.outside(
            f"unbook:{parcel.id}",
            TaskQueue.SHIPPING,
            ShippingActivities.cancel_booking,
            lambda step: StopParcelStep(step, parcel.plan, self._saga.key(f"book:{parcel.id}")),
            interruptible=False,
            refusable=True,
        )
        if effect.outcome is EffectOutcome.REFUSED:
            return False
        if not parcel.booked:  # its outcome was unknown, and its key is closed: booking anew is another try
            self._saga.next_try(f"book:{parcel.id}")
        parcel.booked = False
        return True
