"""What may be done with a parcel, and when."""

from dataclasses import dataclass
from datetime import datetime

from domain.errors import NotAllowed, NotFound, refuse_adoption
from domain.shipping.events import (
    BookingRefused,
    ShipmentBooked,
    ShipmentBookingCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentFound,
    ShipmentItem,
    ShipmentLost,
    ShippingEvent,
    TrackingStatus,
)
from domain.shipping.model import Shipment, Shipments


@dataclass(frozen=True, slots=True)
class FoundBooking:
    """A booking as the carrier's books show it. `booking` is the carrier's reference."""

    booking: str
    shipment_id: str
    tracking: str
    status: TrackingStatus


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


def refuse_booking(state: Shipments, shipment_id: str, *, code: str, reason: str) -> list[ShippingEvent]:
    """The carrier does not take the parcel. `code` and `reason` are its own."""
    return [BookingRefused(shipment_id, code, reason)]


def adopt_booking(
    state: Shipments,
    shipment_id: str,
    *,
    warehouse: str,
    items: tuple[ShipmentItem, ...],
    found: FoundBooking,
) -> list[ShippingEvent]:
    """Take a booking that the carrier has as the parcel's."""
    if found.shipment_id != shipment_id:
        raise refuse_adoption(found.booking, f"it is of parcel {found.shipment_id}, not of {shipment_id}")
    if found.status is TrackingStatus.CANCELLED:
        raise refuse_adoption(found.booking, "it was cancelled")
    if any(parcel.booking == found.booking for parcel in state.by_id.values()):
        raise refuse_adoption(found.booking, "it stands in the order's books already")
    return book(
        state, shipment_id, warehouse=warehouse, items=items, booking=found.booking, tracking=found.tracking
    )


def adopt_cancelled_booking(state: Shipments, shipment_id: str, found: FoundBooking) -> list[ShippingEvent]:
    """Take a booking's cancellation, made at the carrier by somebody else, as the step's own."""
    known = state.by_id.get(shipment_id)
    if known is None or known.booking != found.booking:
        raise refuse_adoption(found.booking, f"it is not the booking of parcel {shipment_id}")
    if found.status is not TrackingStatus.CANCELLED:
        raise refuse_adoption(found.booking, f"the carrier shows it as {found.status}, not as cancelled")
    return cancel_booking(state, shipment_id)


def cancel_booking(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    parcel = _known(state, shipment_id)
    if parcel.dispatched:
        raise NotAllowed(f"parcel {shipment_id} is {parcel.status}", code="already-dispatched")
    if parcel.status is TrackingStatus.CANCELLED:
        return []
    return [ShipmentBookingCancelled(shipment_id, parcel.booking)]


def dispatch(state: Shipments, shipment_id: str, deliver_by: datetime | None = None) -> list[ShippingEvent]:
    """The carrier collected the parcel. News of what is known already is no event."""
    parcel = _known(state, shipment_id)
    if parcel.status is TrackingStatus.CANCELLED:
        raise NotAllowed(f"parcel {shipment_id} has no booking", details={"status": parcel.status})
    return [] if parcel.dispatched else [ShipmentDispatched(shipment_id, deliver_by)]


def deliver(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    parcel = _known(state, shipment_id)
    if not parcel.dispatched:
        raise NotAllowed(
            f"parcel {shipment_id} is {parcel.status}, not dispatched", details={"status": parcel.status}
        )
    if parcel.status is TrackingStatus.LOST:
        raise NotAllowed(f"parcel {shipment_id} counts as lost: it is found", details={"status": parcel.status})
    return [] if parcel.status is TrackingStatus.DELIVERED else [ShipmentDelivered(shipment_id)]


def find(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    """A lost parcel was delivered after all. Whatever was answered to its loss stands."""
    parcel = _known(state, shipment_id)
    if parcel.status is not TrackingStatus.LOST:
        raise NotAllowed(f"parcel {shipment_id} is {parcel.status}, not lost", details={"status": parcel.status})
    return [ShipmentFound(shipment_id)]


def arrive(state: Shipments, shipment_id: str) -> list[ShippingEvent]:
    """The carrier says that the parcel is delivered: in time, or found."""
    lost = _known(state, shipment_id).status is TrackingStatus.LOST
    return find(state, shipment_id) if lost else deliver(state, shipment_id)


def lose(state: Shipments, shipment_id: str, deliver_by: datetime) -> list[ShippingEvent]:
    """Count a parcel as lost whose time to arrive is over; nothing for one that arrived, or is lost already."""
    parcel = _known(state, shipment_id)
    if not parcel.dispatched:
        raise NotAllowed(
            f"parcel {shipment_id} is {parcel.status}, not dispatched", details={"status": parcel.status}
        )
    if parcel.status.rank >= TrackingStatus.LOST.rank:
        return []
    return [ShipmentLost(shipment_id, deliver_by)]


def expect_lost(state: Shipments, shipment_id: str) -> Shipment:
    """The parcel that waits for an answer. Raises NotFound, NotAllowed (`not-lost`)."""
    parcel = _known(state, shipment_id)
    if not parcel.lost:
        what = f"was answered: {parcel.answer.answer}" if parcel.answer else f"is {parcel.status}"
        raise NotAllowed(
            f"parcel {shipment_id} {what}; an answer is awaited for: {', '.join(state.lost) or 'no parcel'}",
            code="not-lost",
            details={"possible": list(state.lost)},
        )
    return parcel


def _known(state: Shipments, shipment_id: str) -> Shipment:
    try:
        return state.by_id[shipment_id]
    except KeyError:
        raise NotFound(f"parcel {shipment_id} was never booked", code="shipment-not-found") from None
