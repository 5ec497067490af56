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


@dataclass(frozen=True, slots=True)
class UnitsBackordered:
    """The order waits for pieces of this SKU, behind those that came before; told in every warehouse's stream."""

    order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class BackorderFilled:
    """Pieces that came free are reserved for an order that waited for them."""

    order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class BackorderWithdrawn:
    """The order waits for these pieces no longer: another warehouse had them, or it gave them up."""

    order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class UnitsRestocked:
    """Pieces of the order came back and can be sold again."""

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
class Backorder:
    """Pieces of a SKU that an order waits for."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class StockReserved:
    """These pieces are reserved, beside what was before."""

    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class StockUnavailable:
    """Not every line could be reserved, so nothing was."""

    shortages: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True)
class StockBackordered:
    """What the order waits for from now on; none when it waits no longer."""

    backorders: tuple[Backorder, ...]


@dataclass(frozen=True, slots=True)
class StockReleased:
    """These pieces, which were reserved for the order, are free again."""

    allocations: tuple[Allocation, ...]


StockEvent = (
    StockReceived
    | StockAdjusted
    | UnitsReserved
    | UnitsReleased
    | UnitsShipped
    | UnitsBackordered
    | BackorderFilled
    | BackorderWithdrawn
    | UnitsRestocked
)
OrderStockEvent = StockReserved | StockUnavailable | StockReleased | StockBackordered
EVENTS: tuple[type, ...] = (
    StockReceived,
    StockAdjusted,
    UnitsReserved,
    UnitsReleased,
    UnitsShipped,
    UnitsBackordered,
    BackorderFilled,
    BackorderWithdrawn,
    UnitsRestocked,
    StockReserved,
    StockUnavailable,
    StockReleased,
    StockBackordered,
)
