"""An order's money, step by step: authorised, more of it later, captured by parcel, voided and given back.

A capture, a void or a refund may take several steps at the gateway, one for each authorisation that it draws on:
each is the next try of the same label.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Effect, EffectOutcome, Step, TaskQueue
    from activities.payment_contracts import AuthorizeMoreStep, AuthorizeStep, CaptureStep, VoidMoreStep
    from activities.payments import PaymentActivities
    from activities.refunds import GrantedRefundStep
    from domain.money import Money

from workflows.renewal import Renewal
from workflows.saga import Saga
from workflows.turns import Turns

P = TypeVar("P")


class OrderMoney:
    """`turns` is the order's semantic lock: the rest is not freed while a change may still need it."""

    def __init__(self, saga: Saga, turns: Turns, renewal: Renewal) -> None:
        self._saga = saga
        self._turns = turns
        self._renewal = renewal
        self._freeing: asyncio.Task[None] | None = None
        self._rest = False

    async def authorize(self) -> Effect:
        """Authorise the order's total. A decline is an outcome."""
        return self._seen(
            await self._saga.outside(
                "authorize",
                TaskQueue.PAYMENTS,
                PaymentActivities.authorize_payment,
                lambda step: AuthorizeStep(step, self._renewal.until()),
                refusable=True,
            )
        )

    async def authorize_more(self, key: str, amount: Money, reason: str) -> Effect:
        """Authorise `amount` beside what is authorised already: an authorisation of its own.

        To be called by a change of the order that makes it cost more, in its turn, before what makes it cost more
        is appended, and with `undo_more(key)` registered as its compensation first::

            effect = await money.authorize_more(amendment_id, more, "amendment")
            if effect.outcome is EffectOutcome.REFUSED: ...  # declined: `effect.code`, `effect.reason`

        The method is the one that the order is paid with. Captures draw on all authorisations, the oldest first,
        so that nothing else is to be done with it; what is not captured in the end is voided.

        Args:
            key: The change's id; the step is `authorize-more:{key}`, which is also the gateway's idempotency key.
            reason: Why, in plain words and of no person; it stands in the request's event.
        """
        await self.renewed()
        return self._seen(
            await self._saga.outside(
                f"authorize-more:{key}",
                TaskQueue.PAYMENTS,
                PaymentActivities.authorize_more,
                lambda step: AuthorizeMoreStep(step, amount, reason, self._renewal.until()),
                interruptible=False,
                refusable=True,
            )
        )

    @property
    def renewing(self) -> bool:
        """Whether an authorisation is being asked for in an old one's place: both count as open until it is."""
        return self._renewal.under_way

    async def renewed(self) -> None:
        """Return once no authorisation is being renewed."""
        if self.renewing:
            await workflow.wait_condition(lambda: not self.renewing)

    async def undo_more(self, key: str) -> None:
        """Void what `authorize_more` got under this key, whether or not its outcome is known."""
        label = f"authorize-more:{key}"
        asked = max(self._saga.tried(label) - 1, 0)  # a step that has had its outcome counts one further
        await self._in_parts(
            f"void:{key}",
            PaymentActivities.void_more,
            lambda step: VoidMoreStep(step, f"{label}#{asked}"),
        )

    async def capture(self, shipment_id: str, share: Money) -> None:
        """Take a dispatched parcel's share; once nothing is left to be taken, the rest is freed meanwhile."""
        effect = await self._in_parts(
            f"capture:{shipment_id}",
            PaymentActivities.capture_payment,
            lambda step: CaptureStep(step, shipment_id, share),
            interruptible=True,
        )
        if effect.rest:
            self.free_rest()

    def free_rest(self) -> None:
        """Begin to void what nothing will be captured of any more; `settle` awaits it."""
        if self._freeing is None or self._freeing.done():
            self._freeing = asyncio.create_task(self._free_rest())

    async def settle(self) -> None:
        """Return once nothing is on its way, and what is left of the authorisations is void."""
        await self.renewed()
        if self._rest:
            self.free_rest()
        if self._freeing is not None:
            await self._freeing

    async def _free_rest(self) -> None:
        async with self._turns.one("void", patience=None):
            pass  # behind the change that is under way; one that parks must not keep operators out, so no longer
        await self._in_parts("void", PaymentActivities.void_rest, _same)

    async def undo(self) -> None:
        """Void what is authorised, give back what is captured; either may find nothing to do."""
        await self._in_parts("void", PaymentActivities.void_payment, _same)
        await self._in_parts("refund", PaymentActivities.refund_payment, _same)

    async def _in_parts(
        self,
        label: str,
        method: Callable[[Any, P], Awaitable[Effect]],
        given: Callable[[Step], P],
        *,
        interruptible: bool = False,
    ) -> Effect:
        return self._seen(await in_parts(self._saga, label, method, given, interruptible=interruptible))

    def _seen(self, effect: Effect) -> Effect:
        self._renewal.know(effect.expires_at)
        self._rest = effect.rest
        return effect


async def in_parts(
    saga: Saga,
    label: str,
    method: Callable[[Any, P], Awaitable[Effect]],
    given: Callable[[Step], P],
    *,
    interruptible: bool = False,
) -> Effect:
    """Run a money step until no part of it is left to do."""
    while True:
        effect = await saga.outside(label, TaskQueue.PAYMENTS, method, given, interruptible=interruptible)
        if not effect.more or effect.outcome is EffectOutcome.NOTHING:
            return effect


async def refund_grant(saga: Saga, grant_id: str) -> None:
    """Give back a refund that the order itself has granted."""
    await in_parts(
        saga,
        f"refund:{grant_id}",
        PaymentActivities.refund_granted,
        lambda step: GrantedRefundStep(step, grant_id),
    )


def _same(step: Step) -> Step:
    return step
