"""The catalogue: anyone reads what is sold; operators create, price, publish and discontinue."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from activities.aggregates import Committed
from api import positions
from api.auth import Principal, Scope
from api.dependencies import (
    AnyKey,
    Anyone,
    Cataloguing,
    Cursor,
    Deps,
    Limit,
    MinPosition,
    RequiredKey,
    command_key,
)
from api.openapi import problems
from api.reading import catch_up
from api.rest import examples
from api.rest.bodies import DiscontinueBody, MoneyBody, ProductBody
from api.rest.representations import MoneyOut, PageOut, answer, money
from api.strict import StrictRoute
from domain import identifiers
from domain.catalog.model import ProductStatus
from domain.errors import InvalidValue, NotFound
from domain.identifiers import Sku
from readmodels import products
from readmodels.views import ProductView

router = APIRouter(prefix="/v1/products", tags=["products"], route_class=StrictRoute)

SkuPath = Annotated[str, Path(description="The product's SKU")]
Currency = Annotated[str | None, Query(max_length=3, description="The currency that `price` is shown in")]


class ProductOut(BaseModel):
    """`price` is that in the currency asked for, or the first there is; None when there is none."""

    sku: str
    name: str
    status: ProductStatus
    price: MoneyOut | None
    prices: list[MoneyOut]

    @classmethod
    def of(cls, view: ProductView, currency: str | None) -> "ProductOut":
        prices = [money(view.prices[code]) for code in sorted(view.prices)]
        wanted = [price for price in prices if currency in (None, price.currency)]
        return cls(
            sku=view.sku,
            name=view.name,
            status=view.status,
            price=wanted[0] if wanted else None,
            prices=prices,
        )


class ChangedOut(BaseModel):
    """The change is committed; read with `min_position` to see it."""

    sku: str
    version: int
    position: str


@router.get(
    "",
    response_model=PageOut[ProductOut],
    openapi_extra=problems(
        "invalid-cursor", "invalid-position", "read-not-caught-up", example=examples.page(examples.PRODUCT)
    ),
)
async def list_products(
    caller: Anyone,
    deps: Deps,
    currency: Currency = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """By SKU. Drafts are shown to those who may write them, so a page may hold fewer than `limit`."""
    await catch_up(deps, products.NAME, min_position)
    page = await deps.queries.products(limit=limit, cursor=cursor)
    items = [ProductOut.of(view, currency) for view in page.items if product_shown(view, caller)]
    return answer(PageOut[ProductOut](items=items, next_cursor=page.next_cursor))


@router.get(
    "/{sku}",
    response_model=ProductOut,
    openapi_extra=problems(
        "product-not-found", "invalid-position", "read-not-caught-up", example=examples.PRODUCT
    ),
)
async def get_product(
    caller: Anyone, deps: Deps, sku: SkuPath, currency: Currency = None, min_position: MinPosition = None
) -> Response:
    await catch_up(deps, products.NAME, min_position)
    named = known_sku(sku)
    view = (await deps.queries.products_by_sku([named])).get(named)
    if view is None or not product_shown(view, caller):
        raise NotFound(f"there is no product {named}", code="product-not-found")
    return answer(ProductOut.of(view, currency))


def product_shown(view: ProductView, caller: Principal | None) -> bool:
    writes = caller is not None and caller.may(Scope.WRITE_CATALOG)
    return writes or view.status is not ProductStatus.DRAFT


def known_sku(text: str) -> Sku:
    """A SKU in a path: one that is malformed names no product, like any other unknown one."""
    try:
        return identifiers.sku(text)
    except InvalidValue:
        raise NotFound("there is no product of this SKU", code="product-not-found") from None


@router.post(
    "",
    status_code=201,
    response_model=ChangedOut,
    openapi_extra=problems(
        *("idempotency-key-required", "invalid-idempotency-key", "product-exists", "invalid-sku", "invalid-name"),
        *("invalid-amount", "invalid-price", "unknown-currency"),
        example={**examples.CHANGED_PRODUCT, "version": 1},
    ),
)
async def create_product(caller: Cataloguing, deps: Deps, key: RequiredKey, body: ProductBody) -> Response:
    """Create a draft. It is sold once it is published."""
    sku = identifiers.sku(body.sku)
    prices = body.all_prices()
    for price in prices:
        deps.rules.currency(price.currency)
    committed = await deps.gateway.create_product(
        sku, body.name, prices, key=command_key(caller, key), actor=caller.actor
    )
    return _changed(sku, committed, 201, location=f"/v1/products/{sku}")


@router.put(
    "/{sku}/price",
    response_model=ChangedOut,
    openapi_extra=problems(
        *("product-not-found", "product-discontinued", "invalid-amount", "invalid-price", "unknown-currency"),
        example=examples.CHANGED_PRODUCT,
    ),
)
async def change_price(caller: Cataloguing, deps: Deps, sku: SkuPath, key: AnyKey, body: MoneyBody) -> Response:
    """Set the price in one currency; those in others stay. Orders placed before keep theirs."""
    named, price = known_sku(sku), body.money()
    deps.rules.currency(price.currency)
    committed = await deps.gateway.change_price(named, price, key=command_key(caller, key), actor=caller.actor)
    return _changed(named, committed)


@router.post(
    "/{sku}/publish",
    response_model=ChangedOut,
    openapi_extra=problems(
        "product-not-found", "product-discontinued", "no-price", example=examples.CHANGED_PRODUCT
    ),
)
async def publish_product(caller: Cataloguing, deps: Deps, sku: SkuPath, key: AnyKey) -> Response:
    """Begin to sell the product. Publishing it again changes nothing."""
    named = known_sku(sku)
    committed = await deps.gateway.publish_product(named, key=command_key(caller, key), actor=caller.actor)
    return _changed(named, committed)


@router.post(
    "/{sku}/discontinue",
    response_model=ChangedOut,
    openapi_extra=problems("product-not-found", "product-discontinued", example=examples.CHANGED_PRODUCT),
)
async def discontinue_product(
    caller: Cataloguing, deps: Deps, sku: SkuPath, key: AnyKey, body: DiscontinueBody | None = None
) -> Response:
    """Stop selling the product, for good. Orders placed before keep it."""
    named, reason = known_sku(sku), (body or DiscontinueBody()).reason
    committed = await deps.gateway.discontinue_product(
        named, key=command_key(caller, key), reason=reason, actor=caller.actor
    )
    return _changed(named, committed)


def _changed(sku: Sku, committed: Committed, status: int = 200, **headers: str) -> Response:
    position = positions.encode(committed)
    changed = ChangedOut(sku=sku, version=committed.version, position=position)
    return answer(changed, status, waybill_position=position, **headers)
