"""The read models as callers get them: `readmodels.views.Queries`, handed on to the projections' own queries."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.catalog.events import AttributeDefined
from domain.drafts.model import DraftStatus
from domain.errors import InvalidValue
from domain.reconciliation.model import CaseStatus
from domain.returns.model import ReturnStatus
from readmodels import (
    cases,
    catalogue_lists,
    cursors,
    drafts,
    ledger,
    order_list,
    orders,
    positions,
    products,
    returns,
    saga_notes,
    saga_steps,
    stock,
    taxonomy,
    timeline,
)
from readmodels.catalogue_views import CategoryView, PriceChange, ProductDetails, ProductFilter
from readmodels.projections import projections
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
from readmodels.waiting import Waiting

MAX_VERSION = 2**63 - 1


class ReadModels:
    """Every query takes one connection of the engine and, but for a long page, one round trip.

    Args:
        engine: The read models' database. Its pool bounds how many queries run at once.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # no BEGIN around a single SELECT
        self._waiting = Waiting(self._engine)
        self._projections = projections()

    async def order(self, order_id: UUID) -> OrderView | None:
        async with self._engine.connect() as connection:
            return await orders.by_id(connection, order_id)

    async def order_by_number(self, number: str) -> OrderView | None:
        async with self._engine.connect() as connection:
            return await orders.by_number(connection, number)

    async def unfinished(self, before: datetime, after: UUID | None) -> Sequence[UUID]:
        """The next page of orders that have not ended and last changed before a time, by id."""
        async with self._engine.connect() as connection:
            return await orders.unfinished(connection, before=before, after=after, limit=cursors.MAX_PAGE)

    async def unpaid_returns(self, before: datetime, after: UUID | None) -> Sequence[tuple[UUID, UUID]]:
        """Returns that have work of their own, unchanged since a time: a page of order and id, by id."""
        async with self._engine.connect() as connection:
            return await returns.unpaid(connection, before=before, after=after, limit=cursors.MAX_PAGE)

    async def unfinished_refunds(
        self, before: datetime, after: tuple[UUID, str] | None
    ) -> Sequence[tuple[UUID, str]]:
        """The next page of refunds that are granted and not given back: order and grant, in their order."""
        async with self._engine.connect() as connection:
            return await saga_steps.unfinished_refunds(
                connection, before=before, after=after, limit=cursors.MAX_PAGE
            )

    async def settling_cases(self, before: datetime, after: UUID | None) -> Sequence[UUID]:
        """The next page of cases whose action is under way, unchanged since a time, by id."""
        async with self._engine.connect() as connection:
            return await cases.settling(connection, before=before, after=after, limit=cursors.MAX_PAGE)

    async def returns(self, status: ReturnStatus | None, *, limit: int, cursor: str | None) -> Page[ReturnView]:
        async with self._engine.connect() as connection:
            return await returns.listed(connection, status, limit=limit, cursor=cursor)

    async def orders(
        self, where: OrderFilter, *, limit: int, cursor: str | None, sort: OrderSort = OrderSort.NEWEST
    ) -> Page[OrderSummary]:
        async with self._engine.connect() as connection:
            return await order_list.listed(connection, where, limit=limit, cursor=cursor, sort=sort)

    async def count_orders(self, where: OrderFilter) -> int:
        async with self._engine.connect() as connection:
            return await order_list.counted(connection, where)

    async def customer_orders(self, customer_id: str, *, limit: int) -> Sequence[OrderView]:
        async with self._engine.connect() as connection:
            return await orders.of_customer(connection, customer_id, limit=limit)

    async def order_counts(self, customer_id: str) -> tuple[int, int]:
        async with self._engine.connect() as connection:
            return await orders.counts(connection, customer_id)

    async def timeline(self, order_id: UUID, *, after: int, limit: int) -> Sequence[TimelineEntry]:
        async with self._engine.connect() as connection:
            return await timeline.of_order(connection, order_id, after=after, limit=limit)

    async def ledger(self, order_id: UUID) -> Sequence[LedgerPosting]:
        async with self._engine.connect() as connection:
            return await ledger.of_order(connection, order_id)

    async def saga(self, order_id: UUID) -> Sequence[SagaStep]:
        async with self._engine.connect() as connection:
            return await saga_steps.of_order(connection, order_id)

    async def orders_by_id(self, order_ids: Sequence[UUID]) -> Mapping[UUID, OrderView]:
        async with self._engine.connect() as connection:
            return await orders.by_ids(connection, order_ids)

    async def timelines(self, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[TimelineEntry]]:
        async with self._engine.connect() as connection:
            return await timeline.of_orders(connection, order_ids, limit=cursors.MAX_PAGE)

    async def sagas(self, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[SagaStep]]:
        async with self._engine.connect() as connection:
            return await saga_steps.of_orders(connection, order_ids)

    async def stock_by_sku(self, skus: Sequence[str]) -> Mapping[str, StockView]:
        async with self._engine.connect() as connection:
            return await stock.of_skus(connection, skus)

    async def stalled(
        self,
        *,
        limit: int,
        cursor: str | None,
        assignee: str | None = None,
        error_type: str | None = None,
    ) -> Page[StalledStep]:
        async with self._engine.connect() as connection:
            return await saga_steps.stalled(
                connection, limit=limit, cursor=cursor, assignee=assignee, error_type=error_type
            )

    async def saga_notes(self, order_id: UUID) -> Sequence[SagaNote]:
        async with self._engine.connect() as connection:
            return await saga_notes.of_order(connection, order_id)

    async def draft(self, draft_id: UUID) -> DraftView | None:
        async with self._engine.connect() as connection:
            return await drafts.by_id(connection, draft_id)

    async def drafts(
        self, status: DraftStatus | None, customer_id: str | None, *, limit: int, cursor: str | None
    ) -> Page[DraftView]:
        async with self._engine.connect() as connection:
            return await drafts.listed(connection, status, customer_id, limit=limit, cursor=cursor)

    async def case(self, case_id: UUID) -> CaseView | None:
        async with self._engine.connect() as connection:
            return await cases.by_id(connection, case_id)

    async def cases(self, status: CaseStatus | None, *, limit: int, cursor: str | None) -> Page[CaseView]:
        async with self._engine.connect() as connection:
            return await cases.listed(connection, status, limit=limit, cursor=cursor)

    async def stock(self, sku: str) -> StockView | None:
        async with self._engine.connect() as connection:
            return await stock.of_sku(connection, sku)

    async def stock_levels(self, *, limit: int, cursor: str | None) -> Page[StockView]:
        async with self._engine.connect() as connection:
            return await stock.levels(connection, limit=limit, cursor=cursor)

    async def products(self, where: ProductFilter, *, limit: int, cursor: str | None) -> Page[ProductDetails]:
        async with self._engine.connect() as connection:
            return await catalogue_lists.listed(connection, where, limit=limit, cursor=cursor)

    async def product_details(self, skus: Sequence[str]) -> Mapping[str, ProductDetails]:
        async with self._engine.connect() as connection:
            return await products.details(connection, skus)

    async def price_changes(self, sku: str, *, limit: int, cursor: str | None) -> Page[PriceChange]:
        async with self._engine.connect() as connection:
            return await catalogue_lists.price_changes(connection, sku, limit=limit, cursor=cursor)

    async def categories(self, *, limit: int, cursor: str | None) -> Page[CategoryView]:
        async with self._engine.connect() as connection:
            return await taxonomy.categories(connection, limit=limit, cursor=cursor)

    async def attributes(self) -> Sequence[AttributeDefined]:
        async with self._engine.connect() as connection:
            return await taxonomy.attributes(connection)

    async def products_by_sku(self, skus: Sequence[str]) -> Mapping[str, ProductView]:
        async with self._engine.connect() as connection:
            return await products.by_sku(connection, skus)

    async def lag(self) -> Sequence[ProjectionLag]:
        async with self._engine.connect() as connection:
            return await positions.lag(connection, self._projections)

    async def wait_for(self, projection: str, stream_id: str, version: int, *, timeout: float) -> bool:
        """As the protocol says.

        Raises:
            NotFound: `projection-not-found`.
            InvalidValue: `invalid-position`, no stream has such an id or version. All waiters share a look, so one
                that the database would refuse must not come that far.
        """
        found = positions.named(self._projections, projection)
        if not stream_id.isprintable() or not 0 <= version <= MAX_VERSION:
            raise InvalidValue("no stream has such an id or version", code="invalid-position")
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                if not await self._shown(projection, stream_id, version):
                    await self._waiting.wait(found, stream_id, version)
        except TimeoutError:
            if not limit.expired():
                raise
            return False
        return True

    async def _shown(self, projection: str, stream_id: str, version: int) -> bool:
        """The orders' own rows tell their versions: mostly they are there already, and that is one look-up."""
        if projection != orders.NAME or not stream_id.startswith(orders.STREAMS):
            return False
        try:
            order_id = UUID(stream_id.removeprefix("order/"))
        except ValueError:  # a caller made the id up; it is waited for in vain like any other
            return False
        async with self._engine.connect() as connection:
            return await orders.version_of(connection, order_id) >= version
