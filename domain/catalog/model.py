"""A product's state, folded from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from domain.catalog.events import (
    CatalogEvent,
    ProductAttribute,
    ProductAttributesChanged,
    ProductCategorized,
    ProductCreated,
    ProductDescribed,
    ProductDiscontinued,
    ProductImage,
    ProductImagesChanged,
    ProductPriceChanged,
    ProductPriceEnded,
    ProductPriceScheduled,
    ProductPublished,
    ProductUnpublished,
)
from domain.catalog.prices import ScheduledPrice, ended, without_past
from domain.money import Money


class ProductStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    DISCONTINUED = "discontinued"


@dataclass(frozen=True, slots=True)
class NoProduct:
    """The stream is empty."""


@dataclass(frozen=True, slots=True)
class Product:
    """`prices` are the standing ones, by currency; `attributes` go by their name."""

    sku: str
    name: str
    prices: Mapping[str, Money]
    status: ProductStatus = ProductStatus.DRAFT
    scheduled: tuple[ScheduledPrice, ...] = ()
    description: str = ""
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, ProductAttribute] = field(default_factory=dict)
    images: tuple[ProductImage, ...] = ()


ProductState = NoProduct | Product
INITIAL: ProductState = NoProduct()


def evolve(state: ProductState, event: CatalogEvent) -> ProductState:
    if isinstance(event, ProductCreated):
        prices = {price.currency: price for price in event.prices}
        return Product(event.sku, event.name, prices)
    if isinstance(state, NoProduct):
        return state
    match event:
        case ProductPriceChanged(price):
            return replace(state, prices={**state.prices, price.currency: price})
        case ProductPriceScheduled(price_id, price, valid_from, valid_until, scheduled_at):
            known = without_past(state.scheduled, scheduled_at)
            return replace(state, scheduled=(*known, ScheduledPrice(price_id, price, valid_from, valid_until)))
        case ProductPriceEnded(price_id, valid_until):
            return replace(state, scheduled=ended(state.scheduled, price_id, valid_until))
        case ProductPublished():
            return replace(state, status=ProductStatus.PUBLISHED)
        case ProductUnpublished():
            return replace(state, status=ProductStatus.DRAFT)
        case ProductDiscontinued():
            return replace(state, status=ProductStatus.DISCONTINUED)
        case _:
            return _presented(state, event)


def _presented(
    state: Product,
    event: ProductDescribed | ProductCategorized | ProductAttributesChanged | ProductImagesChanged,
) -> Product:
    match event:
        case ProductDescribed(name, description):
            return replace(state, name=name, description=description)
        case ProductCategorized(categories):
            return replace(state, categories=categories)
        case ProductAttributesChanged(attributes):
            return replace(state, attributes={each.attribute: each for each in attributes})
        case ProductImagesChanged(images):
            return replace(state, images=images)
        case _:
            assert_never(event)
