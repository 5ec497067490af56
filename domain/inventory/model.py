"""Stock of one SKU in one warehouse, and what an order has reserved: two folds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, assert_never
from uuid import UUID

from domain.inventory.events import (
    Allocation,
    Backorder,
    BackorderFilled,
    BackorderWithdrawn,
    OrderStockEvent,
    Shortage,
    StockAdjusted,
    StockBackordered,
    StockEvent,
    StockReceived,
    StockReleased,
    StockReserved,
    StockUnavailable,
    UnitsBackordered,
    UnitsReleased,
    UnitsReserved,
    UnitsRestocked,
    UnitsShipped,
)


@dataclass(frozen=True, slots=True)
class StockItem:
    """`on_hand ≥ reserved ≥ 0`; `holds` says which order holds how many of the reserved pieces.

    `waiting` are the orders that wait for pieces, first come first. All warehouses have the same queue of a SKU,
    and while there is one, no warehouse has a piece to spare.
    """

    on_hand: int = 0
    holds: Mapping[UUID, int] = field(default_factory=dict)
    waiting: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def reserved(self) -> int:
        return sum(self.holds.values())

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


def evolve(state: StockItem, event: StockEvent) -> StockItem:
    match event:
        case (
            StockReceived(quantity=quantity) | StockAdjusted(quantity=quantity) | UnitsRestocked(quantity=quantity)
        ):
            return replace(state, on_hand=state.on_hand + quantity)
        case UnitsReserved(order_id=order_id, quantity=quantity):
            return replace(state, holds=_hold(state, order_id, quantity))
        case UnitsReleased(order_id=order_id, quantity=quantity):
            return replace(state, holds=_hold(state, order_id, -quantity))
        case UnitsShipped(order_id=order_id, quantity=quantity):
            return replace(state, on_hand=state.on_hand - quantity, holds=_hold(state, order_id, -quantity))
        case UnitsBackordered(order_id=order_id, quantity=quantity):
            return replace(state, waiting=_wait(state, order_id, quantity))
        case BackorderFilled(order_id=order_id, quantity=quantity):
            holds = _hold(state, order_id, quantity)
            return replace(state, holds=holds, waiting=_wait(state, order_id, -quantity))
        case BackorderWithdrawn(order_id=order_id, quantity=quantity):
            return replace(state, waiting=_wait(state, order_id, -quantity))
        case _:
            assert_never(event)


def _hold(state: StockItem, order_id: UUID, change: int) -> Mapping[UUID, int]:
    holds = {**state.holds, order_id: state.holds.get(order_id, 0) + change}
    return {order: held for order, held in holds.items() if held}


def _wait(state: StockItem, order_id: UUID, change: int) -> Mapping[UUID, int]:
    """An order keeps its place for as long as it waits for anything."""
    waiting = {**state.waiting, order_id: state.waiting.get(order_id, 0) + change}
    return {order: pieces for order, pieces in waiting.items() if pieces > 0}


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
    backorders: tuple[Backorder, ...] = ()

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
            reserved = added(state.allocations, allocations)
            return Reservation(ReservationStatus.RESERVED, reserved, backorders=state.backorders)
        case StockUnavailable(shortages=shortages):
            return Reservation(ReservationStatus.UNAVAILABLE, shortages=shortages)
        case StockReleased(allocations=allocations):
            left = added(state.allocations, allocations, sign=-1)
            status = ReservationStatus.RESERVED if left else ReservationStatus.RELEASED
            return replace(state, status=status, allocations=left)
        case StockBackordered(backorders=backorders):
            return replace(state, backorders=backorders)
        case _:
            assert_never(event)
