"""Sending an order's parcels: booked, dispatched, captured and delivered side by side; or stopped in time."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.contracts import EffectOutcome, RejectStep, TaskQueue
    from activities.inventory import InventoryActivities
    from activities.lost_contracts import DispatchStep, LostParcel
    from activities.orders import OrderActivities
    from activities.shipping import ShippingActivities
    from activities.shipping_contracts import ParcelStep, StopParcelStep, TrackStep
    from domain.money import Money
    from domain.orders.model import OrderStatus
    from domain.shipping.events import PlannedParcel, TrackingStatus
    from workflows.contracts import StepPolicies

from workflows.losses import Losses
from workflows.saga import Interrupted, Saga


class Capturing(Protocol):
    """What becomes of the money when a parcel has left: see `OrderMoney`."""

    async def capture(self, shipment_id: str, share: Money) -> None: ...


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
        self.deliver_by: datetime | None = None
        self.lost = False
        self.withdrawn = False  # an amendment sends its goods otherwise, or not at all
        self.replacement: Parcel | None = None


class Fulfilment:
    """The parcels of one order. News of them may come before, while or after it waits for them."""

    def __init__(self, saga: Saga, money: Capturing, policies: StepPolicies) -> None:
        self._saga = saga
        self._money = money
        self._policies = policies
        self.losses = Losses(saga, policies)
        self._news: dict[str, TrackingStatus] = {}
        self._resumed = False
        self._booked_before: frozenset[str] = frozenset()
        self._parcels: list[Parcel] = []
        self._paused = False
        self._changed = asyncio.Event()
        saga.holding.append(lambda label: self._paused and label.startswith("book:"))
        saga.dropped = self._dropped

    def resume(self, tracking: Mapping[str, TrackingStatus]) -> None:
        """Take what an earlier run of the workflow knew: how far each booked parcel came."""
        self._resumed = True
        self._booked_before = frozenset(tracking)
        for shipment_id, status in tracking.items():
            self.note(shipment_id, status)

    def parcels(self, plans: Sequence[PlannedParcel]) -> list[Parcel]:
        return [self._parcel(plan) for plan in plans]

    def _parcel(self, plan: PlannedParcel) -> Parcel:
        return Parcel(plan, booked=plan.shipment_id in self._booked_before, informed=not self._resumed)

    def note(self, shipment_id: str, status: TrackingStatus) -> None:
        """Take news of a parcel; repeats and late news change nothing."""
        known = self._news.get(shipment_id, TrackingStatus.BOOKED)
        self._news[shipment_id] = max(known, status, key=lambda each: each.rank)

    def take(self, parcels: list[Parcel]) -> None:
        """These are the order's parcels."""
        self._parcels = parcels

    async def send_all(self) -> None:
        """Send every parcel, side by side. A cancellation stops them all, unless one has left already."""
        while True:
            await self._send_each()
            if self._saga.cancelling:
                await self.stop_all(self._present)
            if all(parcel.delivered for parcel in self._present):
                return

    @property
    def _present(self) -> list[Parcel]:
        return [parcel for parcel in self._parcels if not parcel.withdrawn]

    async def _send_each(self) -> None:
        """Send the parcels, and those that an amendment puts in their place meanwhile."""
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            while self._more_than(tasks) or self._paused or not all(task.done() for task in tasks.values()):
                for parcel in self._present:
                    if parcel.id not in tasks:
                        tasks[parcel.id] = asyncio.create_task(self._send(parcel))
                        tasks[parcel.id].add_done_callback(lambda _: self._changed.set())
                # Not a condition: between steps the workflow may go on as another run wherever one is looked at.
                await self._changed.wait()
                self._changed.clear()
                for task in filter(asyncio.Task.done, tasks.values()):
                    task.result()
        finally:
            for task in tasks.values():
                task.cancel()

    def _more_than(self, known: Collection[str]) -> bool:
        return any(parcel.id not in known for parcel in self._present)

    async def _send(self, parcel: Parcel) -> None:
        try:
            await self._have_collected(parcel)
            await self._dispatch(parcel)
            if parcel.lost or not await self._await_news(parcel, TrackingStatus.DELIVERED, parcel.deliver_by):
                await self._lose(parcel)
            else:
                await self._deliver(parcel)
        except Interrupted:
            pass  # `send_all` looks at how far it came

    async def _have_collected(self, parcel: Parcel) -> None:
        """Have it booked, and booked again when an amendment stopped it and was rejected."""
        collected = False
        while not collected:
            await self._book(parcel)
            collected = await self._await_news(parcel, TrackingStatus.DISPATCHED)

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
            deadline = self.losses.deadline()
            done = await self._saga.own_step(
                f"dispatch:{parcel.id}",
                InventoryActivities.dispatch_parcel,
                lambda step: DispatchStep(step, parcel.plan, deadline),
                interruptible=False,
            )
            parcel.dispatched, parcel.lost, parcel.deliver_by = True, done.lost, done.deliver_by
        if not parcel.captured:
            await self._money.capture(parcel.id, parcel.plan.share)
            parcel.captured = True

    async def _deliver(self, parcel: Parcel) -> None:
        await self._saga.own_step(
            f"deliver:{parcel.id}",
            ShippingActivities.deliver_parcel,
            lambda step: ParcelStep(step, parcel.plan),
            interruptible=False,
        )
        parcel.delivered = True

    async def _lose(self, parcel: Parcel) -> None:
        """Its time is over: an operator or the policy says what is done, unless it is found before that."""
        if parcel.delivered:
            return  # found, before a cancellation that came too late
        parcel.lost = True
        deadline = parcel.deliver_by or workflow.now()
        if not await self.losses.lose(parcel.id, deadline):
            parcel.delivered = True
            return
        answer = await self.losses.answer(
            parcel.id, lambda: self._reached(parcel, TrackingStatus.DELIVERED), lambda: self._ask(parcel)
        )
        if answer is None:
            await self._deliver(parcel)
            answer = self.losses.known(parcel.id)  # it may have come while the delivery waited for its turn
        if answer is not None:
            await self._follow(parcel, answer)

    async def _follow(self, parcel: Parcel, answer: LostParcel) -> None:
        """Do what was answered; the parcel is over once its replacement has arrived, or its refund is given."""
        parcel.delivered = False
        if answer.grant_id:
            await self.losses.refund(answer.grant_id)
        if answer.replacement:
            parcel.replacement = parcel.replacement or self._parcel(answer.replacement)
            await self._send(parcel.replacement)
            if not parcel.replacement.delivered:
                return
        if self._reached(parcel, TrackingStatus.DELIVERED):
            await self._deliver(parcel)  # found too late: noted, and nothing more
        parcel.delivered = True

    def _reached(self, parcel: Parcel, status: TrackingStatus) -> bool:
        return self._news.get(parcel.id, TrackingStatus.BOOKED).rank >= status.rank

    async def _await_news(self, parcel: Parcel, status: TrackingStatus, until: datetime | None = None) -> bool:
        """Wait for the carrier's webhook; ask the carrier when none has come for long.

        After `until` the carrier is asked once more, and again until it answers; False when it knows nothing new.
        """
        patience = timedelta(seconds=self._policies.tracking_poll)
        note = f"{parcel.id} {status}"
        while not self._reached(parcel, status) and (parcel.booked or parcel.dispatched):
            left = until - workflow.now() if until else patience
            within = min(left, patience) if left > timedelta(0) else patience
            if parcel.informed and await self._saga.wait(
                lambda: self._reached(parcel, status) or not (parcel.booked or parcel.dispatched),
                within=within,
                note=note,
            ):
                break
            parcel.informed = True
            over = until is not None and workflow.now() >= until
            if await self._ask(parcel) and over:
                break
        return self._reached(parcel, status)

    async def _ask(self, parcel: Parcel) -> bool:
        try:
            tracked = await self._saga.call(
                TaskQueue.SHIPPING,
                ShippingActivities.track_parcel,
                TrackStep(self._saga.order_id, parcel.id),
                note=f"track {parcel.id}",
            )
        except ActivityError as failure:
            workflow.logger.warning("the carrier does not answer about a parcel: %s", failure.cause)
            return False
        self.note(parcel.id, tracked.status)
        return True

    # Amendments

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is booked meanwhile, and the parcels do not come to their end."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False
            self._changed.set()

    async def withdraw(self, names: Collection[str]) -> bool:
        """Stop these parcels; False when one has left. The others are booked again, unless they are replanned."""
        parcels = [parcel for parcel in self._present if parcel.id in names]
        await workflow.wait_condition(lambda: not any(self._saga.calling(f"book:{each.id}") for each in parcels))
        for parcel in parcels:
            if parcel.dispatched or not await self._stop(parcel):
                return False
        return True

    def replan(self, plans: Sequence[PlannedParcel]) -> None:
        """Go on with these parcels; of those that were there, the others are withdrawn."""
        planned = {plan.shipment_id: plan for plan in plans}
        for parcel in self._present:
            parcel.withdrawn = parcel.id not in planned
            parcel.plan = planned.pop(parcel.id, parcel.plan)
        self._parcels += [self._parcel(plan) for plan in planned.values()]
        self._changed.set()

    def _dropped(self, label: str) -> bool:
        return any(parcel.withdrawn and label == f"book:{parcel.id}" for parcel in self._parcels)

    # Cancellation

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
