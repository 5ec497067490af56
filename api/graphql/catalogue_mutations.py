"""Commands on products, what they share, and stock."""

from typing import Annotated

import strawberry
from fastapi import Response
from strawberry import pydantic
from strawberry.scalars import JSON

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
from api.rest import product_commands, products, taxonomy
from api.rest import stock as stock_rest
from api.rest.bodies import AdjustmentBody, MoneyBody
from api.rest.product_bodies import (
    AttributeBody,
    CategoryBody,
    DiscontinueBody,
    EndPriceBody,
    ImageBody,
    MoveCategoryBody,
    ProductBody,
    ProductChangeBody,
    RenameCategoryBody,
    ScheduledPriceBody,
)

bodies(MoneyBody, AdjustmentBody, ImageBody, CategoryBody, AttributeBody, ScheduledPriceBody, EndPriceBody)

ProductVersion = Annotated[int | None, strawberry.argument(description="Only if the product is still at it")]


@pydantic.input(name="ProductInput")
class ProductInput(ProductBody):
    """`attributes` are checked when it is read as REST's body, as the graph has no type for what they hold."""

    attributes: JSON | None = None  # type: ignore[assignment]


@pydantic.input(name="ProductChangeInput")
class ProductChangeInput(ProductChangeBody):
    attributes: JSON | None = None  # type: ignore[assignment]


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


@strawberry.type(description="The command is committed; `code` is the category's or the attribute's")
class TaxonomyCommanded:
    code: str
    version: int
    position: str


CatalogueCommandResult = Annotated[
    CatalogueCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("CatalogueCommandResult"),
]
TaxonomyCommandResult = Annotated[
    TaxonomyCommanded | NotFoundProblem | AccessProblem | InvalidProblem | ConflictProblem | UnavailableProblem,
    strawberry.union("TaxonomyCommandResult"),
]


def _changed(info: ApiInfo, answer: Response) -> CatalogueCommanded:
    changed = products.ChangedOut.model_validate_json(bytes(answer.body))
    of(info).loaders.forget_product(changed.sku)
    return CatalogueCommanded(**dict(changed))


def _shared(answer: Response) -> TaxonomyCommanded:
    return TaxonomyCommanded(**dict(taxonomy.TaxonomyChangedOut.model_validate_json(bytes(answer.body))))


@strawberry.type
class ProductMutations:
    @strawberry.mutation(description="Create a draft; it is sold once it is published")
    async def create_product(
        self, info: ApiInfo, input: ProductInput, idempotency_key: str
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key, body = check(idempotency_key), ProductBody.model_validate(input.model_dump())
        return _changed(info, await product_commands.create_product(caller, of(info).deps, key, body))

    @strawberry.mutation(description="Change what customers are shown; null stays, but takes an attribute away")
    async def change_product(
        self,
        info: ApiInfo,
        sku: str,
        input: ProductChangeInput,
        expected_version: ProductVersion = None,
        idempotency_key: Key = None,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key, body = check(idempotency_key), ProductChangeBody.model_validate(input.model_dump())
        return _changed(
            info,
            await product_commands.change_product(caller, of(info).deps, sku, key, expected_version, body),
        )

    @strawberry.mutation(description="Set the standing price in one currency; orders placed before keep theirs")
    async def change_price(
        self,
        info: ApiInfo,
        sku: str,
        price: MoneyBody,
        expected_version: ProductVersion = None,
        idempotency_key: Key = None,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key = check(idempotency_key)
        return _changed(
            info, await product_commands.change_price(caller, of(info).deps, sku, key, expected_version, price)
        )

    @strawberry.mutation(description="Let a price count instead of the standing one for a while")
    async def schedule_price(
        self,
        info: ApiInfo,
        sku: str,
        input: ScheduledPriceBody,
        idempotency_key: str,
        expected_version: ProductVersion = None,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key = check(idempotency_key)
        return _changed(
            info, await product_commands.schedule_price(caller, of(info).deps, sku, key, expected_version, input)
        )

    @strawberry.mutation(description="End a scheduled price, now or at a moment to come")
    async def end_price(
        self,
        info: ApiInfo,
        sku: str,
        price_id: str,
        input: EndPriceBody | None = None,
        expected_version: ProductVersion = None,
        idempotency_key: Key = None,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key = check(idempotency_key)
        return _changed(
            info,
            await product_commands.end_price(caller, of(info).deps, sku, price_id, key, expected_version, input),
        )

    @strawberry.mutation(description="Begin to sell the product")
    async def publish_product(
        self, info: ApiInfo, sku: str, expected_version: ProductVersion = None, idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key = check(idempotency_key)
        return _changed(
            info, await product_commands.publish_product(caller, of(info).deps, sku, key, expected_version)
        )

    @strawberry.mutation(description="Make the product a draft again, which nobody can order")
    async def unpublish_product(
        self, info: ApiInfo, sku: str, expected_version: ProductVersion = None, idempotency_key: Key = None
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key = check(idempotency_key)
        return _changed(
            info, await product_commands.unpublish_product(caller, of(info).deps, sku, key, expected_version)
        )

    @strawberry.mutation(description="Stop selling the product, for good")
    async def discontinue_product(
        self,
        info: ApiInfo,
        sku: str,
        reason: str = "discontinued",
        expected_version: ProductVersion = None,
        idempotency_key: Key = None,
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key, body = check(idempotency_key), DiscontinueBody(reason=reason)
        return _changed(
            info,
            await product_commands.discontinue_product(caller, of(info).deps, sku, key, expected_version, body),
        )

    @strawberry.mutation(description="Correct a warehouse's stock by a positive or negative quantity")
    async def adjust_stock(
        self, info: ApiInfo, sku: str, input: AdjustmentBody, idempotency_key: str
    ) -> CatalogueCommandResult:
        caller = await caller_of(info, Scope.ADJUST_STOCK)
        key = check(idempotency_key)
        return _changed(info, await stock_rest.adjust_stock(caller, of(info).deps, sku, key, input))


@strawberry.type
class CatalogueMutations(ProductMutations):
    @strawberry.mutation(description="Create a category, at the top of the tree or under another")
    async def create_category(
        self, info: ApiInfo, input: CategoryBody, idempotency_key: str
    ) -> TaxonomyCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        return _shared(await taxonomy.create_category(caller, of(info).deps, check(idempotency_key), input))

    @strawberry.mutation
    async def rename_category(
        self, info: ApiInfo, category: str, name: str, idempotency_key: Key = None
    ) -> TaxonomyCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key, body = check(idempotency_key), RenameCategoryBody(name=name)
        return _shared(await taxonomy.rename_category(caller, of(info).deps, category, key, body))

    @strawberry.mutation(description="Put a category, with all below it, under another, or at the top for null")
    async def move_category(
        self, info: ApiInfo, category: str, parent: str | None = None, idempotency_key: Key = None
    ) -> TaxonomyCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key, body = check(idempotency_key), MoveCategoryBody(parent=parent)
        return _shared(await taxonomy.move_category(caller, of(info).deps, category, key, body))

    @strawberry.mutation(description="Define an attribute, or give it another label or more choices")
    async def define_attribute(
        self, info: ApiInfo, attribute: str, input: AttributeBody, idempotency_key: Key = None
    ) -> TaxonomyCommandResult:
        caller = await caller_of(info, Scope.WRITE_CATALOG)
        key = check(idempotency_key)
        return _shared(await taxonomy.define_attribute(caller, of(info).deps, attribute, key, input))
