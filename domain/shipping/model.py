"""An order's parcels, folded from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from domain.identifiers import return_of_parcel
from domain.shipping.events import (
    BookingRefused,
    LostAnswer,
    LostShipmentAnswered,
    ParcelsPlanned,
    PlannedParcel,
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


class FulfilmentStatus(StrEnum):
    """What came back is counted in `domain.record`; no parcel tells it."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"
    LOST = "lost"  # every parcel that left is, and its share is refunded


@dataclass(frozen=True, slots=True)
class Shipment:
    """`answer` is what is done about it since it counts as lost; its goods are another parcel's or no one's."""

    shipment_id: str
    warehouse: str
    items: tuple[ShipmentItem, ...]
    booking: str
    tracking_number: str
    status: TrackingStatus = TrackingStatus.BOOKED
    deliver_by: datetime | None = None
    answer: LostShipmentAnswered | None = None

    @property
    def dispatched(self) -> bool:
        return self.status.rank >= TrackingStatus.DISPATCHED.rank

    @property
    def lost(self) -> bool:
        """Whether it is lost, and nobody has answered that."""
        return self.status is TrackingStatus.LOST and self.answer is None

    @property
    def refunded(self) -> bool:
        return self.answer is not None and self.answer.answer is LostAnswer.REFUND

    @property
    def of_return(self) -> bool:
        """Whether a return's customer gets it: it stands for no piece of the order that was not sent before."""
        return return_of_parcel(self.shipment_id) is not None

    @property
    def pieces(self) -> int:
        return sum(item.quantity for item in self.items)


@dataclass(frozen=True, slots=True)
class Shipments:
    """The order's parcels by shipment id. `plan` is empty until an amendment has planned them anew."""

    by_id: Mapping[str, Shipment] = field(default_factory=dict)
    plan: tuple[PlannedParcel, ...] = ()

    @property
    def any_booked(self) -> bool:
        return any(parcel.status is not TrackingStatus.CANCELLED for parcel in self.by_id.values())

    @property
    def any_dispatched(self) -> bool:
        return any(parcel.dispatched for parcel in self.by_id.values())

    @property
    def lost(self) -> tuple[str, ...]:
        """Ids of the parcels that are lost and wait for an answer."""
        return tuple(name for name, parcel in self.by_id.items() if parcel.lost)

    @property
    def counted(self) -> tuple[Shipment, ...]:
        """The parcels that stand for pieces of the order: neither given up as lost nor sent again for a return."""
        return tuple(parcel for parcel in self.by_id.values() if parcel.answer is None and not parcel.of_return)

    @property
    def sent_again(self) -> tuple[Shipment, ...]:
        """What returns' customers have got for what came back, or broke."""
        return tuple(
            parcel
            for parcel in self.by_id.values()
            if parcel.of_return and parcel.status is TrackingStatus.DELIVERED
        )

    @property
    def delivered(self) -> int:
        return sum(parcel.pieces for parcel in self.counted if parcel.status is TrackingStatus.DELIVERED)

    @property
    def refunded(self) -> int:
        """Pieces that were lost, and whose price was given back."""
        return sum(parcel.pieces for parcel in self.by_id.values() if parcel.refunded)

    def status(self, pieces: int) -> FulfilmentStatus:
        """How far `pieces`, the pieces to be delivered in all, have come."""
        shipped = sum(parcel.pieces for parcel in self.counted if parcel.dispatched)
        delivered = self.delivered
        if delivered:
            return FulfilmentStatus.DELIVERED if delivered >= pieces else FulfilmentStatus.PARTIALLY_DELIVERED
        if shipped:
            return FulfilmentStatus.SHIPPED if shipped >= pieces else FulfilmentStatus.PARTIALLY_SHIPPED
        return FulfilmentStatus.LOST if self.refunded else FulfilmentStatus.UNFULFILLED


INITIAL = Shipments()


def evolve(state: Shipments, event: ShippingEvent) -> Shipments:
    match event:
        case ParcelsPlanned(parcels):
            return replace(state, plan=parcels)
        case ShipmentBooked(shipment_id, warehouse, items, booking, tracking_number):
            return _with(state, Shipment(shipment_id, warehouse, items, booking, tracking_number))
        case BookingRefused():
            return state
        case ShipmentBookingCancelled(shipment_id):
            return _moved(state, shipment_id, TrackingStatus.CANCELLED)
        case ShipmentDispatched(shipment_id, deliver_by):
            return _changed(state, shipment_id, status=TrackingStatus.DISPATCHED, deliver_by=deliver_by)
        case ShipmentDelivered(shipment_id) | ShipmentFound(shipment_id):
            return _moved(state, shipment_id, TrackingStatus.DELIVERED)
        case ShipmentLost(shipment_id):
            return _moved(state, shipment_id, TrackingStatus.LOST)
        case LostShipmentAnswered(shipment_id):
            return _changed(state, shipment_id, answer=event)
        case _:
            assert_never(event)


def _moved(state: Shipments, shipment_id: str, status: TrackingStatus) -> Shipments:
    return _changed(state, shipment_id, status=status)


def _changed(state: Shipments, shipment_id: str, **changes: Any) -> Shipments:
    parcel = state.by_id.get(shipment_id)
    return state if parcel is None else _with(state, replace(parcel, **changes))


def _with(state: Shipments, parcel: Shipment) -> Shipments:
    return replace(state, by_id={**state.by_id, parcel.shipment_id: parcel})
