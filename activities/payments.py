"""Steps on money: outside effects, each preceded by its request and each done once.

The step key is the gateway's idempotency key. An attempt that finds the request in the stream without an
outcome does not know whether an earlier attempt reached the gateway, so it looks the effect up there first.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import activity

from activities import adopting
from activities.contracts import AdoptStep, Commanded, Effect, EffectOutcome, Step
from activities.gateways.credit import METHOD as STORE_CREDIT
from activities.gateways.protocol import PaymentEffect, PaymentGateway, Refused
from activities.order_stream import (
    Decide,
    LoadedOrder,
    load_order,
    run_step,
)
from activities.payment_contracts import AuthorizeMoreStep, AuthorizeStep, CaptureStep, RenewStep, VoidMoreStep
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
    PaymentRequested,
    PaymentVoided,
)
from domain.payments.model import Asking
from domain.payments.stalled import FoundEffect, MoneyRequest, adopt
from domain.record import OrderRecord, OrderStreamEvent
from eventstore.store import EventStore

Left = Callable[[OrderRecord], object]
"""What of it is still to be done afterwards, under another step: true of anything but nothing."""
Call = Callable[[LoadedOrder], Awaitable[PaymentEffect]]
Outcome = Callable[[str, PaymentEffect], PaymentEvent]


@dataclass(frozen=True, slots=True)
class PaymentActivities:
    store: EventStore
    gateway: PaymentGateway

    @activity.defn
    async def authorize_payment(self, given: AuthorizeStep) -> Effect:
        """Authorise the order's total with the method it was placed with, or the one chosen since."""
        step = given.step
        return await self._authorize(
            step,
            lambda record: decide.request_authorization(
                record.payment_state,
                step.key,
                method=record.payment_method,
                amount=record.order.owed,
                expires_at=_until(record, given.expires_at),
            ),
        )

    @activity.defn
    async def renew_authorization(self, given: RenewStep) -> Effect:
        """Authorise anew what is left of an authorisation that is about to expire."""
        step = given.step
        return await self._authorize(
            step,
            lambda record: decide.request_renewal(
                record.payment_state,
                step.key,
                method=record.payment_method,
                due_by=given.due_by,
                expires_at=_until(record, given.expires_at),
            ),
        )

    @activity.defn
    async def void_replaced(self, step: Step) -> Effect:
        """Free what is left of the authorisations that were renewed."""
        return await self._void(
            step,
            lambda record: decide.request_void_of_replaced(record.payment_state, step.key),
            lambda record: any(each.open for each in record.payment.replaced),
        )

    @activity.defn
    async def authorize_more(self, given: AuthorizeMoreStep) -> Effect:
        """Authorise so much beside what is authorised; a decline is an outcome, and changes nothing."""
        step = given.step
        return await self._authorize(
            step,
            lambda record: decide.request_more(
                record.payment_state,
                step.key,
                method=record.payment_method,
                amount=given.amount,
                reason=given.reason,
                expires_at=_until(record, given.expires_at),
            ),
        )

    @activity.defn
    async def capture_payment(self, given: CaptureStep) -> Effect:
        """Capture a dispatched parcel's share, or the part of it that the oldest authorisation covers."""
        step = given.step

        async def call(order: LoadedOrder) -> PaymentEffect:
            asked = _request(order, step)
            return await self.gateway.capture(
                step.order_id, step.key, payment=_payment(order, asked), amount=asked.amount
            )

        return await self._effect(
            step,
            lambda record: decide.request_capture(
                record.payment_state, step.key, shipment_id=given.shipment_id, amount=given.amount
            ),
            call,
            lambda key, done: PaymentCaptured(key, done.reference, done.amount),
            more=lambda record: decide.capture_left(record.payment, given.shipment_id, given.amount),
        )

    @activity.defn
    async def void_payment(self, step: Step) -> Effect:
        """Free what is authorised and not captured; first find out what was authorised at all."""
        order = await load_order(self.store, step.order_id)
        for key, asked in order.record.payment.pending.items():
            if asked.kind is Asking.AUTHORIZATION:
                await self._settle_authorization(step, key)
        return await self._void(
            step,
            lambda record: decide.request_void(record.payment_state, step.key),
            lambda record: record.payment.open,
        )

    @activity.defn
    async def void_more(self, given: VoidMoreStep) -> Effect:
        """Free what one authorisation has left; first find out whether it was made."""
        step = given.step
        await self._settle_authorization(step, given.authorization)
        return await self._void(
            step,
            lambda record: decide.request_void(record.payment_state, step.key, authorization=given.authorization),
            lambda record: None,
        )

    @activity.defn
    async def void_rest(self, step: Step) -> Effect:
        """Free what nothing will be captured of any more; nothing to do while something may be."""
        return await self._void(
            step,
            lambda record: decide.request_void(record.payment_state, step.key) if record.rest else [],
            lambda record: record.rest,
        )

    @activity.defn
    async def refund_payment(self, step: Step) -> Effect:
        """Give back all that is captured and not refunded, or what of it was captured from one authorisation."""
        return await self._refund(
            step,
            lambda record: (
                decide.request_refund(record.payment_state, step.key, amount=record.payment.paid)
                if record.payment.paid
                else []
            ),
            lambda record: record.payment.paid,
        )

    @activity.defn
    async def refund_excess(self, step: Step) -> Effect:
        """Give back what an amendment has left captured above the order's price."""
        return await self._refund(
            step,
            lambda record: decide.request_refund(record.payment_state, step.key, amount=record.excess),
            lambda record: record.excess,
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
        """Give back what was granted, or what of it was captured from one authorisation."""
        step = given.step
        return await self._refund(
            step,
            lambda record: decide.request_granted_refund(record.payment_state, step.key, grant_id=given.grant_id),
            lambda record: decide.refund_left(record.payment, step.key, given.grant_id),
        )

    async def _authorize(self, step: Step, request: Decide) -> Effect:
        async def call(order: LoadedOrder) -> PaymentEffect:
            asked = _request(order, step)
            assert isinstance(asked, PaymentRequested)
            return await self.gateway.authorize(step.order_id, step.key, method=asked.method, amount=asked.amount)

        return await self._effect(
            step,
            request,
            call,
            lambda key, done: PaymentAuthorized(key, done.reference, done.amount),
            lambda key, refused: PaymentDeclined(key, refused.code, refused.reason),
        )

    async def _void(self, step: Step, request: Decide, more: Left) -> Effect:
        async def call(order: LoadedOrder) -> PaymentEffect:
            payment = _payment(order, _request(order, step))
            return await self.gateway.void(step.order_id, step.key, payment=payment)

        return await self._effect(
            step, request, call, lambda key, done: PaymentVoided(key, done.reference, done.amount), more=more
        )

    async def _refund(self, step: Step, request: Decide, more: Left) -> Effect:
        async def call(order: LoadedOrder) -> PaymentEffect:
            asked = _request(order, step)
            return await self.gateway.refund(
                step.order_id, step.key, payment=_payment(order, asked), amount=asked.amount
            )

        return await self._effect(
            step, request, call, lambda key, done: PaymentRefunded(key, done.reference, done.amount), more=more
        )

    async def _effect(
        self,
        step: Step,
        request: Decide,
        call: Call,
        outcome: Outcome,
        refusal: Callable[[str, Refused], PaymentEvent] | None = None,
        *,
        more: Left = lambda record: None,
    ) -> Effect:
        order = await load_order(self.store, step.order_id)
        repeated = bool(order.of_step(step.key))
        order = await run_step(self.store, step, request, known=order)
        stored = order.of_step(step.key)
        if not stored:
            return _seen(order, Effect(EffectOutcome.NOTHING, order.version))
        if len(stored) == 1:
            event = await self._call(step, order, call, outcome, refusal or _refused, look_up=repeated)
            order = await self._append_outcome(step, event, order)
        effect = _seen(order, _effect_of(order, step))
        if effect.outcome is EffectOutcome.REFUSED:
            return effect
        return replace(effect, more=bool(more(order.record)))

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


def _until(record: OrderRecord, expires_at: datetime | None) -> datetime | None:
    """Store credit stays reserved for as long as it takes."""
    return None if record.payment_method == STORE_CREDIT else expires_at


def _request(order: LoadedOrder, step: Step) -> MoneyRequest:
    """What the step asked for when it asked first: that, and nothing that the caller says now, is what is done."""
    asked = order.of_step(step.key)[0]
    assert isinstance(asked, MoneyRequest)
    return asked


def _payment(order: LoadedOrder, asked: MoneyRequest) -> str:
    assert not isinstance(asked, PaymentRequested)
    payment = asked.payment or order.record.payment.reference
    assert payment is not None  # the decider has refused otherwise
    return payment


def _seen(order: LoadedOrder, effect: Effect) -> Effect:
    """The effect, with how the order's money stands now."""
    money = order.record.payment
    return replace(effect, rest=order.record.rest, expires_at=money.expires_at, declines=money.declines)


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
