"""What happened to an order as such. All of it stands in the stream `order/{order_id}`."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.identifiers import Address
from domain.money import Money
from domain.privacy import PersonalText

STANDARD_SHIPPING: Final = "standard"


class OnUnavailable(StrEnum):
    """What the customer wants when stock does not cover the order."""

    ASK = "ask"
    WAIT = "wait"
    DROP = "drop"
    CANCEL = "cancel"


class Decision(StrEnum):
    """The customer's answer when stock does not cover the order."""

    WAIT = "wait"
    DROP = "drop"
    CANCEL = "cancel"
    SUBSTITUTE = "substitute"


class HoldScope(StrEnum):
    """What a hold covers: all that has not begun, money, the parcels with a line's goods, or one parcel."""

    ORDER = "order"
    PAYMENT = "payment"
    LINE = "line"
    SHIPMENT = "shipment"


class StepAction(StrEnum):
    """An operator's answer to a stalled step."""

    RETRY = "retry"
    COMPENSATE = "compensate"
    ADOPT = "adopt"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line at the price it was placed at."""

    sku: str
    name: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Totals:
    """`total = subtotal + shipping + tax`; tax is on top of net prices, shipping included in its base."""

    subtotal: Money
    shipping: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Terms:
    """What is sold, at which prices, and where it goes: agreed at placing, and again with every amendment."""

    lines: tuple[OrderLine, ...]
    totals: Totals
    shipping_address: Address
    shipping_method: str = STANDARD_SHIPPING
    tax_rate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """The order exists and is priced. `fingerprint` is a digest of what the caller asked for, prices excluded.

    `tax_rate` is the rate that the totals were made with, so that they can be made again of fewer lines.
    """

    order_id: UUID
    order_number: str
    customer_id: str
    email: PersonalText | None
    lines: tuple[OrderLine, ...]
    totals: Totals
    shipping_address: Address
    payment_method: str
    on_unavailable: OnUnavailable
    fingerprint: str
    placed_at: datetime
    tax_rate: Decimal = Decimal(0)
    shipping_method: str = STANDARD_SHIPPING


@dataclass(frozen=True, slots=True)
class OrderConfirmed:
    """Stock is reserved and the payment authorised: the shop will deliver."""


@dataclass(frozen=True, slots=True)
class OrderCancellationRequested:
    """Somebody wants the order undone, or it cannot be fulfilled; what was done is being compensated.

    A person's reason is sealed, the shop's own stands in clear.
    """

    reason: PersonalText
    requested_by: str


@dataclass(frozen=True, slots=True)
class OrderCancellationRejected:
    """The cancellation came too late; the order goes on."""

    reason: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """Compensated in full: no money held, no stock reserved."""

    reason: PersonalText


@dataclass(frozen=True, slots=True)
class OrderCompleted:
    """Delivered and paid in full."""


@dataclass(frozen=True, slots=True)
class OrderStepStalled:
    """A step used up its attempts and waits for an operator. `error` carries no personal data."""

    step: str
    error_type: str
    error: str


@dataclass(frozen=True, slots=True)
class OrderStepResolved:
    """An operator answered a stalled step. `reference` is the outside effect that was adopted as its outcome."""

    step: str
    action: StepAction
    reason: PersonalText
    resolved_by: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class OrderAssigned:
    """Somebody was put in charge of what the order waits for; nobody, where `assignee` is None."""

    assignee: str | None
    reason: PersonalText
    assigned_by: str


@dataclass(frozen=True, slots=True)
class OrderNoted:
    """An operator left a note for those who look at the order next."""

    note: PersonalText
    noted_by: str


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """What the scope covers does not begin until the hold is released. `subject` is the line's SKU or the parcel.

    `placed_by` is the actor, or `screening`. A person's `reason` is sealed.
    """

    hold_id: str
    scope: HoldScope
    subject: str | None
    reason: PersonalText
    placed_by: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """Somebody released the hold, or its time was over."""

    hold_id: str
    reason: PersonalText
    released_by: str
    expired: bool = False


@dataclass(frozen=True, slots=True)
class CustomerDecisionRequested:
    """Stock does not cover the order. Without an answer by the deadline the default is taken."""

    decision_id: str
    default: Decision
    deadline: datetime


@dataclass(frozen=True, slots=True)
class SubstitutionOffered:
    """The shop offers another product for a line that is short."""

    sku: str
    substitute: OrderLine
    offered_by: str


@dataclass(frozen=True, slots=True)
class CustomerDecisionMade:
    """By the customer, by default after the deadline, or `wait` because stock came first."""

    decision_id: str
    decision: Decision
    decided_by: str
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class OrderLinesCancelled:
    """These pieces were taken out of the order; the totals are those of what is left."""

    lines: tuple[OrderLine, ...]
    totals: Totals
    reason: PersonalText
    requested_by: str


@dataclass(frozen=True, slots=True)
class LineSubstituted:
    """Another product takes the place of a line; the totals are those of the order with it."""

    sku: str
    substitute: OrderLine
    totals: Totals


@dataclass(frozen=True, slots=True)
class AmendmentRequested:
    """These are to be the terms, once stock, parcels and money are made right; or nothing changes."""

    amendment_id: str
    terms: Terms
    reason: PersonalText
    requested_by: str


@dataclass(frozen=True, slots=True)
class OrderAmended:
    """The order's terms from now on."""

    amendment_id: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class AmendmentRejected:
    """The order stays as it was. `code` is that of the problem that the caller is told."""

    amendment_id: str
    code: str
    reason: str


OrderEvent = (
    OrderPlaced
    | OrderConfirmed
    | OrderCancellationRequested
    | OrderCancellationRejected
    | OrderCancelled
    | OrderCompleted
    | OrderStepStalled
    | OrderStepResolved
    | HoldPlaced
    | HoldReleased
    | OrderAssigned
    | OrderNoted
    | CustomerDecisionRequested
    | SubstitutionOffered
    | CustomerDecisionMade
    | OrderLinesCancelled
    | LineSubstituted
    | AmendmentRequested
    | OrderAmended
    | AmendmentRejected
)
EVENTS: tuple[type, ...] = (
    OrderPlaced,
    OrderConfirmed,
    OrderCancellationRequested,
    OrderCancellationRejected,
    OrderCancelled,
    OrderCompleted,
    OrderStepStalled,
    OrderStepResolved,
    HoldPlaced,
    HoldReleased,
    OrderAssigned,
    OrderNoted,
    CustomerDecisionRequested,
    SubstitutionOffered,
    CustomerDecisionMade,
    OrderLinesCancelled,
    LineSubstituted,
    AmendmentRequested,
    OrderAmended,
    AmendmentRejected,
)
