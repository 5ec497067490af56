"""What happened to a product, in its stream `product/{sku}`."""

from dataclasses import dataclass

from domain.money import Money


@dataclass(frozen=True, slots=True)
class ProductCreated:
    """A draft: not sold until it is published. One price per currency."""

    sku: str
    name: str
    prices: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class ProductPriceChanged:
    """The price in one currency; those in others stay."""

    price: Money


@dataclass(frozen=True, slots=True)
class ProductPublished:
    pass


@dataclass(frozen=True, slots=True)
class ProductDiscontinued:
    reason: str


CatalogEvent = ProductCreated | ProductPriceChanged | ProductPublished | ProductDiscontinued
EVENTS: tuple[type, ...] = (ProductCreated, ProductPriceChanged, ProductPublished, ProductDiscontinued)
