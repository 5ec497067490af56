"""Queries in memory: what the API reads in its tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from domain.catalog.events import AttributeDefined, AttributeKind
from domain.catalog.model import Product
from domain.drafts.model import DraftStatus
from domain.reconciliation.model import CaseStatus
from domain.returns.model import ReturnStatus
from readmodels.catalogue_views import CategoryView, PriceChange, ProductDetails, ProductFilter
from readmodels.views import (
    CaseView,
    DraftView,
    LedgerPosting,
    OrderFilter,
    OrderSort,
    OrderSummary,
    OrderView,
    Page,
    ProductView,
    ProjectionLag,
    ReturnView,
    SagaNote,
    SagaStep,
    StalledStep,
    StockView,
    TimelineEntry,
)
from tests.support import samples

T = TypeVar("T")


@dataclass
class FakeQueries:
    """Answers from dictionaries; `behind` projections never catch up, `fails` is raised by reads."""

    views: dict[UUID, OrderView] = field(default_factory=dict)
    catalogue: dict[str, ProductView] = field(default_factory=dict)
    changes: list[PriceChange] = field(default_factory=list)
    wanted: ProductFilter | None = None
    levels: dict[str, StockView] = field(default_factory=dict)
    known_cases: list[CaseView] = field(default_factory=list)
    known_drafts: list[DraftView] = field(default_factory=list)
    known_returns: list[ReturnView] = field(default_factory=list)
    postings: list[LedgerPosting] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)
    behind: bool = False
    fails: Exception | None = None
    listed: list[tuple[OrderFilter, int, str | None]] = field(default_factory=list)
    waited: list[tuple[str, str, int]] = field(default_factory=list)
    last_page: bool = False
    sorted_by: OrderSort | None = None
    filtered: tuple[str | None, str | None, int] | None = None

    async def order(self, order_id: UUID) -> OrderView | None:
        if self.fails:
            raise self.fails
        return self.views.get(order_id)

    async def order_by_number(self, number: str) -> OrderView | None:
        return None

    async def orders(
        self, where: OrderFilter, *, limit: int, cursor: str | None, sort: OrderSort = OrderSort.NEWEST
    ) -> Page[OrderSummary]:
        self.sorted_by = sort
        self.listed.append((where, limit, cursor))
        return _page([_summary(view) for view in self.views.values()], None if self.last_page else "more")

    async def count_orders(self, where: OrderFilter) -> int:
        return len(self.views)

    async def customer_orders(self, customer_id: str, *, limit: int) -> Sequence[OrderView]:
        mine = [view for view in self.views.values() if view.record.order.placed.customer_id == customer_id]
        return mine[:limit]

    async def order_counts(self, customer_id: str) -> tuple[int, int]:
        records = [view.record for view in self.views.values()]
        mine = [record for record in records if record.order.placed.customer_id == customer_id]
        return len(mine), sum(not record.status.terminal for record in mine)

    async def timeline(self, order_id: UUID, *, after: int, limit: int) -> Sequence[TimelineEntry]:
        return [entry for entry in self.entries if entry.version > after][:limit]

    async def ledger(self, order_id: UUID) -> Sequence[LedgerPosting]:
        return self.postings

    async def saga(self, order_id: UUID) -> Sequence[SagaStep]:
        return [SagaStep("authorize#1", "stalled", "Unknown", "no answer", samples.NOON, samples.NOON)]

    async def orders_by_id(self, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderView]:
        found = {each: await self.order(each) for each in order_ids}
        return {each: view for each, view in found.items() if view}

    async def timelines(self, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[TimelineEntry]]:
        return dict.fromkeys(order_ids, self.entries)

    async def sagas(self, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[SagaStep]]:
        return {each: await self.saga(each) for each in order_ids}

    async def stock_by_sku(self, skus: Sequence[str]) -> Mapping[str, StockView]:
        return {sku: self.levels[sku] for sku in skus if sku in self.levels}

    async def stalled(
        self,
        *,
        limit: int,
        cursor: str | None,
        assignee: str | None = None,
        error_type: str | None = None,
    ) -> Page[StalledStep]:
        self.filtered = (assignee, error_type, limit)
        step = StalledStep(samples.ORDER, samples.NUMBER, "authorize#1", "Unknown", "no answer", samples.NOON)
        return _page([step], None)

    async def saga_notes(self, order_id: UUID) -> Sequence[SagaNote]:
        return [SagaNote(3, "note", "operator:adam", "rang them up", None, samples.NOON)]

    async def draft(self, draft_id: UUID) -> DraftView | None:
        return next((view for view in self.known_drafts if view.draft.draft_id == draft_id), None)

    async def drafts(
        self, status: DraftStatus | None, customer_id: str | None, *, limit: int, cursor: str | None
    ) -> Page[DraftView]:
        return Page(
            [
                view
                for view in self.known_drafts
                if status in (None, view.draft.status) and customer_id in (None, view.draft.contents.customer_id)
            ],
            None,
        )

    async def case(self, case_id: UUID) -> CaseView | None:
        return next((view for view in self.known_cases if view.case.opened.case_id == case_id), None)

    async def returns(self, status: ReturnStatus | None, *, limit: int, cursor: str | None) -> Page[ReturnView]:
        return Page([view for view in self.known_returns if status in (None, view.known.status)], None)

    async def cases(self, status: CaseStatus | None, *, limit: int, cursor: str | None) -> Page[CaseView]:
        return Page([view for view in self.known_cases if status in (None, view.case.status)], None)

    async def stock(self, sku: str) -> StockView | None:
        return self.levels.get(sku)

    async def stock_levels(self, *, limit: int, cursor: str | None) -> Page[StockView]:
        return _page(list(self.levels.values()), None)

    async def products(self, where: ProductFilter, *, limit: int, cursor: str | None) -> Page[ProductDetails]:
        self.wanted = where
        shown = [each for each in self.catalogue.values() if where.status in (None, each.status)]
        return _page([_details(each) for each in shown], None)

    async def product_details(self, skus: Sequence[str]) -> Mapping[str, ProductDetails]:
        return {sku: _details(self.catalogue[sku]) for sku in skus if sku in self.catalogue}

    async def price_changes(self, sku: str, *, limit: int, cursor: str | None) -> Page[PriceChange]:
        return _page(self.changes if sku in self.catalogue else [], None)

    async def categories(self, *, limit: int, cursor: str | None) -> Page[CategoryView]:
        return _page([CategoryView("mugs", "Mugs", "kitchen", ["kitchen", "mugs"])], None)

    async def attributes(self) -> Sequence[AttributeDefined]:
        return [AttributeDefined("colour", "Colour", AttributeKind.CHOICE, ("blue", "green"))]

    async def products_by_sku(self, skus: Sequence[str]) -> Mapping[str, ProductView]:
        return {sku: self.catalogue[sku] for sku in skus if sku in self.catalogue}

    async def lag(self) -> Sequence[ProjectionLag]:
        return [ProjectionLag("orders", 1, 40, 42, 0.25, 1)]

    async def wait_for(self, projection: str, stream_id: str, version: int, *, timeout: float) -> bool:
        self.waited.append((projection, stream_id, version))
        return not self.behind


def _details(view: ProductView) -> ProductDetails:
    product = Product(view.sku, view.name, view.prices, view.status, tuple(view.scheduled))
    return ProductDetails(product, 4, samples.NOON)


def _page(items: Sequence[T], following: str | None) -> Page[T]:
    return Page(items, following, [f"cursor-{n}" for n in range(len(items))])


def _summary(view: OrderView) -> OrderSummary:
    record, placed = view.record, view.record.order.placed
    return OrderSummary(
        view.order_id,
        placed.order_number,
        placed.customer_id,
        record.status,
        record.payment_status,
        record.fulfilment_status,
        record.order.attention,
        record.order.totals.total,
        view.placed_at,
        view.updated_at,
        view.version,
    )
