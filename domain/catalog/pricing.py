"""Scheduling a product's prices, and ending them: no two of a currency count at once."""

from datetime import datetime
from typing import Final

from domain.catalog.decide import priced, sellable
from domain.catalog.events import CatalogEvent, ProductPriceEnded, ProductPriceScheduled
from domain.catalog.model import ProductState
from domain.catalog.prices import ScheduledPrice, without_past
from domain.errors import InvalidValue, NotAllowed, NotFound

MAX_SCHEDULED: Final = 100


def schedule_price(
    state: ProductState, wanted: ScheduledPrice, *, at: datetime, end_overlapping: bool = False
) -> list[CatalogEvent]:
    """Let a price count from a moment on.

    Args:
        at: Now; the past cannot be priced.
        end_overlapping: End those that would count at the same time when this one begins, instead of a refusal.

    Raises:
        NotAllowed: `price-overlap`, with the price that is in the way; `too-many-prices`.
        InvalidValue: `invalid-validity`.
    """
    product = sellable(state)
    priced(wanted.price)
    if wanted.valid_from < at:
        raise InvalidValue(
            "valid_from is in the past; leave it out for a price that counts from now on", code="invalid-validity"
        )
    if wanted.valid_until is not None and wanted.valid_until <= wanted.valid_from:
        raise InvalidValue("valid_until is not after valid_from", code="invalid-validity")
    others = without_past(product.scheduled, at)
    in_the_way = [each for each in others if each.overlaps(wanted)]
    if in_the_way and not end_overlapping:
        raise _overlap(in_the_way[0])
    if len(others) - len(in_the_way) >= MAX_SCHEDULED:
        raise NotAllowed(f"{MAX_SCHEDULED} prices are scheduled, as many as may be", code="too-many-prices")
    return [
        *(ProductPriceEnded(each.price_id, wanted.valid_from) for each in in_the_way),
        ProductPriceScheduled(wanted.price_id, wanted.price, wanted.valid_from, wanted.valid_until, at),
    ]


def end_price(
    state: ProductState, price_id: str, *, at: datetime, valid_until: datetime | None = None
) -> list[CatalogEvent]:
    """End a scheduled price, now or at a moment to come; one that would not have begun by then never does.

    Raises:
        NotFound: `price-not-found`, none of this id counts now or later.
        InvalidValue: `invalid-validity`, the moment is past or after the end that is set.
    """
    product = sellable(state)
    until = at if valid_until is None else valid_until
    known = next((each for each in without_past(product.scheduled, at) if each.price_id == price_id), None)
    if known is None:
        raise NotFound("no price of this id counts now or later", code="price-not-found")
    if until < at:
        raise InvalidValue(
            "valid_until is in the past; leave it out to end the price now", code="invalid-validity"
        )
    if until > known.end:
        raise InvalidValue("the price ends before that; schedule another one", code="invalid-validity")
    return [] if until == known.end else [ProductPriceEnded(price_id, until)]


def _overlap(other: ScheduledPrice) -> NotAllowed:
    until = other.valid_until.isoformat() if other.valid_until else None
    return NotAllowed(
        f"another price in {other.price.currency} counts then: end it, or ask for end_overlapping",
        code="price-overlap",
        details={"price_id": other.price_id, "valid_from": other.valid_from.isoformat(), "valid_until": until},
    )
