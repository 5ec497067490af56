"""Authorisations are asked for anew before they expire; while one cannot be, nothing more is sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import CancelStep, Effect, EffectOutcome, TaskQueue
    from activities.orders import OrderActivities
    from activities.payment_contracts import RenewStep
    from activities.payments import PaymentActivities
    from workflows.contracts import StepPolicies

from workflows.failures import FAILED
from workflows.saga import Interrupted, Saga

LABEL: Final = "reauthorize"
PAUSE: Final = timedelta(minutes=1)
"""Between looks at an authorisation that something else is on its way for."""


class Renewal:
    """Knows when the order's authorisations run out. `chosen` counts the methods that followed a decline.

    It sets a timer only where the workflow would sleep past the time: the others set enough of them.
    """

    def __init__(self, saga: Saga, policies: StepPolicies, chosen: Callable[[], int]) -> None:
        self._saga = saga
        self._policies = policies
        self._chosen = chosen
        self._before = timedelta(seconds=policies.renew_before)
        self._expires_at: datetime | None = None
        self._lapsing = self._over = False
        self.under_way = False

    def know(self, expires_at: datetime | None) -> None:
        """Take when the first authorisation that has something left runs out; None when none does."""
        self._expires_at = expires_at

    def until(self) -> datetime | None:
        """Until when what is authorised now can be captured."""
        lifetime = self._policies.authorization_lifetime
        return workflow.now() + timedelta(seconds=lifetime) if lifetime else None

    def covers(self, label: str) -> bool:
        """Whether a step may not begin because the order might not be paid: parcels are not sent then."""
        expired = self._expires_at is not None and workflow.now() >= self._expires_at
        return label.startswith("book:") and (self._lapsing or expired)

    def end(self) -> None:
        """The order has ended: nothing is renewed any more."""
        self._over = True

    async def keep(self) -> None:
        """Renew in good time, until the order ends. A cancellation voids what there is, and is waited for."""
        while not self._over:
            try:
                await self._next()
            except Interrupted:
                await workflow.wait_condition(lambda: self._over or not self._saga.cancelling)

    async def _next(self) -> None:
        due = self._due()
        if due is None:
            self._lapsing = False
            await workflow.wait_condition(lambda: self._over or self._due() is not None)
        elif self._saga.cancelling:
            raise Interrupted
        elif self._saga.awake_by(due) and due > workflow.now():
            await workflow.wait_condition(
                lambda: self._other(due) or not self._saga.awake_by(due) or due <= workflow.now()
            )
        elif due <= workflow.now() or not await self._changes(due, due - workflow.now()):
            await self._renew(due)

    def _due(self) -> datetime | None:
        return self._expires_at - self._before if self._expires_at else None

    def _other(self, due: datetime) -> bool:
        return self._over or self._saga.cancelling or self._due() != due

    async def _changes(self, due: datetime, within: timedelta) -> bool:
        """Wait for so long; True once there is something else to do."""
        try:
            await workflow.wait_condition(
                lambda: self._other(due),
                timeout=within,
                timeout_summary="renewal of the authorisation",
            )
        except TimeoutError:
            return False
        return True

    async def _renew(self, due: datetime) -> None:
        self.under_way = True
        try:
            effect = await self._ask()
            if effect.outcome is EffectOutcome.DONE:
                await self._free_replaced()
        finally:
            self.under_way = False
        if effect.outcome is EffectOutcome.REFUSED:
            await self._declined(effect)
        elif effect.outcome is EffectOutcome.NOTHING:
            await self._changes(due, PAUSE)

    async def _ask(self) -> Effect:
        effect = await self._saga.outside(
            LABEL,
            TaskQueue.PAYMENTS,
            PaymentActivities.renew_authorization,
            lambda step: RenewStep(step, workflow.now() + self._before, self.until() or workflow.now()),
            refusable=True,
        )
        self.know(effect.expires_at)
        if effect.outcome is EffectOutcome.DONE:
            self._lapsing = False
        return effect

    async def _free_replaced(self) -> None:
        more = True
        while more:
            effect = await self._saga.outside(
                "void:renewed",
                TaskQueue.PAYMENTS,
                PaymentActivities.void_replaced,
                lambda step: step,
                interruptible=False,
            )
            more = effect.more and effect.outcome is not EffectOutcome.NOTHING
            self.know(effect.expires_at)

    async def _declined(self, effect: Effect) -> None:
        """Wait for another method; when that time is over, cancel the order, unless a parcel has left."""
        self._lapsing = True
        self._saga.ask(LABEL)
        try:
            if not await self._another_method(effect.declines) and not await self._give_up(effect):
                await workflow.wait_condition(lambda: self._paid(effect.declines) or self._saga.cancelling)
        finally:
            self._saga.asked_enough(LABEL)

    def _paid(self, declines: int) -> bool:
        """Whether there is a method to try, or nothing to pay for any more."""
        return self._over or self._due() is None or self._chosen() >= declines

    async def _another_method(self, declines: int) -> bool:
        allowed = timedelta(seconds=self._policies.unpaid_expiry)
        return self._paid(declines) or (
            bool(allowed)
            and await self._saga.wait(lambda: self._paid(declines), within=allowed, note="another payment method")
        )

    async def _give_up(self, declined: Effect) -> bool:
        """Have the order cancelled; False when that is refused, for a parcel has left."""
        given = CancelStep(self._saga.step("give-up"), f"payment not renewed: {declined.code}")
        try:
            done = await self._saga.own(OrderActivities.request_cancellation, given, note="give-up")
        except FAILED:
            return False
        self._saga.next_try("give-up")
        self._saga.cancelling = self._saga.cancelling or done.cancelling
        return done.cancelling
