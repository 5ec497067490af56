"""An order's money: lifetime sums, folded from its events. Statuses are read off the sums, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar, assert_never

from domain.money import Money, total
from domain.payments.events import (
    CaptureRequested,
    ChargebackOpened,
    PaymentAbandoned,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentMethodChosen,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    Purpose,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)


class PaymentStatus(StrEnum):
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NoPayment:
    """Nothing was asked of the gateway yet."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """One authorisation of the order, by the gateway's id of it: its own lifetime sums.

    `step` asked for it; it can be captured until `expires_at`, where that is known. A renewal `replaces` another.
    """

    reference: str
    step: str
    authorized: Money
    voided: Money
    captured: Money
    refunded: Money
    expires_at: datetime | None = None
    replaces: str | None = None

    @property
    def open(self) -> Money:
        return self.authorized - self.voided - self.captured

    @property
    def paid(self) -> Money:
        return self.captured - self.refunded


class Asking(StrEnum):
    """What a request asks the gateway for."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose outcome is not known. `payment` is the authorisation that it draws on."""

    kind: Asking
    amount: Money
    payment: str | None = None
    shipment_id: str | None = None
    purpose: Purpose = Purpose.ORDER
    expires_at: datetime | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Lifetime sums in the order's currency, of all its authorisations together.

    `pending` are requested steps whose outcome is not known, `disputes` the gateway's ids of the chargebacks,
    `grants` the refunds that were granted, `chosen` the methods that followed those that were declined;
    `shares` is what was captured by parcel, `given_back` what was refunded by the label of its step.
    `reference` is the youngest authorisation's.
    """

    authorized: Money
    voided: Money
    captured: Money
    refunded: Money
    charged_back: Money
    reference: str | None = None
    failure: str | None = None
    pending: Mapping[str, Asked] = field(default_factory=dict)
    disputes: frozenset[str] = frozenset()
    grants: Mapping[str, Money] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    declines: int = 0
    authorizations: tuple[Authorization, ...] = ()
    shares: Mapping[str, Money] = field(default_factory=dict)
    given_back: Mapping[str, Money] = field(default_factory=dict)
    renewal_declined: bool = False

    @property
    def granted(self) -> Money:
        """What the customer was let off, given back already or not."""
        return total(self.grants.values(), self.authorized.currency)

    @property
    def open(self) -> Money:
        """Authorised, and neither captured nor voided: what can still be captured."""
        return self.authorized - self.voided - self.captured

    def free(self, authorization: Authorization) -> Money:
        """What of it is neither captured, voided, nor about to be."""
        takes = (Asking.CAPTURE, Asking.VOID)
        return authorization.open - self._on_its_way(authorization, takes)

    def refundable(self, authorization: Authorization) -> Money:
        """What was captured of it, and neither refunded nor about to be."""
        return authorization.paid - self._on_its_way(authorization, (Asking.REFUND,))

    def _on_its_way(self, authorization: Authorization, kinds: tuple[Asking, ...]) -> Money:
        asked = [
            each.amount
            for each in self.pending.values()
            if each.kind in kinds and (each.payment or self.reference) == authorization.reference
        ]
        return total(asked, authorization.authorized.currency)

    @property
    def authorizing(self) -> bool:
        """Whether an authorisation is asked for and not answered."""
        return any(asked.kind is Asking.AUTHORIZATION for asked in self.pending.values())

    @property
    def lapsing(self) -> bool:
        """Whether something is authorised that could not be renewed: another method has to pay for it."""
        return self.renewal_declined and bool(self.open)

    @property
    def current(self) -> tuple[Authorization, ...]:
        """Those that captures draw on, the oldest first: none that a renewal has taken the place of."""
        replaced = {each.replaces for each in self.authorizations}
        return tuple(each for each in self.authorizations if each.reference not in replaced)

    @property
    def replaced(self) -> tuple[Authorization, ...]:
        """Those whose place a renewal has taken."""
        replaced = {each.replaces for each in self.authorizations}
        return tuple(each for each in self.authorizations if each.reference in replaced)

    @property
    def expires_at(self) -> datetime | None:
        """When the first authorisation that has something left can no longer be captured."""
        return min((each.expires_at for each in self.current if each.open and each.expires_at), default=None)

    def of_step(self, step: str) -> Authorization | None:
        """The authorisation that a step has got."""
        return next((each for each in self.authorizations if each.step == step), None)

    @property
    def paid(self) -> Money:
        """Captured and not refunded."""
        return self.captured - self.refunded

    @property
    def held(self) -> Money:
        """The customer's money that is tied up in any form."""
        return self.open + self.paid

    @property
    def status(self) -> PaymentStatus:
        if self.refunded:
            whole = self.refunded >= self.captured
            return PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED
        if self.captured:
            return PaymentStatus.PARTIALLY_CAPTURED if self.open else PaymentStatus.CAPTURED
        if self.open:
            return PaymentStatus.AUTHORIZED
        if self.voided:
            return PaymentStatus.VOIDED
        return PaymentStatus.FAILED if self.failure else PaymentStatus.PENDING


