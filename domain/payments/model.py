"""An order's money: lifetime sums, folded from its events. Statuses are read off the sums, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

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
class Payment:
    """Lifetime sums in the order's currency.

    `pending` are requested steps whose outcome is not known, `disputes` the gateway's ids of the chargebacks,
    `grants` the refunds that were granted, `chosen` the methods that followed those that were declined.
    """

    authorized: Money
    voided: Money
    captured: Money
    refunded: Money
    charged_back: Money
    reference: str | None = None
    failure: str | None = None
    pending: frozenset[str] = frozenset()
    disputes: frozenset[str] = frozenset()
    grants: Mapping[str, Money] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()
    declines: int = 0

    @property
    def granted(self) -> Money:
        """What the customer was let off, given back already or not."""
        return total(self.grants.values(), self.authorized.currency)

    @property
    def open(self) -> Money:
        """Authorised, and neither captured nor voided: what can still be captured."""
        return self.authorized - self.voided - self.captured

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
INITIAL: PaymentState = NoPayment()


def evolve(state: PaymentState, event: PaymentEvent) -> PaymentState:
    if isinstance(state, NoPayment):
        if not isinstance(event, PaymentRequested):
            return state
        zero = Money.zero(event.amount.currency)
        state = Payment(zero, zero, zero, zero, zero)
    match event:
        case PaymentRequested(step) | CaptureRequested(step) | VoidRequested(step) | RefundRequested(step):
            return replace(state, pending=state.pending | {step})
        case PaymentAuthorized(step, reference, amount):
            sums = replace(state, authorized=state.authorized + amount, reference=reference, failure=None)
        case PaymentMethodChosen(method):
            return replace(state, chosen=(*state.chosen, method))
        case PaymentDeclined(step, code):
            sums = replace(state, failure=code, declines=state.declines + 1)
        case PaymentAbandoned(step):
            sums = replace(state, failure="abandoned")
        case PaymentCaptured(step, _, amount):
            sums = replace(state, captured=state.captured + amount)
        case PaymentVoided(step, _, amount):
            sums = replace(state, voided=state.voided + amount)
        case PaymentRefunded(step, _, amount):
            sums = replace(state, refunded=state.refunded + amount)
        case PaymentActionRefused(step):
            sums = state
        case RefundGranted(grant_id, amount):
            return replace(state, grants={**state.grants, grant_id: amount})
        case ChargebackOpened(reference, amount):
            disputes = state.disputes | {reference}
            return replace(state, charged_back=state.charged_back + amount, disputes=disputes)
        case _:
            assert_never(event)
    return replace(sums, pending=state.pending - {step})
