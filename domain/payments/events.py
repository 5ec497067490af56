"""What happened to an order's money. All of it stands in the stream `order/{order_id}`.

Every effect at the gateway is preceded by its request, under the step that is also the gateway's idempotency
key; so a request without an outcome is looked up there before it is tried again.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.money import Money
from domain.privacy import PersonalText


class Purpose(StrEnum):
    """What an authorisation is asked for: an order's total, more of it later, or what is about to expire."""

    ORDER = "order"
    MORE = "more"
    RENEWAL = "renewal"


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """An authorisation is about to be asked for.

    `reason` says why there is more to pay. The authorisation can be captured until `expires_at`; a renewal takes
    the place of the one that it `replaces`, named by its reference.
    """

    step: str
    method: str
    amount: Money
    purpose: Purpose = Purpose.ORDER
    reason: str | None = None
    expires_at: datetime | None = None
    replaces: str | None = None


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
    """A parcel's share, or the part of it that one authorisation covers. `payment` is that authorisation's id."""

    step: str
    shipment_id: str
    amount: Money
    payment: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class VoidRequested:
    """What one authorisation has left is about to be freed."""

    step: str
    amount: Money
    payment: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentVoided:
    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """A refund, or the part of it that was captured from one authorisation."""

    step: str
    amount: Money
    payment: str | None = None


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