PaymentState = NoPayment | Payment
M = TypeVar("M", Authorization, Payment)
INITIAL: PaymentState = NoPayment()


def evolve(state: PaymentState, event: PaymentEvent) -> PaymentState:
    if isinstance(state, NoPayment):
        if not isinstance(event, PaymentRequested):
            return state
        zero = Money.zero(event.amount.currency)
        state = Payment(zero, zero, zero, zero, zero)
    match event:
        case PaymentRequested() | CaptureRequested() | VoidRequested() | RefundRequested():
            return replace(state, pending={**state.pending, event.step: _asked(event)})
        case PaymentAuthorized():
            sums = _authorized(state, event)
        case PaymentMethodChosen(method):
            return replace(state, chosen=(*state.chosen, method))
        case PaymentDeclined(step, code):
            sums = _not_authorized(state, step, code, declines=1)
        case PaymentAbandoned(step):
            sums = _not_authorized(state, step, "abandoned", declines=0)
        case PaymentCaptured() | PaymentVoided() | PaymentRefunded():
            sums = _moved(state, event)
        case PaymentActionRefused():
            sums = state
        case RefundGranted(grant_id, amount):
            return replace(state, grants={**state.grants, grant_id: amount})
        case ChargebackOpened(reference, amount):
            disputes = state.disputes | {reference}
            return replace(state, charged_back=state.charged_back + amount, disputes=disputes)
        case _:
            assert_never(event)
    return replace(sums, pending={step: asked for step, asked in sums.pending.items() if step != event.step})


def _asked(event: PaymentRequested | CaptureRequested | VoidRequested | RefundRequested) -> Asked:
    match event:
        case PaymentRequested():
            return Asked(
                Asking.AUTHORIZATION,
                event.amount,
                purpose=event.purpose,
                expires_at=event.expires_at,
                replaces=event.replaces,
            )
        case CaptureRequested():
            return Asked(Asking.CAPTURE, event.amount, event.payment, event.shipment_id)
        case VoidRequested():
            return Asked(Asking.VOID, event.amount, event.payment)
        case RefundRequested():
            return Asked(Asking.REFUND, event.amount, event.payment)
        case _:
            assert_never(event)


def _authorized(state: Payment, event: PaymentAuthorized) -> Payment:
    zero, asked = Money.zero(event.amount.currency), state.pending.get(event.step)
    until, replaces = (asked.expires_at, asked.replaces) if asked else (None, None)
    made = Authorization(event.reference, event.step, event.amount, zero, zero, zero, until, replaces)
    return replace(
        state,
        authorized=state.authorized + event.amount,
        reference=event.reference,
        failure=None,
        renewal_declined=state.renewal_declined and not replaces,
        authorizations=(*state.authorizations, made),
    )


def _not_authorized(state: Payment, step: str, failure: str, *, declines: int) -> Payment:
    """More that was declined is no failure of what is authorised already, nor asks for another method."""
    asked = state.pending.get(step)
    if asked and asked.purpose is Purpose.MORE:
        return state
    renewal = bool(declines and asked and asked.purpose is Purpose.RENEWAL)
    return replace(
        state,
        failure=failure,
        declines=state.declines + declines,
        renewal_declined=state.renewal_declined or renewal,
    )


def _moved(state: Payment, event: PaymentCaptured | PaymentVoided | PaymentRefunded) -> Payment:
    """Into the order's sums and those of the authorisation that the request named; the youngest without a name."""
    asked = state.pending.get(event.step)
    payment = (asked.payment if asked else None) or state.reference
    changed = tuple(_sums(each, event) if each.reference == payment else each for each in state.authorizations)
    state = _sums(replace(state, authorizations=changed), event)
    if isinstance(event, PaymentCaptured) and asked and asked.shipment_id:
        return replace(state, shares=_more(state.shares, asked.shipment_id, event.amount))
    if isinstance(event, PaymentRefunded):
        return replace(state, given_back=_more(state.given_back, label_of(event.step), event.amount))
    return state


def _sums(of: M, event: PaymentCaptured | PaymentVoided | PaymentRefunded) -> M:
    match event:
        case PaymentCaptured(amount=amount):
            return replace(of, captured=of.captured + amount)
        case PaymentVoided(amount=amount):
            return replace(of, voided=of.voided + amount)
        case PaymentRefunded(amount=amount):
            return replace(of, refunded=of.refunded + amount)
        case _:
            assert_never(event)


def _more(sums: Mapping[str, Money], name: str, amount: Money) -> Mapping[str, Money]:
    return {**sums, name: sums.get(name, Money.zero(amount.currency)) + amount}


def label_of(step: str) -> str:
    """A step's key without the number of its try: what its parts have in common."""
    return step.rpartition("#")[0] or step
