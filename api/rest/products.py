"""The catalogue as anyone reads it; those who write it see drafts, and prices to come. Commands are beside it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from activities.aggregates import Committed
from api import positions
from api.auth import Principal, Scope
from api.dependencies import Anyone, ApiDependencies, Cataloguing, Cursor, Deps, Limit, MinPosition
from api.fields import Fields, chosen, sparse, sparse_page
from api.openapi import problems
from api.reading import catch_up
from api.rest import catalogue_examples, examples
from api.rest.representations import MoneyOut, PageOut, answer, etag, money
from api.strict import StrictRoute
from domain import identifiers
from domain.catalog.events import AttributeKind, ProductAttribute
from domain.catalog.model import ProductStatus
from domain.catalog.prices import prices_at
from domain.errors import InvalidValue, NotFound
from domain.identifiers import Sku
from domain.money import Money
from readmodels import products
from readmodels.catalogue_views import PriceChange, PriceChangeKind, ProductDetails, ProductFilter
from readmodels.pages import Page

router = APIRouter(prefix="/v1/products", tags=["products"], route_class=StrictRoute)

SkuPath = Annotated[str, Path(description="The product's SKU")]
Currency = Annotated[str | None, Query(max_length=3, description="The currency that `price` is shown in")]
MAX_ATTRIBUTE_FILTERS: Final = 10
MAX_SEARCH: Final = 200


class ImageOut(BaseModel, from_attributes=True):
    url: str
    alt: str


class ScheduledPriceOut(BaseModel):
    price_id: str
    price: MoneyOut
    valid_from: datetime
    valid_until: datetime | None


class ProductOut(BaseModel):
    """`price` is that in the currency asked for, or the first there is; None when there is none. `prices` are
    those that count now; `scheduled_prices`, for a while each, are shown to those who write the catalogue.
    """

    sku: str
    name: str
    status: ProductStatus
    description: str
    price: MoneyOut | None
    prices: list[MoneyOut]
    scheduled_prices: list[ScheduledPriceOut] | None
    categories: list[str]
    attributes: dict[str, str | bool | int | float]
    images: list[ImageOut]
    version: int
    updated_at: datetime | None

    @classmethod
    def of(cls, view: ProductDetails, currency: str | None, *, writes: bool = False) -> "ProductOut":
        product = view.product
        counting = prices_at(product.prices, product.scheduled, datetime.now(UTC))
        prices = [money(counting[code]) for code in sorted(counting)]
        wanted = [price for price in prices if currency in (None, price.currency)]
        scheduled = [
            ScheduledPriceOut(
                price_id=each.price_id,
                price=money(each.price),
                valid_from=each.valid_from,
                valid_until=each.valid_until,
            )
            for each in product.scheduled
        ]
        return cls(
            sku=product.sku,
            name=product.name,
            status=product.status,
            description=product.description,
            price=wanted[0] if wanted else None,
            prices=prices,
            scheduled_prices=scheduled if writes else None,
            categories=list(product.categories),
            attributes={name: shown_value(value) for name, value in product.attributes.items()},
            images=[ImageOut.model_validate(image) for image in product.images],
            version=view.version,
            updated_at=view.updated_at,
        )


def shown_value(attribute: ProductAttribute) -> str | bool | int | float:
    match attribute.kind:
        case AttributeKind.BOOLEAN:
            return attribute.value == "true"
        case AttributeKind.NUMBER:
            number = Decimal(attribute.value)
            return int(number) if number == number.to_integral_value() else float(number)
        case AttributeKind.TEXT | AttributeKind.CHOICE:
            return attribute.value


class PriceChangeOut(BaseModel):
    """`price_id` is null of a standing price, `price` of what ends a scheduled one."""

    version: int
    kind: PriceChangeKind
    price_id: str | None
    price: MoneyOut | None
    valid_from: datetime | None
    valid_until: datetime | None
    recorded_at: datetime
    actor: str

    @classmethod
    def of(cls, change: PriceChange) -> "PriceChangeOut":
        return cls(
            version=change.version,
            kind=change.kind,
            price_id=change.price_id or None,
            price=change.price and money(change.price),
            valid_from=change.valid_from,
            valid_until=change.valid_until,
            recorded_at=change.recorded_at,
            actor=change.actor,
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
        *("invalid-cursor", "invalid-position", "invalid-filter", "invalid-fields", "invalid-amount"),
        *("unknown-currency", "read-not-caught-up"),
        example=examples.page(catalogue_examples.PRODUCT),
    ),
)
async def list_products(
    caller: Anyone,
    deps: Deps,
    q: Annotated[
        str | None,
        Query(
            max_length=MAX_SEARCH,
            description="Words of name, SKU or description, or their beginnings; the best first",
        ),
    ] = None,
    category: Annotated[
        str | None, Query(max_length=64, description="In this category, or in one below it")
    ] = None,
    attribute: Annotated[
        list[str] | None,
        Query(max_length=MAX_ATTRIBUTE_FILTERS, description="`colour:blue`; several must all hold"),
    ] = None,
    price_min: Annotated[str | None, Query(max_length=30, description="In `currency`, included")] = None,
    price_max: Annotated[str | None, Query(max_length=30, description="In `currency`, included")] = None,
    in_stock: Annotated[bool | None, Query(description="Whether any piece can be reserved")] = None,
    status: Annotated[
        ProductStatus | None, Query(description="To those who write the catalogue; others see what is published")
    ] = None,
    currency: Currency = None,
    fields: Fields = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """By SKU, or a search (`q`) by how well it matches."""
    names = chosen(fields, ProductOut)
    where = ProductFilter(
        at=datetime.now(UTC),
        q=q,
        status=status,
        category=category,
        attributes=attribute_filters(attribute or ()),
        currency=currency if price_min is None and price_max is None else priced_in(deps, currency),
        least_price=minor(price_min, currency),
        most_price=minor(price_max, currency),
        in_stock=in_stock,
    )
    await catch_up(deps, products.NAME, min_position)
    page = await listed(deps, caller, where, limit=limit, cursor=cursor)
    items = [ProductOut.of(view, currency, writes=writes(caller)) for view in page.items]
    return sparse_page(PageOut[ProductOut](items=items, next_cursor=page.next_cursor), names)


async def listed(
    deps: ApiDependencies, caller: Principal | None, where: ProductFilter, *, limit: int, cursor: str | None
) -> Page[ProductDetails]:
    """The page, as far as the caller may see it: the public sees what is published, whatever it asks for."""
    if not writes(caller):
        if where.status not in (None, ProductStatus.PUBLISHED):
            return Page([], None)
        where = replace(where, status=ProductStatus.PUBLISHED)
    return await deps.queries.products(where, limit=limit, cursor=cursor)


def attribute_filters(given: Sequence[str]) -> dict[str, str]:
    """Raises InvalidValue (`invalid-filter`)."""
    found = {}
    for each in given:
        name, colon, value = each.partition(":")
        if not colon or len(each) > 600:
            raise InvalidValue("attribute=colour:blue is accepted, a name and a value", code="invalid-filter")
        found[name] = value
    return found


def priced_in(deps: ApiDependencies, currency: str | None) -> str:
    """Raises InvalidValue (`invalid-filter`, `unknown-currency`)."""
    if currency is None:
        raise InvalidValue("a range of prices needs the currency that it is in", code="invalid-filter")
    return deps.rules.currency(currency)


def minor(amount: str | None, currency: str | None) -> int | None:
    """Raises InvalidValue (`invalid-amount`, `unknown-currency`)."""
    return None if amount is None or currency is None else Money.parse(amount, currency).minor


@router.get(
    "/{sku}",
    response_model=ProductOut,
    openapi_extra=problems(
        *("product-not-found", "invalid-position", "invalid-fields", "read-not-caught-up"),
        example=catalogue_examples.PRODUCT,
    ),
)
async def get_product(
    caller: Anyone,
    deps: Deps,
    sku: SkuPath,
    currency: Currency = None,
    fields: Fields = None,
    min_position: MinPosition = None,
) -> Response:
    """Its `ETag` is the version that commands take as `If-Match`."""
    names = chosen(fields, ProductOut)
    await catch_up(deps, products.NAME, min_position)
    named = known_sku(sku)
    view = (await deps.queries.product_details([named])).get(named)
    if view is None or not product_shown(view, caller):
        raise NotFound(f"there is no product {named}", code="product-not-found")
    shown = ProductOut.of(view, currency, writes=writes(caller))
    tag = etag(view.version)
    return answer(shown, etag=tag) if names is None else sparse(shown, names, etag=tag)


@router.get(
    "/{sku}/prices",
    response_model=PageOut[PriceChangeOut],
    openapi_extra=problems(
        *("product-not-found", "invalid-cursor", "invalid-position", "read-not-caught-up"),
        example=examples.page(catalogue_examples.PRICE_CHANGE),
    ),
)
async def list_price_changes(
    caller: Cataloguing,
    deps: Deps,
    sku: SkuPath,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """The history of the product's prices, newest first: what was set, scheduled and ended, when and by whom."""
    await catch_up(deps, products.NAME, min_position)
    named = known_sku(sku)
    page = await deps.queries.price_changes(named, limit=limit, cursor=cursor)
    if not page.items and named not in await deps.queries.product_details([named]):
        raise NotFound(f"there is no product {named}", code="product-not-found")
    items = [PriceChangeOut.of(change) for change in page.items]
    return answer(PageOut[PriceChangeOut](items=items, next_cursor=page.next_cursor))


def writes(caller: Principal | None) -> bool:
    return caller is not None and caller.may(Scope.WRITE_CATALOG)


def product_shown(view: ProductDetails, caller: Principal | None) -> bool:
    return writes(caller) or view.product.status is ProductStatus.PUBLISHED


def known_sku(text: str) -> Sku:
    """A SKU in a path: one that is malformed names no product, like any other unknown one."""
    try:
        return identifiers.sku(text)
    except InvalidValue:
        raise NotFound("there is no product of this SKU", code="product-not-found") from None


def changed(sku: Sku, committed: Committed, status: int = 200, **headers: str) -> Response:
    position = positions.encode(committed)
    body = ChangedOut(sku=sku, version=committed.version, position=position)
    return answer(body, status, etag=etag(committed.version), waybill_position=position, **headers)
