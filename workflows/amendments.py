"""Amendments of an order whose parcels are being sent: secured step by step, then applied; or nothing changes."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.amendment_contracts import Amending, RejectAmendmentStep
    from activities.amendments import REST, AmendmentActivities
    from activities.contracts import EffectOutcome, Refusal, Step
    from activities.payments import PaymentActivities
    from workflows.fulfilment import Fulfilment
    from workflows.holds import Holds
    from workflows.money import OrderMoney, in_parts
    from workflows.saga import GivenUp, Saga
    from workflows.stock import tell_served


class Amendments:
    """One at a time, for each holds the order's turn to its end. `any`: whether there was one."""

    def __init__(self, saga: Saga, money: OrderMoney, fulfilment: Fulfilment, holds: Holds) -> None:
        self._saga = saga
        self._money = money
        self._fulfilment = fulfilment
        self._holds = holds
        self.any = False

    async def carry_out(self, staged: Amending) -> Amending:
        """Make parcels and money right, and then the terms; what stands in the way leaves all as it was."""
        self.any = True
        with self._fulfilment.paused():
            refusal = await self._secure(staged)
            done = await (self._reject(staged, refusal) if refusal else self._apply(staged))
            self._fulfilment.replan(done.parcels)
            self._holds.plan(done.parcels)
        await tell_served(done.served)
        return done

    async def find(self) -> Amending:
        """The amendment that an earlier run of the workflow had under way."""
        step = Step(self._saga.order_id, f"find-amendment:{workflow.info().run_id}")
        return await self._saga.own(AmendmentActivities.find_amendment, step, note="find-amendment")

    async def _secure(self, staged: Amending) -> Refusal | None:
        """Stop the parcels that change, then have more money authorised: a stop that fails has taken none."""
        if not await self._fulfilment.withdraw(staged.to_stop):
            why = "a parcel that would change was collected before it could be stopped"
            return Refusal("too-late-to-amend", why)
        if self._money.renewing:
            await self._money.renewed()
            staged = await self.find()
        if not (staged.amendment_id and staged.to_authorise):
            return None
        try:
            effect = await self._money.authorize_more(staged.amendment_id, staged.to_authorise, "amendment")
        except GivenUp:
            await self._money.undo_more(staged.amendment_id)
            return Refusal("amendment-given-up", "an operator gave the amendment up")
        if effect.outcome is EffectOutcome.REFUSED:
            return Refusal(
                "payment-declined", f"the payment of {staged.to_authorise} more is declined: {effect.code}"
            )
        return None

    async def settle(self) -> None:
        """Make what was captured the price, once every parcel has left.

        The shares of parcels that had left before an amendment stay as they were. So a rest of the shipping fee
        may be in no parcel's share, when the others were taken out; or a cent too much in those that left.
        """
        if not self.any:
            return
        gap = await self._saga.own_step(
            "settle", AmendmentActivities.find_gap, lambda step: step, interruptible=False
        )
        if gap.share:
            await self._money.capture(REST, gap.share)
        if gap.excess:
            await in_parts(self._saga, "refund:excess", PaymentActivities.refund_excess, lambda step: step)

    async def _apply(self, staged: Amending) -> Amending:
        return await self._saga.own_step(
            f"apply-amendment:{staged.amendment_id}",
            AmendmentActivities.apply_amendment,
            lambda step: step,
            interruptible=False,
        )

    async def _reject(self, staged: Amending, refusal: Refusal) -> Amending:
        return await self._saga.own_step(
            f"reject-amendment:{staged.amendment_id}",
            AmendmentActivities.reject_amendment,
            lambda step: RejectAmendmentStep(step, refusal),
            interruptible=False,
        )
