"""Sending goods a second time: reserved again, all of them in one warehouse, and nothing is charged for them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.availability import Outcome, Place, Stock
from domain.errors import NotAllowed
from domain.inventory import decide as inventory
from domain.inventory import queue
from domain.inventory.events import Allocation, StockReserved


def places_of(pieces: Mapping[str, int], priority: Sequence[str]) -> list[Place]:
    """Where these pieces could come from."""
    return sorted((warehouse, sku) for sku in pieces for warehouse in priority)


def reserve_again(
    order_id: UUID, pieces: Mapping[str, int], stock: Stock, priority: Sequence[str]
) -> tuple[str, Outcome]:
    """The warehouse that has them all, and what reserves them there.

    Raises:
        NotAllowed: `out-of-stock`, no warehouse has all of them.
    """
    parts = _from_one_warehouse(pieces, stock, priority)
    outcome = Outcome([StockReserved(parts)])
    for part in parts:
        place = (part.warehouse, part.sku)
        outcome.at(place, *inventory.reserve(stock[place], order_id, part.quantity))
    return parts[0].warehouse, outcome


def _from_one_warehouse(
    pieces: Mapping[str, int], stock: Stock, priority: Sequence[str]
) -> tuple[Allocation, ...]:
    free = {sku: queue.free({warehouse: stock[warehouse, sku] for warehouse in priority}) for sku in pieces}
    for warehouse in priority:
        if all(free[sku].get(warehouse, 0) >= quantity for sku, quantity in pieces.items()):
            return tuple(Allocation(warehouse, sku, quantity) for sku, quantity in pieces.items())
    needed = ", ".join(f"{quantity} of {sku}" for sku, quantity in pieces.items())
    raise NotAllowed(f"no warehouse has {needed}; a refund is possible", code="out-of-stock")
