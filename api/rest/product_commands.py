"""What operators do with products: create, change, price, publish, discontinue."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api import positions
from api.dependencies import AnyKey, Cataloguing, Deps, ExpectedVersion, RequiredKey, command_key
from api.openapi import problems
from api.rest import catalogue_examples, examples
from api.rest.bodies import MoneyBody
from api.rest.product_bodies import (
    DiscontinueBody,
    EndPriceBody,
    ProductBody,
    ProductChangeBody,
    ScheduledPriceBody,
)
from api.rest.products import ChangedOut, SkuPath, changed, known_sku
from api.rest.representations import answer, etag
from api.strict import StrictRoute
from domain import identifiers

router = APIRouter(prefix="/v1/products", tags=["products"], route_class=StrictRoute)

PriceId = Annotated[str, Path(max_length=64, description="The scheduled price's id")]
DryRun = Annotated[bool, Query(description="Decide only; write nothing, and answer with the version there is")]

_ANY = ("product-not-found", "product-discontinued", "version-mismatch", "invalid-if-match")
_SHOWN = ("invalid-attribute", "unknown-attribute", "unknown-category", "invalid-description", "invalid-image")


class ScheduledOut(ChangedOut):
    """`price_id` is what ends the price."""

    price_id: str


@router.post(
    "",
    status_code=201,
    response_model=ChangedOut,
    openapi_extra=problems(
        *("idempotency-key-required", "invalid-idempotency-key", "product-exists", "invalid-sku", "invalid-name"),
        *("invalid-amount", "invalid-price", "unknown-currency", *_SHOWN),
        example={**examples.CHANGED_PRODUCT, "version": 1},
    ),
)
async def create_product(
    caller: Cataloguing, deps: Deps, key: RequiredKey, body: ProductBody, dry_run: DryRun = False
) -> Response:
    """Create a draft. It is sold once it is published."""
    sku = identifiers.sku(body.sku)
    prices = body.all_prices()
    for price in prices:
        deps.rules.currency(price.currency)
    committed = await deps.gateway.create_product(
        sku,
        body.name,
        prices,
        change=body.wanted(),
        key=command_key(caller, key),
        actor=caller.actor,
        dry_run=dry_run,
    )
    return changed(sku, committed, 201, location=f"/v1/products/{sku}")


@router.patch(
    "/{sku}",
    response_model=ChangedOut,
    openapi_extra=problems(*_ANY, *_SHOWN, "invalid-name", example=examples.CHANGED_PRODUCT),
)
async def change_product(
    caller: Cataloguing,
    deps: Deps,
    sku: SkuPath,
    key: AnyKey,
    expected: ExpectedVersion,
    body: ProductChangeBody,
    dry_run: DryRun = False,
) -> Response:
    """Change what customers are shown. Orders placed before keep the name they were placed with."""
    named = known_sku(sku)
    committed = await deps.gateway.change_product(
        named,
        body.wanted(),
        key=command_key(caller, key),
        actor=caller.actor,
        expected_version=expected,
        dry_run=dry_run,
    )
    return changed(named, committed)


@router.put(
    "/{sku}/price",
    response_model=ChangedOut,
    openapi_extra=problems(
        *_ANY, "invalid-amount", "invalid-price", "unknown-currency", example=examples.CHANGED_PRODUCT
    ),
)
async def change_price(
    caller: Cataloguing, deps: Deps, sku: SkuPath, key: AnyKey, expected: ExpectedVersion, body: MoneyBody
) -> Response:
    """Set the standing price in one currency; those in others stay. Orders placed before keep theirs."""
    named, price = known_sku(sku), body.money()
    deps.rules.currency(price.currency)
    committed = await deps.gateway.change_price(
        named, price, key=command_key(caller, key), actor=caller.actor, expected_version=expected
    )
    return changed(named, committed)


@router.post(
    "/{sku}/prices",
    status_code=201,
    response_model=ScheduledOut,
    openapi_extra=problems(
        *_ANY,
        *("idempotency-key-required", "price-overlap", "too-many-prices", "invalid-validity"),
        *("invalid-amount", "invalid-price", "unknown-currency"),
        example={**examples.CHANGED_PRODUCT, "price_id": catalogue_examples.PRICE_ID},
    ),
)
async def schedule_price(
    caller: Cataloguing,
    deps: Deps,
    sku: SkuPath,
    key: RequiredKey,
    expected: ExpectedVersion,
    body: ScheduledPriceBody,
    dry_run: DryRun = False,
) -> Response:
    """Let a price count instead of the standing one for a while: for orders that are placed then."""
    named, price = known_sku(sku), body.price.money()
    deps.rules.currency(price.currency)
    committed, price_id = await deps.gateway.schedule_price(
        named,
        price,
        key=command_key(caller, key),
        actor=caller.actor,
        at=datetime.now(UTC),
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        end_overlapping=body.end_overlapping,
        expected_version=expected,
        dry_run=dry_run,
    )
    position = positions.encode(committed)
    scheduled = ScheduledOut(sku=named, version=committed.version, position=position, price_id=price_id)
    return answer(scheduled, 201, etag=etag(committed.version), waybill_position=position)


@router.post(
    "/{sku}/prices/{price_id}/end",
    response_model=ChangedOut,
    openapi_extra=problems(*_ANY, "price-not-found", "invalid-validity", example=examples.CHANGED_PRODUCT),
)
async def end_price(
    caller: Cataloguing,
    deps: Deps,
    sku: SkuPath,
    price_id: PriceId,
    key: AnyKey,
    expected: ExpectedVersion,
    body: EndPriceBody | None = None,
) -> Response:
    """End a scheduled price, now or at a moment to come; one that would not have begun by then never does."""
    named = known_sku(sku)
    committed = await deps.gateway.end_price(
        named,
        price_id,
        key=command_key(caller, key),
        actor=caller.actor,
        at=datetime.now(UTC),
        valid_until=body.valid_until if body else None,
        expected_version=expected,
    )
    return changed(named, committed)


@router.post(
    "/{sku}/publish",
    response_model=ChangedOut,
    openapi_extra=problems(*_ANY, "no-price", example=examples.CHANGED_PRODUCT),
)
async def publish_product(
    caller: Cataloguing, deps: Deps, sku: SkuPath, key: AnyKey, expected: ExpectedVersion
) -> Response:
    """Begin to sell the product. Publishing it again changes nothing."""
    named = known_sku(sku)
    committed = await deps.gateway.publish_product(
        named, key=command_key(caller, key), actor=caller.actor, expected_version=expected
    )
    return changed(named, committed)


@router.post(
    "/{sku}/unpublish",
    response_model=ChangedOut,
    openapi_extra=problems(*_ANY, example=examples.CHANGED_PRODUCT),
)
async def unpublish_product(
    caller: Cataloguing, deps: Deps, sku: SkuPath, key: AnyKey, expected: ExpectedVersion
) -> Response:
    """Make the product a draft again, which nobody can order. Orders placed before keep it."""
    named = known_sku(sku)
    committed = await deps.gateway.unpublish_product(
        named, key=command_key(caller, key), actor=caller.actor, expected_version=expected
    )
    return changed(named, committed)


@router.post(
    "/{sku}/discontinue",
    response_model=ChangedOut,
    openapi_extra=problems(*_ANY, example=examples.CHANGED_PRODUCT),
)
async def discontinue_product(
    caller: Cataloguing,
    deps: Deps,
    sku: SkuPath,
    key: AnyKey,
    expected: ExpectedVersion,
    body: DiscontinueBody | None = None,
) -> Response:
    """Stop selling the product, for good. Orders placed before keep it."""
    named, reason = known_sku(sku), (body or DiscontinueBody()).reason
    committed = await deps.gateway.discontinue_product(
        named, key=command_key(caller, key), reason=reason, actor=caller.actor, expected_version=expected
    )
    return changed(named, committed)
