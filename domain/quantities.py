"""Pieces of an order by line, and how far they came: folds over its lines, its reservation and its parcels."""

from collections import Counter
from dataclasses import dataclass, replace

from domain.inventory.events import Allocation
from domain.inventory.model import Reservation, added
from domain.orders.events import OrderLine
from domain.orders.model import Order, OrderStatus
from domain.returns.model import Returns
from domain.shipping.events import TrackingStatus
from domain.shipping.model import Shipments


@dataclass(frozen=True, slots=True)
class LineQuantities:
    """One line. `line.quantity` is what is to be delivered; `ordered` counts what was cancelled as well.

    A piece is `reserved` until it leaves; when a parcel is booked for it, it is `allocated` too. `shipped` counts
    what left the house, `delivered` what of it arrived; `return_requested` what is asked to be taken back or was,
    `received` what the shop has again, and `written_off` what nobody can sell any more.
    Neither `shipped` nor `delivered` counts a parcel that was given up as lost.
    """

    line: OrderLine
    ordered: int
    reserved: int
    backordered: int
    allocated: int
    shipped: int
    delivered: int
    cancelled: int
    return_requested: int = 0
    received: int = 0
    written_off: int = 0


def line_quantities(
    order: Order, reservation: Reservation, shipments: Shipments, returns: Returns
) -> tuple[LineQuantities, ...]:
    """Every line that the order has or had, in the order in which they came."""
    gone = Counter({line.sku: line.quantity for line in order.cancelled})
    present = {line.sku: line for line in order.lines}
    removed = [replace(line, quantity=0) for line in order.cancelled if line.sku not in present]
    reserved = _by_sku(held(reservation, shipments))
    packed, left, arrived = (_pieces(shipments, *statuses) for statuses in (_PACKED, _LEFT, _ARRIVED))
    missing = Counter({part.sku: part.quantity for part in reservation.backorders})
    asked, back, lost = returns.requested, returns.received, returns.written_off
    ended = order.status is OrderStatus.CANCELLED
    return tuple(
        LineQuantities(
            line=line,
            ordered=line.quantity + gone[line.sku],
            reserved=reserved[line.sku],
            backordered=missing[line.sku],
            allocated=packed[line.sku],
            shipped=left[line.sku],
            delivered=arrived[line.sku],
            cancelled=gone[line.sku] + (line.quantity if ended else 0),
            return_requested=asked[line.sku],
            received=back[line.sku],
            written_off=lost[line.sku],
        )
        for line in (*order.lines, *removed)
    )


_PACKED = (TrackingStatus.BOOKED,)
_LEFT = (
    TrackingStatus.DISPATCHED,
    TrackingStatus.IN_TRANSIT,
    TrackingStatus.LOST,
    TrackingStatus.DELIVERED,
)
_ARRIVED = (TrackingStatus.DELIVERED,)


def held(reservation: Reservation, shipments: Shipments) -> tuple[Allocation, ...]:
    """What is reserved and has not left the house."""
    left = [
        Allocation(parcel.warehouse, item.sku, item.quantity)
        for parcel in shipments.by_id.values()
        if parcel.dispatched
        for item in parcel.items
    ]
    return added(reservation.allocations, left, sign=-1)


def covered(reservation: Reservation, sku: str) -> int:
    """How many pieces of a SKU were reserved for the order and not released, shipped or not."""
    return sum(part.quantity for part in reservation.allocations if part.sku == sku)


def _by_sku(parts: tuple[Allocation, ...]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for part in parts:
        pieces[part.sku] += part.quantity
    return pieces


def _pieces(shipments: Shipments, *statuses: TrackingStatus) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for parcel in shipments.counted:
        if parcel.status in statuses:
            for item in parcel.items:
                pieces[item.sku] += item.quantity
    return pieces
