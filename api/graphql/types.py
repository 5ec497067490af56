"""What the graph is made of: the REST documents themselves, with their neighbours as fields.

A member that REST gains is in the graph the same day. Fields that reach further are read through loaders.
"""

from typing import TYPE_CHECKING, Annotated, NewType
from uuid import UUID

import strawberry
from strawberry import pydantic
from strawberry.scalars import JSON

from api.auth import Principal, Scope
from api.graphql.context import ApiInfo, of
from api.graphql.registering import documents
from api.reading import owns
from api.rest.history import EventOut, SagaStepOut
from api.rest.products import ProductOut, product_shown, writes
from api.rest.representations import (
    OrderLineOut,
    OrderOut,
)
from api.rest.sagas import StalledStepOut
from api.rest.stock import StockOut
from api.rest.taxonomy import AttributeOut, CategoryOut
from domain.catalog.events import AttributeKind
from readmodels import views
from readmodels.catalogue_views import ProductDetails
from readmodels.views import OrderView

if TYPE_CHECKING:
    from api.graphql.query import Customer

documents(OrderOut, ProductOut, StockOut, EventOut, StalledStepOut)
pydantic.type(SagaStepOut, name="SagaStep")
pydantic.type(CategoryOut, name="Category")
strawberry.enum(AttributeKind)
pydantic.type(AttributeOut, name="AttributeDefinition")

BigInt = NewType("BigInt", int)


@pydantic.type(name="Event")
class Event(EventOut):
    """Something that happened to an order."""

    position: BigInt
    data: JSON  # type: ignore[assignment]

    @classmethod
    def shown(cls, event: EventOut) -> "Event":
        return cls.model_construct(**dict(event))


@pydantic.type(name="Stock")
class Stock(StockOut):
    """Pieces of a SKU over all warehouses."""


@pydantic.type(name="Product")
class Product(ProductOut):
    attributes: JSON  # type: ignore[assignment]

    @pydantic.field(description="Pieces in the warehouses; null if it was never in stock")
    async def stock(self, info: ApiInfo) -> Stock | None:
        return await stock_of(info, self.sku)


@pydantic.type(name="OrderLine")
class OrderLine(OrderLineOut):
    @pydantic.field(description="The product as it is now; the line keeps what it was placed at")
    async def product(self, info: ApiInfo) -> Product | None:
        return await product_of(info, self.sku)


@pydantic.type(name="Order")
class Order(OrderOut):
    lines: list[OrderLine]  # type: ignore[assignment]

    @classmethod
    def shown(cls, view: OrderView, caller: Principal) -> "Order":
        given = dict(OrderOut.of(view, internal=caller.may(Scope.READ_OPERATIONS)))
        lines = [OrderLine.model_construct(**dict(line)) for line in given.pop("lines")]
        return cls.model_construct(**given, lines=lines)

    @pydantic.field
    async def customer(self) -> Annotated["Customer", strawberry.lazy("api.graphql.query")]:
        from api.graphql.query import Customer

        return Customer(id=strawberry.ID(self.customer_id))

    @pydantic.field(description="What happened to it, in order; a thousand events at most")
    async def events(self, info: ApiInfo) -> list[Event]:
        caller = await of(info).caller(Scope.READ_ORDERS)
        entries = await of(info).loaders.events.load(self.order_id)
        return [Event.shown(EventOut.of(entry, caller)) for entry in entries]

    @pydantic.field(description="The steps of its process, and where each stands")
    async def saga(self, info: ApiInfo) -> list[SagaStepOut]:
        internal = (await of(info).caller(Scope.READ_ORDERS)).may(Scope.READ_OPERATIONS)
        steps = await of(info).loaders.sagas.load(self.order_id)
        return [SagaStepOut.of(step, internal=internal) for step in steps]


@pydantic.type(name="StalledStep")
class StalledStep(StalledStepOut):
    @classmethod
    def shown(cls, step: views.StalledStep) -> "StalledStep":
        return cls.model_construct(**dict(StalledStepOut.model_validate(step)))

    @pydantic.field
    async def order(self, info: ApiInfo) -> Order | None:
        return await order_of(info, self.order_id)


async def order_of(info: ApiInfo, order_id: UUID) -> Order | None:
    """The order, or None if the caller may not know of it."""
    caller = await of(info).caller(Scope.READ_ORDERS)
    view = await of(info).loaders.orders.load(order_id)
    if view is None or not owns(caller, view.record.order.placed.customer_id):
        return None
    return Order.shown(view, caller)


async def product_of(info: ApiInfo, sku: str, currency: str | None = None) -> Product | None:
    view = await of(info).loaders.products.load(sku)
    caller = await of(info).anyone()
    return None if view is None else shown_product(view, caller, currency)


def shown_product(view: ProductDetails, caller: Principal | None, currency: str | None) -> Product | None:
    """None of what the caller may not know of."""
    if not product_shown(view, caller):
        return None
    return Product.model_construct(**dict(ProductOut.of(view, currency, writes=writes(caller))))


async def stock_of(info: ApiInfo, sku: str) -> Stock | None:
    await of(info).caller(Scope.READ_STOCK)
    view = await of(info).loaders.stock.load(sku)
    return None if view is None else Stock.model_construct(**dict(StockOut.of(view)))
