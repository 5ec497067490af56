"""What happened to an order's shipments. All of it stands in the stream `order/{order_id}`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.money import Money
from domain.privacy import PersonalText


class TrackingStatus(StrEnum):
    """Where a parcel is, as a carrier tells it. News never goes backwards: see `rank`."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    DISPATCHED = "dispatched"
    IN_TRANSIT = "in_transit"
    LOST = "lost"  # said by the shop, when the time to deliver is over
    DELIVERED = "delivered"

    @property
    def rank(self) -> int:
        """Later states have higher ranks."""
        return list(TrackingStatus).index(self)


class LostAnswer(StrEnum):
    """What is done about a lost parcel."""

    REPLACE = "replace"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class ShipmentItem:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PlannedParcel:
    """One parcel per warehouse: what it holds, and its share of the order's total to capture at dispatch."""

    shipment_id: str
    warehouse: str
    items: tuple[ShipmentItem, ...]
    share: Money


@dataclass(frozen=True, slots=True)
class ParcelsPlanned:
    """The order's parcels from now on, those that have left included; before, the warehouses tell them."""

    parcels: tuple[PlannedParcel, ...]


@dataclass(frozen=True, slots=True)
class ShipmentBooked:
    """The carrier will collect the parcel. `booking` is the carrier's reference."""

    shipment_id: str
    warehouse: str
    items: tuple[ShipmentItem, ...]
    booking: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class BookingRefused:
    """The carrier definitely refused to collect the parcel; nothing was booked. A retry gets a new step number."""

    shipment_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShipmentBookingCancelled:
    """The booking was cancelled before the parcel was collected."""

    shipment_id: str
    booking: str


@dataclass(frozen=True, slots=True)
class ShipmentDispatched:
    """The carrier has the parcel; its goods have left the stock. After `deliver_by` it counts as lost."""

    shipment_id: str
    deliver_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShipmentDelivered:
    shipment_id: str


@dataclass(frozen=True, slots=True)
class ShipmentLost:
    """The parcel did not arrive by its deadline, and the carrier, asked once more, does not say that it did."""

    shipment_id: str
    deliver_by: datetime


@dataclass(frozen=True, slots=True)
class LostShipmentAnswered:
    """What is done about a lost parcel; a refund is granted beside this.

    `replacement` is the id of the parcel that is sent in its place, from `warehouse`, with the same goods.
    """

    shipment_id: str
    answer: LostAnswer
    reason: PersonalText
    answered_by: str
    replacement: str | None = None
    warehouse: str | None = None


@dataclass(frozen=True, slots=True)
class ShipmentFound:
    """A parcel that counted as lost was delivered after all. What was answered before stands."""

    shipment_id: str


ShippingEvent = (
    ParcelsPlanned
    | ShipmentBooked
    | BookingRefused
    | ShipmentBookingCancelled
    | ShipmentDispatched
    | ShipmentDelivered
    | ShipmentLost
    | LostShipmentAnswered
    | ShipmentFound
)
EVENTS: tuple[type, ...] = (
    ParcelsPlanned,
    ShipmentBooked,
    BookingRefused,
    ShipmentBookingCancelled,
    ShipmentDispatched,
    ShipmentDelivered,
    ShipmentLost,
    LostShipmentAnswered,
    ShipmentFound,
)
