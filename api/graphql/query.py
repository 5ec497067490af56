"""Everything that can be read."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth import Scope
from api.graphql.connections import After, Connection, First, check_first, connection
from api.graphql.context import ApiInfo, of
from api.graphql.types import (
    Order,
    Product,
    StalledStep,
    Stock,
    order_of,
    product_of,
    shown_product,
    stock_of,
)
from api.reading import catch_up, owns
from api.rest.orders import searched
from api.rest.products import known_sku, product_shown
from api.rest.stock import StockOut
from domain.identifiers import parse_order_number
from domain.orders.model import OrderStatus
from readmodels import orders, products, stock
from readmodels.views import OrderFilter, OrderSummary, Page

MinPosition = Annotated[
    str | None, strawberry.argument(description="A `Waybill-Position`: wait until the read has seen it")
]
NOTHING: Page[OrderSummary] = Page([], None)


@strawberry.input(description="All conditions hold")
class OrderWhere:
    status: OrderStatus | None = None
    customer_id: str | None = None
    placed_after: datetime | None = None
    attention: bool | None = None
    q: str | None = strawberry.field(default=None, description="Order number or customer id, or its start")


async def orders_page(info: ApiInfo, where: OrderWhere, first: int, after: str | None) -> Connection[Order]:
    """Two reads: the page, and its orders in full."""
    context = of(info)
    caller = await context.caller(Scope.READ_ORDERS)
    whose = where.customer_id if caller.may(Scope.ALL_CUSTOMERS) else caller.subject
    if where.customer_id is not None and not owns(caller, where.customer_id):
        return connection(NOTHING, lambda _: None, after=after)
    wanted = OrderFilter(where.status, whose, where.placed_after, where.attention, searched(where.q))
    page = await context.deps.queries.orders(wanted, limit=check_first(first), cursor=after)
    views = await context.loaders.orders.load_many([summary.order_id for summary in page.items])
    found = {view.order_id: view for view in views if view is not None}
    return connection(
        page,
        lambda summary: Order.shown(found[summary.order_id], caller) if summary.order_id in found else None,
        after=after,
    )


@strawberry.type
class Customer:
    id: strawberry.ID

    @strawberry.field(description="Newest first")
    async def orders(
        self, info: ApiInfo, where: OrderWhere | None = None, first: First = 20, after: After = None
    ) -> Connection[Order]:
        wanted = where or OrderWhere()
        wanted.customer_id = str(self.id)
        return await orders_page(info, wanted, first, after)


@strawberry.type
class Query:
    @strawberry.field(description="By id or by number; null if there is none that the caller may know of")
    async def order(
        self,
        info: ApiInfo,
        id: UUID | None = None,
        number: str | None = None,
        min_position: MinPosition = None,
    ) -> Order | None:
        await of(info).caller(Scope.READ_ORDERS)
        await catch_up(of(info).deps, orders.NAME, min_position)
        if id is None and number is not None:
            view = await of(info).deps.queries.order_by_number(parse_order_number(number))
            id = view.order_id if view else None
        return None if id is None else await order_of(info, id)

    @strawberry.field(description="Newest first; a customer's own")
    async def orders(
        self,
        info: ApiInfo,
        where: OrderWhere | None = None,
        first: First = 20,
        after: After = None,
        min_position: MinPosition = None,
    ) -> Connection[Order]:
        await of(info).caller(Scope.READ_ORDERS)
        await catch_up(of(info).deps, orders.NAME, min_position)
        return await orders_page(info, where or OrderWhere(), first, after)

    @strawberry.field(description="Null for a customer who asks for another")
    async def customer(self, info: ApiInfo, id: strawberry.ID) -> Customer | None:
        caller = await of(info).caller(Scope.READ_ORDERS)
        return Customer(id=id) if owns(caller, str(id)) else None

    @strawberry.field
    async def product(
        self, info: ApiInfo, sku: str, currency: str | None = None, min_position: MinPosition = None
    ) -> Product | None:
        await catch_up(of(info).deps, products.NAME, min_position)
        return await product_of(info, known_sku(sku), currency)

    @strawberry.field(description="By SKU; drafts for those who may write them")
    async def products(
        self, info: ApiInfo, currency: str | None = None, first: First = 20, after: After = None
    ) -> Connection[Product]:
        caller = await of(info).anyone()
        page = await of(info).deps.queries.products(limit=check_first(first), cursor=after)
        return connection(
            page,
            lambda view: shown_product(view, currency) if product_shown(view, caller) else None,
            after=after,
        )

    @strawberry.field(description="Null if it was never in stock")
    async def stock(self, info: ApiInfo, sku: str, min_position: MinPosition = None) -> Stock | None:
        await of(info).caller(Scope.READ_STOCK)
        await catch_up(of(info).deps, stock.NAME, min_position)
        return await stock_of(info, known_sku(sku))

    @strawberry.field(description="By SKU")
    async def stock_levels(self, info: ApiInfo, first: First = 20, after: After = None) -> Connection[Stock]:
        await of(info).caller(Scope.READ_STOCK)
        page = await of(info).deps.queries.stock_levels(limit=check_first(first), cursor=after)
        return connection(page, lambda view: Stock.model_construct(**dict(StockOut.of(view))), after=after)

    @strawberry.field(description="Steps of sagas that wait for an operator, the longest waiting first")
    async def stalled_steps(
        self, info: ApiInfo, first: First = 20, after: After = None
    ) -> Connection[StalledStep]:
        await of(info).caller(Scope.READ_OPERATIONS)
        page = await of(info).deps.queries.stalled(limit=check_first(first), cursor=after)
        return connection(page, StalledStep.shown, after=after)
