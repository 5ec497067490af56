"""A product's state, folded from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.catalog.events import (
    CatalogEvent,
    ProductCreated,
    ProductDiscontinued,
    ProductPriceChanged,
    ProductPublished,
)
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
    sku: str
    name: str
    prices: Mapping[str, Money]
    status: ProductStatus = ProductStatus.DRAFT


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
        case ProductPublished():
            return replace(state, status=ProductStatus.PUBLISHED)
        case ProductDiscontinued():
            return replace(state, status=ProductStatus.DISCONTINUED)
        case _:
            assert_never(event)
