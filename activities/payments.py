"""Steps on money: outside effects, each preceded by its request and each done once.

The step key is the gateway's idempotency key. An attempt that finds the request in the stream without an
outcome does not know whether an earlier attempt reached the gateway, so it looks the effect up there first.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from temporalio import activity

from activities import adopting
from activities.contracts import AdoptStep, Commanded, Effect, EffectOutcome, Step
from activities.gateways.protocol import PaymentEffect, PaymentGateway, Refused
from activities.order_stream import (
    Decide,
    LoadedOrder,
    load_order,
    run_step,
)
from activities.payment_contracts import CaptureStep, UndoPaymentStep
from activities.refunds import GrantedRefundStep
from domain.payments import decide
from domain.payments.events import (
    PaymentAbandoned,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentVoided,
)
from domain.payments.stalled import FoundEffect, MoneyRequest, adopt
from domain.record import OrderStreamEvent
from eventstore.store import EventStore

Call = Callable[[LoadedOrder], Awaitable[PaymentEffect]]
Outcome = Callable[[str, PaymentEffect], PaymentEvent]


@dataclass(frozen=True, slots=True)
class PaymentActivities:
    store: EventStore
    gateway: PaymentGateway

    @activity.defn
    async def authorize_payment(self, step: Step) -> Effect:
        """Authorise the order's total with the method it was placed with, or the one chosen since."""

        async def call(order: LoadedOrder) -> PaymentEffect:
            method = order.record.payment_method
            return await self.gateway.authorize(
                step.order_id, step.key, method=method, amount=order.record.order.owed
            )

        return await self._effect(
            step,
            lambda record: decide.request_authorization(
                record.payment_state,
                step.key,
                method=record.payment_method,
                amount=record.order.owed,
            ),
            call,
            lambda key, done: PaymentAuthorized(key, done.reference, done.amount),
            lambda key, refused: PaymentDeclined(key, refused.code, refused.reason),
        )

    @activity.defn
    async def capture_payment(self, given: CaptureStep) -> Effect:
        """Capture a dispatched parcel's share."""
        step = given.step

        async def call(order: LoadedOrder) -> PaymentEffect:
            return await self.gateway.capture(
                step.order_id, step.key, payment=_reference(order), amount=given.amount
            )

        return await self._effect(
            step,
            lambda record: decide.request_capture(
                record.payment_state, step.key, shipment_id=given.shipment_id, amount=given.amount
            ),
            call,
            lambda key, done: PaymentCaptured(key, done.reference, done.amount),
        )

    @activity.defn
    async def void_payment(self, given: UndoPaymentStep) -> Effect:
        """Free what is authorised and not captured; first find out whether anything was authorised at all."""
        step = given.step
        await self._settle_authorization(step, given.authorization)

        async def call(order: LoadedOrder) -> PaymentEffect:
            return await self.gateway.void(step.order_id, step.key, payment=_reference(order))

        return await self._effect(
            step,
            lambda record: decide.request_void(record.payment_state, step.key),
            call,
            lambda key, done: PaymentVoided(key, done.reference, done.amount),
        )

    @activity.defn
    async def refund_payment(self, step: Step) -> Effect:
        """Give back all that is captured and not refunded."""

        async def call(order: LoadedOrder) -> PaymentEffect:
            return await self.gateway.refund(
                step.order_id, step.key, payment=_reference(order), amount=order.record.payment.paid
            )

        return await self._effect(
            step,
            lambda record: (
                decide.request_refund(record.payment_state, step.key, amount=record.payment.paid)
                if record.payment.paid
                else []
            ),
            call,
            lambda key, done: PaymentRefunded(key, done.reference, done.amount),
        )

    @activity.defn
    async def adopt_payment(self, given: AdoptStep) -> Commanded:
        """Take an effect in the gateway's books as the outcome of a stalled money step."""
        order_id = given.step.order_id
        effects = await self.gateway.list_effects(order_id)
        effect = next((each for each in effects if each.reference == given.reference), None)

        def outcome(order: LoadedOrder, key: str) -> Sequence[OrderStreamEvent]:
            asked = order.of_step(given.stalled)
            if not asked or not isinstance(asked[0], MoneyRequest):
                raise adopting.no_request(given)
            if effect is None:
                raise adopting.unknown_reference(given)
            found = FoundEffect(effect.kind, effect.reference, effect.payment, effect.amount)
            known = adopting.references(order)
            return adopt(order.record.payment_state, asked[0], found, step=key, known=known)

        async def close(key: str) -> str | None:
            made = await self.gateway.abandon(order_id, key)
            return made.reference if made else None

        return await adopting.adopt(self.store, given, outcome, close)

    @activity.defn
    async def refund_granted(self, given: GrantedRefundStep) -> Effect:
        """Give back what was granted."""
        step = given.step

        async def call(order: LoadedOrder) -> PaymentEffect:
            amount = order.record.payment.grants[given.grant_id]
            return await self.gateway.refund(step.order_id, step.key, payment=_reference(order), amount=amount)

        return await self._effect(
            step,
            lambda record: decide.request_granted_refund(record.payment_state, step.key, grant_id=given.grant_id),
            call,
            lambda key, done: PaymentRefunded(key, done.reference, done.amount),
        )

    async def _effect(
        self,
        step: Step,
        request: Decide,
        call: Call,
        outcome: Outcome,
        refusal: Callable[[str, Refused], PaymentEvent] | None = None,
    ) -> Effect:
        order = await load_order(self.store, step.order_id)
        repeated = bool(order.of_step(step.key))
        order = await run_step(self.store, step, request, known=order)
        stored = order.of_step(step.key)
        if not stored:
            return Effect(EffectOutcome.NOTHING, order.version)
        if len(stored) == 1:
            event = await self._call(step, order, call, outcome, refusal or _refused, look_up=repeated)
            order = await self._append_outcome(step, event, order)
        return _effect_of(order, step)

    async def _call(
        self,
        step: Step,
        order: LoadedOrder,
        call: Call,
        outcome: Outcome,
        refusal: Callable[[str, Refused], PaymentEvent],
        *,
        look_up: bool,
    ) -> PaymentEvent:
        done = await self.gateway.find(step.order_id, step.key) if look_up else None
        try:
            return outcome(step.key, done or await call(order))
        except Refused as refused:
            return refusal(step.key, refused)

    async def _append_outcome(self, step: Step, event: PaymentEvent, order: LoadedOrder) -> LoadedOrder:
        """The effect exists: its event is appended whatever else happened to the order meanwhile."""
        return await run_step(self.store, step, lambda record: (event,), known=order, written=2)

    async def _settle_authorization(self, step: Step, authorization: str) -> None:
        """Give an authorisation without a known outcome the one that the gateway's books show.

        The key is closed first: an attempt that is still on its way (a frozen worker's) must find it closed.
        """
        order = await load_order(self.store, step.order_id)
        if authorization not in order.record.payment.pending:
            return
        found = await self.gateway.abandon(step.order_id, authorization)
        event: PaymentEvent = PaymentAbandoned(authorization)
        if found:
            event = PaymentAuthorized(authorization, found.reference, found.amount)
        await self._append_outcome(Step(step.order_id, authorization, step.actor), event, order)


def _reference(order: LoadedOrder) -> str:
    reference = order.record.payment.reference
    assert reference is not None  # the decider has refused otherwise
    return reference


def _refused(key: str, refused: Refused) -> PaymentEvent:
    return PaymentActionRefused(key, refused.code, refused.reason)


def _effect_of(order: LoadedOrder, step: Step) -> Effect:
    version = order.version_of(step.key)
    outcome: Sequence[OrderStreamEvent] = order.of_step(step.key)[1:]
    for event in outcome:
        if isinstance(event, PaymentAbandoned):
            return Effect(
                EffectOutcome.REFUSED, version, "abandoned", "the request was given up without an effect"
            )
        if isinstance(event, PaymentDeclined | PaymentActionRefused):
            return Effect(EffectOutcome.REFUSED, version, event.code, event.reason)
    return Effect(EffectOutcome.DONE, version)
