"""What may be done with a product, and when."""

from collections.abc import Sequence

from domain.catalog.events import (
    CatalogEvent,
    ProductCreated,
    ProductDiscontinued,
    ProductPriceChanged,
    ProductPublished,
)
from domain.catalog.model import NoProduct, Product, ProductState, ProductStatus
from domain.errors import InvalidValue, NotAllowed, NotFound
from domain.identifiers import Sku
from domain.money import Money


def create(state: ProductState, sku: Sku, name: str, prices: Sequence[Money]) -> list[CatalogEvent]:
    if isinstance(state, Product):
        raise NotAllowed(f"product {sku} exists", code="product-exists", details={"status": state.status})
    if not name.strip() or len(name) > 200:
        raise InvalidValue("a product's name has 1 to 200 characters", code="invalid-name")
    currencies = [price.currency for price in prices]
    if len(set(currencies)) != len(currencies):
        raise InvalidValue("a product has one price per currency", code="invalid-price")
    for price in prices:
        _priced(price)
    return [ProductCreated(sku, name, tuple(prices))]


def change_price(state: ProductState, price: Money) -> list[CatalogEvent]:
    product = _sellable(state)
    _priced(price)
    return [] if product.prices.get(price.currency) == price else [ProductPriceChanged(price)]


def publish(state: ProductState) -> list[CatalogEvent]:
    product = _sellable(state)
    if not product.prices:
        raise NotAllowed("a product needs a price before it is published", code="no-price")
    return [] if product.status is ProductStatus.PUBLISHED else [ProductPublished()]


def discontinue(state: ProductState, reason: str) -> list[CatalogEvent]:
    """Stop selling the product. Orders placed before keep it."""
    _sellable(state)
    return [ProductDiscontinued(reason)]


def _priced(price: Money) -> None:
    if price < Money.zero(price.currency):
        raise InvalidValue(f"a price is not negative, as {price} is", code="invalid-price")


def _sellable(state: ProductState) -> Product:
    if isinstance(state, NoProduct):
        raise NotFound("the product does not exist", code="product-not-found")
    if state.status is ProductStatus.DISCONTINUED:
        raise NotAllowed("the product is discontinued", code="product-discontinued")
    return state
