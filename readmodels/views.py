"""What readers get: the shapes that queries answer with, and the queries there are.

Each projection file holds its own table, its statements and its queries; `ReadModels` gathers them for callers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.drafts.model import Draft, DraftStatus
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.payments.ledger import Account, Entry
from domain.payments.model import PaymentStatus
from domain.reconciliation.model import Case, CaseStatus
from domain.record import OrderRecord
from domain.returns.model import Return, ReturnStatus
from domain.shipping.model import FulfilmentStatus
from readmodels.catalogue_views import CatalogueQueries
from readmodels.catalogue_views import ProductView as ProductView
from readmodels.pages import Page as Page


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order in full, as of `version` of its stream."""

    order_id: UUID
    version: int
    record: OrderRecord
    placed_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OrderSummary:
    order_id: UUID
    order_number: str
    customer_id: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    total: Money
    placed_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """All conditions hold. `q` matches an order number or a customer id by prefix.

    Totals are bounds, included, in minor units of `currency`, which they need. Times are not included.
    """

    status: OrderStatus | None = None
    customer_id: str | None = None
    placed_after: datetime | None = None
    attention: bool | None = None
    q: str | None = None
    payment_status: PaymentStatus | None = None
    fulfilment_status: FulfilmentStatus | None = None
    placed_before: datetime | None = None
    sku: str | None = None
    currency: str | None = None
    least_total: int | None = None
    most_total: int | None = None


class OrderSort(StrEnum):
    """What a list of orders goes by; `-` is the greatest first."""

    NEWEST = "-placed_at"
    OLDEST = "placed_at"
    LAST_CHANGED = "-updated_at"
    FIRST_CHANGED = "updated_at"
    GREATEST = "-total"
    SMALLEST = "total"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event of an order. `data` is the event as JSON text; `position` its place in the global log."""

    position: int
    version: int
    type: str
    recorded_at: datetime
    step: str | None
    actor: str | None
    data: str


@dataclass(frozen=True, slots=True)
class SagaStep:
    """A step of an order's saga.

    `state`: requested | done | refused | stalled | retrying | adopted | compensated.
    """

    step: str
    state: str
    error_type: str | None
    error: str | None
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StalledStep:
    """A step that waits for an operator."""

    order_id: UUID
    order_number: str
    step: str
    error_type: str
    error: str
    since: datetime
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class SagaNote:
    """A note of an operator, or the order's hand-over to one: then `assignee` is who has it now, or None."""

    version: int
    kind: str  # note | assigned
    author: str
    text: str
    assignee: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerPosting:
    """What one event posted, and the balances after it."""

    version: int
    type: str
    recorded_at: datetime
    entries: Sequence[Entry]
    balances: Mapping[Account, Money]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A difference with the gateway's books, as of `version`."""

    case: Case
    opened_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as of `version`."""

    draft: Draft
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ReturnView:
    order_id: UUID
    known: Return
    requested_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WarehouseStock:
    warehouse: str
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class StockView:
    """Stock of one SKU over all warehouses; `available` = on_hand − reserved."""

    sku: str
    warehouses: Sequence[WarehouseStock]

    @property
    def on_hand(self) -> int:
        return sum(item.on_hand for item in self.warehouses)

    @property
    def reserved(self) -> int:
        return sum(item.reserved for item in self.warehouses)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class ProjectionLag:
    """How far a projection's live build is, by its hindmost segment.

    `head` is the last position, `seconds` the age of the oldest unread event. `parked` counts the keys with an
    event that cannot be applied.
    """

    projection: str
    version: int
    position: int
    head: int
    seconds: float
    parked: int = 0

    @property
    def events(self) -> int:
        return self.head - self.position


class Queries(CatalogueQueries, Protocol):
    """Every read. Cursors come from an earlier page; a malformed one raises `domain.errors.InvalidValue`."""

    async def order(self, order_id: UUID) -> OrderView | None: ...

    async def order_by_number(self, number: str) -> OrderView | None: ...

    async def orders(
        self, where: OrderFilter, *, limit: int, cursor: str | None, sort: OrderSort = OrderSort.NEWEST
    ) -> Page[OrderSummary]: ...

    async def customer_orders(self, customer_id: str, *, limit: int) -> Sequence[OrderView]:
        """The customer's latest orders in full, newest first."""
        ...

    async def order_counts(self, customer_id: str) -> tuple[int, int]:
        """How many orders the customer has, and how many of them are open."""
        ...

    async def timeline(self, order_id: UUID, *, after: int, limit: int) -> Sequence[TimelineEntry]:
        """Events with `version > after`, in order."""
        ...

    async def ledger(self, order_id: UUID) -> Sequence[LedgerPosting]:
        """What the order's events posted, in order."""
        ...

    async def saga(self, order_id: UUID) -> Sequence[SagaStep]: ...

    async def orders_by_id(self, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderView]:
        """Those of the orders that exist."""
        ...

    async def timelines(self, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[TimelineEntry]]:
        """The events of each order, in order; a thousand at most."""
        ...

    async def sagas(self, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[SagaStep]]: ...

    async def stock_by_sku(self, skus: Sequence[str]) -> Mapping[str, StockView]:
        """Those of the SKUs that were ever in stock."""
        ...

    async def stalled(
        self,
        *,
        limit: int,
        cursor: str | None,
        assignee: str | None = None,
        error_type: str | None = None,
    ) -> Page[StalledStep]:
        """Longest waiting first; all, or those of one assignee or one type of error."""
        ...

    async def saga_notes(self, order_id: UUID) -> Sequence[SagaNote]:
        """An order's notes and hand-overs, oldest first."""
        ...

    async def returns(self, status: ReturnStatus | None, *, limit: int, cursor: str | None) -> Page[ReturnView]:
        """Oldest first."""
        ...

    async def draft(self, draft_id: UUID) -> DraftView | None: ...

    async def drafts(
        self, status: DraftStatus | None, customer_id: str | None, *, limit: int, cursor: str | None
    ) -> Page[DraftView]:
        """Newest first."""
        ...

    async def case(self, case_id: UUID) -> CaseView | None: ...

    async def cases(self, status: CaseStatus | None, *, limit: int, cursor: str | None) -> Page[CaseView]:
        """Oldest first."""
        ...

    async def stock(self, sku: str) -> StockView | None: ...

    async def stock_levels(self, *, limit: int, cursor: str | None) -> Page[StockView]: ...

    async def lag(self) -> Sequence[ProjectionLag]: ...

    async def wait_for(self, projection: str, stream_id: str, version: int, *, timeout: float) -> bool:
        """Wait until the projection has applied that version of the stream; False when `timeout` seconds pass."""
        ...
