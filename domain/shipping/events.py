"""What happened to an order's shipments. All of it stands in the stream `order/{order_id}`."""

from dataclasses import dataclass
from enum import StrEnum


class TrackingStatus(StrEnum):
    """Where a parcel is, as a carrier tells it. News never goes backwards: see `rank`."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    DISPATCHED = "dispatched"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"

    @property
    def rank(self) -> int:
        """Later states have higher ranks."""
        return list(TrackingStatus).index(self)


@dataclass(frozen=True, slots=True)
class ShipmentItem:
    sku: str
    quantity: int


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
    """The carrier has the parcel; its goods have left the stock."""

    shipment_id: str


@dataclass(frozen=True, slots=True)
class ShipmentDelivered:
    shipment_id: str


ShippingEvent = ShipmentBooked | BookingRefused | ShipmentBookingCancelled | ShipmentDispatched | ShipmentDelivered
EVENTS: tuple[type, ...] = (
    ShipmentBooked,
    BookingRefused,
    ShipmentBookingCancelled,
    ShipmentDispatched,
    ShipmentDelivered,
)
