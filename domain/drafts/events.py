"""What happened to a draft: an order that staff prepare for a customer, in its own stream `draft/{draft_id}`.

The order that it becomes has the draft's id.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.identifiers import Address, PersonalEmail
from domain.orders.events import STANDARD_SHIPPING, OnUnavailable, OrderLine, Totals
from domain.privacy import PersonalText


@dataclass(frozen=True, slots=True)
class DraftLine:
    """Without a price: that is the catalogue's, whenever the draft is looked at."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class DraftContents:
    """What has been settled so far. Personal fields are sealed for this customer."""

    customer_id: str
    currency: str
    email: PersonalEmail | None = None
    lines: tuple[DraftLine, ...] = ()
    shipping_address: Address | None = None
    shipping_method: str = STANDARD_SHIPPING
    payment_method: str | None = None
    on_unavailable: OnUnavailable = OnUnavailable.CANCEL
    note: PersonalText | None = None


@dataclass(frozen=True, slots=True)
class DraftCreated:
    """`fingerprint` tells two bodies under one Idempotency-Key apart."""

    draft_id: UUID
    contents: DraftContents
    created_by: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DraftChanged:
    """The contents after the change, all of them."""

    contents: DraftContents
    changed_by: str


@dataclass(frozen=True, slots=True)
class DraftDiscarded:
    reason: PersonalText
    discarded_by: str


@dataclass(frozen=True, slots=True)
class DraftSubmitted:
    """The contents are fixed, at these prices, and are being placed; `fingerprint` is the order's."""

    lines: tuple[OrderLine, ...]
    totals: Totals
    tax_rate: Decimal
    screening: tuple[str, ...]
    fingerprint: str
    submitted_by: str


@dataclass(frozen=True, slots=True)
class DraftPlaced:
    """The draft is an order now."""

    order_number: str


DraftEvent = DraftCreated | DraftChanged | DraftDiscarded | DraftSubmitted | DraftPlaced
EVENTS: tuple[type, ...] = (DraftCreated, DraftChanged, DraftDiscarded, DraftSubmitted, DraftPlaced)
