"""Parcels that did not arrive in time: lost, answered by an operator or the policy, replaced or refunded."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.lost import LostParcelActivities
    from activities.lost_contracts import AnswerLostStep, LoseStep, LostParcel
    from workflows.contracts import StepPolicies

from workflows.money import refund_grant
from workflows.saga import Interrupted, Saga

POLICY = "the order's policy for lost parcels"


class Losses:
    """Takes a parcel from its deadline to its answer. Answers by command come in through `know`."""

    def __init__(self, saga: Saga, policies: StepPolicies) -> None:
        self._saga = saga
        self._policies = policies
        self._answered: dict[str, LostParcel] = {}

    def deadline(self) -> datetime | None:
        """When a parcel that is dispatched now will count as lost."""
        within = self._policies.deliver_within
        return workflow.now() + timedelta(seconds=within) if within else None

    def know(self, shipment_id: str, parcel: LostParcel) -> None:
        """Take an answer whose events are committed."""
        if parcel.answer:
            self._answered[shipment_id] = parcel

    async def lose(self, shipment_id: str, deliver_by: datetime) -> bool:
        """Note the loss, and answer it where the policy does; False when the parcel has arrived before."""
        lost = await self._saga.own_step(
            f"lose:{shipment_id}",
            LostParcelActivities.lose_parcel,
            lambda step: LoseStep(step, shipment_id, deliver_by),
            interruptible=False,
        )
        self.know(shipment_id, lost)
        policy = self._policies.on_lost
        if policy and not lost.arrived and shipment_id not in self._answered:
            answered = await self._saga.own_step(
                f"answer-loss:{shipment_id}",
                LostParcelActivities.answer_lost,
                lambda step: AnswerLostStep(step, shipment_id, policy, POLICY, lenient=True),
                interruptible=False,
            )
            self.know(shipment_id, answered)
            return not answered.arrived
        return not lost.arrived

    async def answer(
        self, shipment_id: str, arrived: Callable[[], bool], look: Callable[[], Awaitable[object]]
    ) -> LostParcel | None:
        """Wait for the answer; None when the parcel arrives first. `look` asks the carrier, now and then.

        Raises:
            Interrupted: the order is being cancelled.
        """
        label = f"lose:{shipment_id}"
        patience = timedelta(seconds=self._policies.tracking_poll)
        if not self._known(shipment_id):
            self._saga.ask(label)
        try:
            while not (self._known(shipment_id) or arrived()):
                ready = await self._saga.wait(
                    lambda: self._known(shipment_id) or arrived(), within=patience, note=f"lost: {shipment_id}"
                )
                if not ready:
                    await look()
        except Interrupted:
            self._saga.asked_enough(label)
            raise
        self._saga.asked_enough(label)
        return self._answered.get(shipment_id)

    async def refund(self, grant_id: str) -> None:
        """Give back what the answer has granted."""
        await refund_grant(self._saga, grant_id)

    def known(self, shipment_id: str) -> LostParcel | None:
        """The answer, if there is one."""
        return self._answered.get(shipment_id)

    def _known(self, shipment_id: str) -> bool:
        return shipment_id in self._answered
