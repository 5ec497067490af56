"""Stock of one SKU in one warehouse, and what an order has reserved: two folds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, assert_never
from uuid import UUID

from domain.inventory.events import (
    Allocation,
    OrderStockEvent,
    Shortage,
    StockAdjusted,
    StockEvent,
    StockReceived,
    StockReleased,
    StockReserved,
    StockUnavailable,
    UnitsReleased,
    UnitsReserved,
    UnitsShipped,
)


@dataclass(frozen=True, slots=True)
class StockItem:
    """`on_hand ≥ reserved ≥ 0`; `holds` says which order holds how many of the reserved pieces."""

    on_hand: int = 0
    holds: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        return sum(self.holds.values())

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


def evolve(state: StockItem, event: StockEvent) -> StockItem:
    match event:
        case StockReceived(quantity=quantity) | StockAdjusted(quantity=quantity):
            return replace(state, on_hand=state.on_hand + quantity)
        case UnitsReserved(order_id=order_id, quantity=quantity):
            return replace(state, holds=_hold(state, order_id, quantity))
        case UnitsReleased(order_id=order_id, quantity=quantity):
            return replace(state, holds=_hold(state, order_id, -quantity))
        case UnitsShipped(order_id=order_id, quantity=quantity):
            return replace(state, on_hand=state.on_hand - quantity, holds=_hold(state, order_id, -quantity))
        case _:
            assert_never(event)


def _hold(state: StockItem, order_id: UUID, change: int) -> Mapping[UUID, int]:
    holds = {**state.holds, order_id: state.holds.get(order_id, 0) + change}
    return {order: held for order, held in holds.items() if held}


class ReservationStatus(StrEnum):
    NONE = "none"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Reservation:
    """An order's side of its reservation. `allocations` are what was reserved and not released; shipped or not."""

    status: ReservationStatus = ReservationStatus.NONE
    allocations: tuple[Allocation, ...] = ()
    shortages: tuple[Shortage, ...] = ()

    @property
    def warehouses(self) -> tuple[str, ...]:
        """The warehouses that serve the order, in order of their names: one parcel each."""
        return tuple(sorted({allocation.warehouse for allocation in self.allocations}))

    def of(self, warehouse: str) -> tuple[Allocation, ...]:
        return tuple(allocation for allocation in self.allocations if allocation.warehouse == warehouse)


NO_RESERVATION = Reservation()


def added(
    known: Sequence[Allocation], more: Sequence[Allocation], *, sign: Literal[1, -1] = 1
) -> tuple[Allocation, ...]:
    """Allocations with others added to them or taken from them, each warehouse and SKU once."""
    pieces = Counter({(part.warehouse, part.sku): part.quantity for part in known})
    for part in more:
        pieces[part.warehouse, part.sku] += sign * part.quantity
    return tuple(Allocation(*place, left) for place, left in pieces.items() if left > 0)


def evolve_reservation(state: Reservation, event: OrderStockEvent) -> Reservation:
    match event:
        case StockReserved(allocations=allocations):
            return Reservation(ReservationStatus.RESERVED, added(state.allocations, allocations))
        case StockUnavailable(shortages=shortages):
            return Reservation(ReservationStatus.UNAVAILABLE, shortages=shortages)
        case StockReleased(allocations=allocations):
            left = added(state.allocations, allocations, sign=-1)
            status = ReservationStatus.RESERVED if left else ReservationStatus.RELEASED
            return replace(state, status=status, allocations=left)
        case _:
            assert_never(event)
