"""An order's parcels, folded from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from domain.shipping.events import (
    BookingRefused,
    ShipmentBooked,
    ShipmentBookingCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentItem,
    ShippingEvent,
    TrackingStatus,
)


class FulfilmentStatus(StrEnum):
    """What came back is counted in `domain.record`; no parcel tells it."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Shipment:
    shipment_id: str
    warehouse: str
    items: tuple[ShipmentItem, ...]
    booking: str
    tracking_number: str
    status: TrackingStatus = TrackingStatus.BOOKED

    @property
    def dispatched(self) -> bool:
        return self.status.rank >= TrackingStatus.DISPATCHED.rank

    @property
    def pieces(self) -> int:
        return sum(item.quantity for item in self.items)


@dataclass(frozen=True, slots=True)
class Shipments:
    """The order's parcels by shipment id."""

    by_id: Mapping[str, Shipment] = field(default_factory=dict)

    @property
    def any_booked(self) -> bool:
        return any(parcel.status is not TrackingStatus.CANCELLED for parcel in self.by_id.values())

    @property
    def any_dispatched(self) -> bool:
        return any(parcel.dispatched for parcel in self.by_id.values())

    def status(self, pieces: int) -> FulfilmentStatus:
        """How far `pieces`, the pieces to be delivered in all, have come."""
        shipped = sum(parcel.pieces for parcel in self.by_id.values() if parcel.dispatched)
        arrived = [parcel for parcel in self.by_id.values() if parcel.status is TrackingStatus.DELIVERED]
        delivered = sum(parcel.pieces for parcel in arrived)
        if delivered:
            return FulfilmentStatus.DELIVERED if delivered >= pieces else FulfilmentStatus.PARTIALLY_DELIVERED
        if shipped:
            return FulfilmentStatus.SHIPPED if shipped >= pieces else FulfilmentStatus.PARTIALLY_SHIPPED
        return FulfilmentStatus.UNFULFILLED


INITIAL = Shipments()


def evolve(state: Shipments, event: ShippingEvent) -> Shipments:
    match event:
        case ShipmentBooked(shipment_id, warehouse, items, booking, tracking_number):
            return _with(state, Shipment(shipment_id, warehouse, items, booking, tracking_number))
        case BookingRefused():
            return state
        case ShipmentBookingCancelled(shipment_id):
            return _moved(state, shipment_id, TrackingStatus.CANCELLED)
        case ShipmentDispatched(shipment_id):
            return _moved(state, shipment_id, TrackingStatus.DISPATCHED)
        case ShipmentDelivered(shipment_id):
            return _moved(state, shipment_id, TrackingStatus.DELIVERED)
        case _:
            assert_never(event)


def _moved(state: Shipments, shipment_id: str, status: TrackingStatus) -> Shipments:
    parcel = state.by_id.get(shipment_id)
    return state if parcel is None else _with(state, replace(parcel, status=status))


def _with(state: Shipments, parcel: Shipment) -> Shipments:
    return Shipments({**state.by_id, parcel.shipment_id: parcel})
