"""Who is served first when stock comes in: the queue of orders that wait for a SKU, over all warehouses.

Every warehouse's stream of a SKU has the same queue. Whoever frees or brings pieces serves it in the same
decision, so that a later order never finds a piece that an earlier one waits for.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.inventory.events import Allocation, BackorderFilled, BackorderWithdrawn, Shortage, StockEvent
from domain.inventory.model import StockItem

Changes = dict[str, list[StockEvent]]
"""What to append to each warehouse's stream of one SKU."""


def free(items: Mapping[str, StockItem]) -> Mapping[str, int]:
    """Pieces of one SKU that a newcomer may have, by warehouse: none while anybody waits."""
    queued = any(item.waiting for item in items.values())
    return {warehouse: 0 if queued else item.available for warehouse, item in items.items()}


def serve(items: Mapping[str, StockItem], priority: Sequence[str]) -> Changes:
    """Give what is available to those who wait, first come first, from the preferred warehouse first.

    Args:
        items: One SKU in each warehouse, after what has just happened there.
    """
    available = {warehouse: items[warehouse].available for warehouse in priority}
    changes: Changes = {}
    for order_id, waited in queue(items, priority).items():
        wanted = waited
        for warehouse in priority:
            if take := min(wanted, max(available[warehouse], 0)):
                available[warehouse] -= take
                wanted -= take
                changes.setdefault(warehouse, []).append(BackorderFilled(order_id, take))
                _withdraw(changes, items, order_id, take, but=warehouse)
    return changes


def withdraw(items: Mapping[str, StockItem], order_id: UUID) -> Changes:
    """Take an order out of the queue."""
    changes: Changes = {}
    _withdraw(changes, items, order_id, max((item.waiting.get(order_id, 0) for item in items.values()), default=0))
    return changes


def queue(items: Mapping[str, StockItem], priority: Sequence[str]) -> Mapping[UUID, int]:
    """The longest queue of any warehouse: one that was opened lately may not have those who came before."""
    return max((items[warehouse].waiting for warehouse in priority), key=len, default={})


def part(
    wanted: Sequence[tuple[str, int]], available: Mapping[tuple[str, str], int], priority: Sequence[str]
) -> tuple[tuple[Allocation, ...], tuple[Shortage, ...]]:
    """What there is of each line, by priority, and what is missing.

    Args:
        wanted: (sku, quantity) of each line, each SKU once.
        available: pieces free to reserve by (warehouse, sku).
    """
    taken: list[Allocation] = []
    missing: list[Shortage] = []
    for sku, quantity in wanted:
        left = quantity
        for warehouse in priority:
            if take := min(left, max(available.get((warehouse, sku), 0), 0)):
                taken.append(Allocation(warehouse, sku, take))
                left -= take
        if left:
            missing.append(Shortage(sku, quantity, quantity - left))
    return tuple(taken), tuple(missing)


def _withdraw(
    changes: Changes, items: Mapping[str, StockItem], order_id: UUID, pieces: int, *, but: str | None = None
) -> None:
    for warehouse, item in items.items():
        if pieces and warehouse != but and order_id in item.waiting:
            changes.setdefault(warehouse, []).append(BackorderWithdrawn(order_id, pieces))
