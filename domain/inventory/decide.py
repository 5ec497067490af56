"""Which warehouse serves what, and what may be done with stock."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.errors import InvalidValue, NotAllowed
from domain.inventory.events import (
    Allocation,
    Shortage,
    StockAdjusted,
    StockEvent,
    StockReceived,
    UnitsReleased,
    UnitsReserved,
    UnitsShipped,
)
from domain.inventory.model import StockItem


def allocate(
    wanted: Sequence[tuple[str, int]], available: Mapping[tuple[str, str], int], priority: Sequence[str]
) -> tuple[Allocation, ...] | tuple[Shortage, ...]:
    """Choose warehouses for an order: the first that can serve all of it, else each line split by priority.

    Args:
        wanted: (sku, quantity) of each line, each SKU once.
        available: pieces free to reserve by (warehouse, sku).
        priority: warehouses, preferred first.

    Returns:
        Allocations for every line, or, if any line is short, the shortages.
    """
    shortages = tuple(
        Shortage(sku, quantity, free)
        for sku, quantity in wanted
        if (free := sum(available.get((warehouse, sku), 0) for warehouse in priority)) < quantity
    )
    if shortages:
        return shortages
    for warehouse in priority:
        if all(available.get((warehouse, sku), 0) >= quantity for sku, quantity in wanted):
            return tuple(Allocation(warehouse, sku, quantity) for sku, quantity in wanted)
    return tuple(part for sku, quantity in wanted for part in _split(sku, quantity, available, priority))


def _split(
    sku: str, quantity: int, available: Mapping[tuple[str, str], int], priority: Sequence[str]
) -> list[Allocation]:
    parts: list[Allocation] = []
    for warehouse in priority:
        take = min(quantity, available.get((warehouse, sku), 0))
        if take > 0:
            parts.append(Allocation(warehouse, sku, take))
            quantity -= take
    return parts


def reserve(state: StockItem, order_id: UUID, quantity: int) -> list[StockEvent]:
    _pieces(quantity)
    if state.available < quantity:
        raise NotAllowed(f"{state.available} pieces are available, {quantity} were asked for", code="out-of-stock")
    return [UnitsReserved(order_id, quantity)]


def release(state: StockItem, order_id: UUID, quantity: int | None = None) -> list[StockEvent]:
    """Free what the order still holds here, or so many pieces of it; nothing when it holds nothing."""
    held = state.holds.get(order_id, 0)
    if quantity is not None and quantity > held:
        raise NotAllowed(f"the order holds {held} pieces here, not {quantity}", code="not-reserved")
    freed = held if quantity is None else quantity
    return [UnitsReleased(order_id, freed)] if freed else []


def ship(state: StockItem, order_id: UUID, quantity: int) -> list[StockEvent]:
    _pieces(quantity)
    held = state.holds.get(order_id, 0)
    if held < quantity:
        raise NotAllowed(f"the order holds {held} pieces here, {quantity} cannot be shipped", code="not-reserved")
    return [UnitsShipped(order_id, quantity)]


def receive(state: StockItem, quantity: int, reason: str) -> list[StockEvent]:
    _pieces(quantity)
    return [StockReceived(quantity, reason)]


def adjust(state: StockItem, change: int, reason: str) -> list[StockEvent]:
    """Correct the books. What is reserved cannot be adjusted away."""
    if change == 0:
        raise InvalidValue("an adjustment changes the quantity; 0 does not", code="invalid-quantity")
    if state.available + change < 0:
        raise NotAllowed(
            f"{state.available} pieces are available; an adjustment by {change} would oversell",
            code="insufficient-stock",
            details={"available": state.available},
        )
    return [StockAdjusted(change, reason)]


def _pieces(quantity: int) -> None:
    if quantity < 1:
        raise InvalidValue(f"at least one piece is needed, not {quantity}", code="invalid-quantity")
