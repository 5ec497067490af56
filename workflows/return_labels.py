"""The label that goods come back with: booked once the return is approved, followed, cancelled when it is idle."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Step, TaskQueue
    from activities.return_labels import MovedStep, ReturnLabelActivities
    from activities.returns import ReturnActivities, ReturnStep
    from domain.identifiers import label_parcel
    from domain.shipping.events import TrackingStatus
    from workflows.contracts import StepPolicies

from workflows.saga import Interrupted, Saga

PATIENCE: Final = timedelta(days=1)
"""Without news for so long, the carrier is asked."""


class ReturnLabel:
    """Works beside the return, which waits for neither the label nor its parcel: goods come without them too.

    It has a saga of its own, so that a booking that is tried or parked gives way when the return goes on.
    """

    def __init__(self, order_id: UUID, return_id: UUID, policies: StepPolicies) -> None:
        self._saga = Saga(order_id, policies)
        self._return_id = return_id
        self._parcel = label_parcel(return_id)
        self._reached = self._noted = TrackingStatus.BOOKED
        self._work: asyncio.Task[None] | None = None

    @property
    def saga(self) -> Saga:
        return self._saga

    def note(self, status: TrackingStatus) -> None:
        """Take news of the parcel; repeats and late news change nothing."""
        self._reached = max(self._reached, status, key=lambda each: each.rank)

    def begin(self, *, wanted: bool, booked: bool) -> None:
        """Book it, if it is wanted, and follow the parcel until `end`."""
        if self._work is None and (wanted or booked):
            self._work = asyncio.create_task(self._run(booked=booked))

    async def end(self, *, rejected: bool) -> None:
        """The return goes on without. What is parked is answered; the label of a rejected return is cancelled."""
        if self._work is None and not rejected:
            return
        self._saga.cancelling = True
        if self._work is not None and not self._work.done():
            let_go = Step(self._saga.order_id, f"let-go:{self._return_id}")
            await self._saga.own(ReturnActivities.take_up_return, self._given(let_go), note="let go")
        if rejected:
            await self.finished()
            await self._saga.outside(
                f"unbook:{self._parcel}",
                TaskQueue.SHIPPING,
                ReturnLabelActivities.cancel_label,
                self._given,
                interruptible=False,
                refusable=True,
            )

    async def finished(self) -> None:
        """Wait for what is in flight."""
        if self._work is not None:
            await self._work

    async def _run(self, *, booked: bool) -> None:
        with suppress(Interrupted):
            if not booked:
                await self._saga.outside(
                    f"book:{self._parcel}", TaskQueue.SHIPPING, ReturnLabelActivities.book_label, self._given
                )
            else:
                await self._ask()  # what came meanwhile was told to nobody
            await self._follow()

    async def _follow(self) -> None:
        """Note what the carrier says, until the parcel is at the warehouse's door."""
        while self._noted is not TrackingStatus.DELIVERED:
            ready = await self._saga.wait(self._moved, within=PATIENCE, note="what comes back")
            if not ready:
                await self._ask()
                continue
            self._noted = self._reached
            arrived = self._noted is TrackingStatus.DELIVERED
            await self._saga.own_step(
                f"{'arrived' if arrived else 'moved'}:{self._parcel}",
                ReturnLabelActivities.note_label,
                lambda step, arrived=arrived: MovedStep(self._given(step), arrived),  # type: ignore[misc]
            )

    def _moved(self) -> bool:
        return self._reached.rank > max(self._noted, TrackingStatus.CANCELLED, key=lambda each: each.rank).rank

    async def _ask(self) -> None:
        given = self._given(Step(self._saga.order_id, "look"))
        try:
            tracked = await self._saga.call(
                TaskQueue.SHIPPING, ReturnLabelActivities.track_label, given, note=f"track {self._parcel}"
            )
        except ActivityError as failure:
            workflow.logger.warning("the carrier does not answer about a parcel: %s", failure.cause)
            return
        self.note(tracked.status)

    def _given(self, step: Step) -> ReturnStep:
        return ReturnStep(step, self._return_id)
