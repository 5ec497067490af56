"""Commands on products and stock."""

from typing import Annotated

import strawberry
from fastapi import Response

from api.auth import Scope
from api.graphql.commanding import Key, caller_of, check
from api.graphql.context import ApiInfo, of
from api.graphql.problems import (
    AccessProblem,
    ConflictProblem,
    InvalidProblem,
    NotFoundProblem,
    UnavailableProblem,
)
from api.graphql.registering import bodies
from api.graphql.types import Product, Stock, product_of, stock_of
from api.rest import products
from api.rest import stock as stock_rest
from api.rest.bodies import (
    AdjustmentBody,
    DiscontinueBody,
    MoneyBody,
    ProductBody,
)

bodies(MoneyBody, ProductBody, AdjustmentBody)


@strawberry.type(description="The command is committed, at `version` of the product's stream or the stock's")
class CatalogueCommanded:
    sku: str
    version: int
    position: str

    @strawberry.field
    async def product(self, info: ApiInfo) -> Product | None:
        return await product_of(info, self.sku)

    @strawberry.field
    async def stock(self, info: ApiInfo) -> Stock | None:
        return await stock_of(info, self.sku)


CatalogueCommandResult = Annotated[
    CatalogueCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("CatalogueCommandResult"),
]


def _changed(info: ApiInfo, answer: Response) -> CatalogueCommanded:
    changed = products.ChangedOut.model_validate_json(bytes(answer.body))
    of(info).loaders.forget_product(changed.sku)
    return CatalogueCommanded(**dict(changed))


@strawberry.type
class CatalogueMutations:
    @strawberry.mutation(description="Create a draft; it is sold once it is published")
    async def create_product(
        self,
        info: ApiInfo,
        input: ProductBody,
        idempotency_key: str,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        return _changed(info, await products.create_product(caller, of(info).deps, check(idempotency_key), input))

    @strawberry.mutation(description="Set the price in one currency; orders placed before keep theirs")
    async def change_price(
        self, info: ApiInfo, sku: str, price: MoneyBody, idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        return _changed(
            info, await products.change_price(caller, of(info).deps, sku, check(idempotency_key), price)
        )

    @strawberry.mutation(description="Begin to sell the product")
    async def publish_product(
        self, info: ApiInfo, sku: str, idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        return _changed(info, await products.publish_product(caller, of(info).deps, sku, check(idempotency_key)))

    @strawberry.mutation(description="Stop selling the product, for good")
    async def discontinue_product(
        self, info: ApiInfo, sku: str, reason: str = "discontinued", idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        body = DiscontinueBody(reason=reason)
        return _changed(
            info, await products.discontinue_product(caller, of(info).deps, sku, check(idempotency_key), body)
        )

    @strawberry.mutation(description="Correct a warehouse's stock by a positive or negative quantity")
    async def adjust_stock(
        self,
        info: ApiInfo,
        sku: str,
        input: AdjustmentBody,
        idempotency_key: str,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.ADJUST_STOCK)
        key = check(idempotency_key)
        return _changed(info, await stock_rest.adjust_stock(caller, of(info).deps, sku, key, input))
