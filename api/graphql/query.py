"""Everything that can be read."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth import Scope
from api.dependencies import ApiDependencies
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
from api.rest.order_search import OrderSearch
from api.rest.products import (
    MAX_ATTRIBUTE_FILTERS,
    MAX_SEARCH,
    attribute_filters,
    known_sku,
    listed,
    minor,
    priced_in,
)
from api.rest.stock import StockOut
from api.rest.taxonomy import AttributeOut, CategoryOut
from domain.catalog.model import ProductStatus
from domain.errors import InvalidValue
from domain.identifiers import parse_order_number
from readmodels import orders, products, stock
from readmodels.catalogue_views import ProductFilter
from readmodels.views import OrderSort, OrderSummary, Page

MinPosition = Annotated[
    str | None, strawberry.argument(description="A `Waybill-Position`: wait until the read has seen it")
]
Sort = Annotated[OrderSort, strawberry.argument(description="Totals need a currency")]
NOTHING: Page[OrderSummary] = Page([], None)
strawberry.enum(OrderSort)


@strawberry.input(
    description="All conditions hold. Totals are amounts of `currency`, and included; times are not. `sku` is one"
    " that the order has or had, `q` an order number or a customer's id, or its start"
)
class OrderWhere(OrderSearch):
    """What lists over REST are searched by."""


@strawberry.input(description="All conditions hold. Prices are amounts of `currency`, and included")
class ProductWhere:
    q: str | None = strawberry.field(
        default=None, description="Words of name, SKU or description, or their starts"
    )
    category: str | None = strawberry.field(default=None, description="In it, or in one below it")
    attributes: list[str] | None = strawberry.field(default=None, description="`colour:blue`")
    price_min: str | None = None
    price_max: str | None = None
    in_stock: bool | None = None
    status: ProductStatus | None = None


def product_filter(deps: ApiDependencies, where: ProductWhere, currency: str | None) -> ProductFilter:
    """Raises InvalidValue (`invalid-filter`, `invalid-amount`, `unknown-currency`)."""
    bounded = where.price_min is not None or where.price_max is not None
    if len(where.q or "") > MAX_SEARCH or len(where.attributes or ()) > MAX_ATTRIBUTE_FILTERS:
        raise InvalidValue(
            f"a search has at most {MAX_SEARCH} characters, and {MAX_ATTRIBUTE_FILTERS} attributes",
            code="invalid-filter",
        )
    return ProductFilter(
        at=datetime.now(UTC),
        q=where.q,
        status=where.status,
        category=where.category,
        attributes=attribute_filters(where.attributes or ()),
        currency=priced_in(deps, currency) if bounded else currency,
        least_price=minor(where.price_min, currency),
        most_price=minor(where.price_max, currency),
        in_stock=where.in_stock,
    )


async def orders_page(
    info: ApiInfo, where: OrderWhere, sort: OrderSort, first: int, after: str | None
) -> Connection[Order]:
    """Two reads: the page, and its orders in full."""
    context = of(info)
    caller = await context.caller(Scope.READ_ORDERS)
    wanted = where.filter(caller)
    if wanted is None:
        return connection(NOTHING, lambda _: None, after=after)
    page = await context.deps.queries.orders(wanted, limit=check_first(first), cursor=after, sort=sort)
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

    @strawberry.field(description="Newest first, if not sorted otherwise")
    async def orders(
        self,
        info: ApiInfo,
        where: OrderWhere | None = None,
        sort: Sort = OrderSort.NEWEST,
        first: First = 20,
        after: After = None,
    ) -> Connection[Order]:
        wanted = where or OrderWhere()
        wanted.customer_id = str(self.id)
        return await orders_page(info, wanted, sort, first, after)


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

    @strawberry.field(description="Newest first, if not sorted otherwise; a customer's own")
    async def orders(
        self,
        info: ApiInfo,
        where: OrderWhere | None = None,
        sort: Sort = OrderSort.NEWEST,
        first: First = 20,
        after: After = None,
        min_position: MinPosition = None,
    ) -> Connection[Order]:
        await of(info).caller(Scope.READ_ORDERS)
        await catch_up(of(info).deps, orders.NAME, min_position)
        return await orders_page(info, where or OrderWhere(), sort, first, after)

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

    @strawberry.field(description="By SKU, or a search by how well it matches; drafts for those who write them")
    async def products(
        self,
        info: ApiInfo,
        where: ProductWhere | None = None,
        currency: str | None = None,
        first: First = 20,
        after: After = None,
        min_position: MinPosition = None,
    ) -> Connection[Product]:
        context = of(info)
        caller = await context.anyone()
        wanted = product_filter(context.deps, where or ProductWhere(), currency)
        await catch_up(context.deps, products.NAME, min_position)
        page = await listed(context.deps, caller, wanted, limit=check_first(first), cursor=after)
        return connection(page, lambda view: shown_product(view, caller, currency), after=after)

    @strawberry.field(description="By code")
    async def categories(self, info: ApiInfo, first: First = 100, after: After = None) -> Connection[CategoryOut]:
        await of(info).anyone()
        page = await of(info).deps.queries.categories(limit=check_first(first), cursor=after)
        return connection(page, CategoryOut.of, after=after)

    @strawberry.field(description="What products may say of themselves, by name")
    async def attributes(self, info: ApiInfo) -> list[AttributeOut]:
        await of(info).anyone()
        return [AttributeOut.of(defined) for defined in await of(info).deps.queries.attributes()]

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
        self,
        info: ApiInfo,
        assignee: Annotated[str | None, strawberry.argument(description="`operator:eve`")] = None,
        error_type: str | None = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[StalledStep]:
        await of(info).caller(Scope.READ_OPERATIONS)
        page = await of(info).deps.queries.stalled(
            limit=check_first(first), cursor=after, assignee=assignee, error_type=error_type
        )
        return connection(page, StalledStep.shown, after=after)
