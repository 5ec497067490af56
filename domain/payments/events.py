"""What happened to an order's money. All of it stands in the stream `order/{order_id}`.

Every effect at the gateway is preceded by its request, under the step that is also the gateway's idempotency
key; so a request without an outcome is looked up there before it is tried again.
"""

from dataclasses import dataclass

from domain.money import Money
from domain.privacy import PersonalText


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """The authorisation is about to be asked for."""

    step: str
    method: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentAuthorized:
    """`reference` is the gateway's id of the authorisation; captures, void and refunds name it."""

    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentDeclined:
    step: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class PaymentMethodChosen:
    """After a decline the customer wants to pay otherwise, or to try the same again."""

    method: str


@dataclass(frozen=True, slots=True)
class PaymentAbandoned:
    """The request was given up, and the gateway's books show that it had no effect."""

    step: str


@dataclass(frozen=True, slots=True)
class CaptureRequested:
    step: str
    shipment_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class VoidRequested:
    step: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentVoided:
    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundRequested:
    step: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentActionRefused:
    """A capture, void or refund was definitely refused; nothing moved. A retry gets a new step number."""

    step: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class RefundGranted:
    """The shop owes the customer so much less. The money goes back under the step `give-back:{grant_id}`."""

    grant_id: str
    amount: Money
    reason: PersonalText
    granted_by: str


@dataclass(frozen=True, slots=True)
class ChargebackOpened:
    """The customer's bank has taken captured money back. `reference` is the gateway's id of the dispute."""

    reference: str
    amount: Money
    reason: str


PaymentEvent = (
    PaymentRequested
    | PaymentAuthorized
    | PaymentDeclined
    | PaymentMethodChosen
    | PaymentAbandoned
    | CaptureRequested
    | PaymentCaptured
    | VoidRequested
    | PaymentVoided
    | RefundRequested
    | PaymentRefunded
    | PaymentActionRefused
    | RefundGranted
    | ChargebackOpened
)
EVENTS: tuple[type, ...] = (
    PaymentRequested,
    PaymentAuthorized,
    PaymentDeclined,
    PaymentMethodChosen,
    PaymentAbandoned,
    CaptureRequested,
    PaymentCaptured,
    VoidRequested,
    PaymentVoided,
    RefundRequested,
    PaymentRefunded,
    PaymentActionRefused,
    RefundGranted,
    ChargebackOpened,
)
