"""What happened to stock: in each `stock/{warehouse}/{sku}` stream, and, per order, in `order/{order_id}`."""

from dataclasses import dataclass
from uuid import UUID

# In the stock streams


@dataclass(frozen=True, slots=True)
class StockReceived:
    """Goods came in."""

    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class StockAdjusted:
    """A count or a loss corrected the books by `quantity`, which may be negative."""

    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnitsReserved:
    order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class UnitsReleased:
    order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class UnitsShipped:
    """Reserved units left the warehouse."""

    order_id: UUID
    quantity: int


# In the order's stream


@dataclass(frozen=True, slots=True)
class Allocation:
    """Which warehouse serves how many pieces of a SKU."""

    warehouse: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Shortage:
    sku: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True)
class StockReserved:
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class StockUnavailable:
    """Not every line could be reserved, so nothing was."""

    shortages: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True)
class StockReleased:
    """Everything that was still reserved for the order is free again."""

    allocations: tuple[Allocation, ...]


StockEvent = StockReceived | StockAdjusted | UnitsReserved | UnitsReleased | UnitsShipped
OrderStockEvent = StockReserved | StockUnavailable | StockReleased
EVENTS: tuple[type, ...] = (
    StockReceived,
    StockAdjusted,
    UnitsReserved,
    UnitsReleased,
    UnitsShipped,
    StockReserved,
    StockUnavailable,
    StockReleased,
)
