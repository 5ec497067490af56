"""What may be done with a parcel, and when."""

from domain.errors import NotAllowed, NotFound
from domain.shipping.events import (
    ShipmentBooked,
    ShipmentBookingCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentItem,
    ShippingEvent,
    TrackingStatus,
)
from domain.shipping.model import Shipment, Shipments


def book(
    state: Shipments,
    shipment_id: str,
    *,
    warehouse: str,
    items: tuple[ShipmentItem, ...],
    booking: str,
    tracking: str,
) -> list[ShippingEvent]:
    known = state.by_id.get(shipment_id)
    if known and known.status is not TrackingStatus.CANCELLED:
        raise NotAllowed(f"parcel {shipment_id} is booked already", details={"status": known.status})
    return [ShipmentBooked(shipment_id, warehouse, items, booking, tracking)]


def cancel_booking(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    parcel = _known(state, shipment_id)
    if parcel.dispatched:
        raise NotAllowed(f"parcel {shipment_id} is {parcel.status}", code="already-dispatched")
    if parcel.status is TrackingStatus.CANCELLED:
        return []
    return [ShipmentBookingCancelled(shipment_id, parcel.booking)]


def dispatch(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    """The carrier collected the parcel. News of what is known already is no event."""
    parcel = _known(state, shipment_id)
    if parcel.status is TrackingStatus.CANCELLED:
        raise NotAllowed(f"parcel {shipment_id} has no booking", details={"status": parcel.status})
    return [] if parcel.dispatched else [ShipmentDispatched(shipment_id)]


def deliver(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    parcel = _known(state, shipment_id)
    if not parcel.dispatched:
        raise NotAllowed(
            f"parcel {shipment_id} is {parcel.status}, not dispatched", details={"status": parcel.status}
        )
    return [] if parcel.status is TrackingStatus.DELIVERED else [ShipmentDelivered(shipment_id)]


def _known(state: Shipments, shipment_id: str) -> Shipment:
    try:
        return state.by_id[shipment_id]
    except KeyError:
        raise NotFound(f"parcel {shipment_id} was never booked", code="shipment-not-found") from None
