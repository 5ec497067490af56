"""What may be done with a product, and when. Its prices' validity is in `domain.catalog.pricing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

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
    ProductPublished,
    ProductUnpublished,
)
from domain.catalog.model import NoProduct, Product, ProductState, ProductStatus
from domain.catalog.taxonomy import Given, Taxonomy, attribute_of, check_categories
from domain.errors import InvalidValue, NotAllowed, NotFound
from domain.identifiers import Sku
from domain.money import Money

MAX_DESCRIPTION: Final = 10_000
MAX_CATEGORIES: Final = 20
MAX_ATTRIBUTES: Final = 50
MAX_IMAGES: Final = 20
MAX_URL: Final = 2_000
MAX_ALT: Final = 500


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What is to change; None stays as it is. An attribute that is None is taken away."""

    name: str | None = None
    description: str | None = None
    categories: tuple[str, ...] | None = None
    attributes: Mapping[str, Given | None] | None = None
    images: tuple[ProductImage, ...] | None = None


def create(state: ProductState, sku: Sku, name: str, prices: Sequence[Money]) -> list[CatalogEvent]:
    if isinstance(state, Product):
        raise NotAllowed(f"product {sku} exists", code="product-exists", details={"status": state.status})
    _named(name)
    currencies = [price.currency for price in prices]
    if len(set(currencies)) != len(currencies):
        raise InvalidValue("a product has one price per currency", code="invalid-price")
    for price in prices:
        priced(price)
    return [ProductCreated(sku, name, tuple(prices))]


def change(state: ProductState, wanted: ProductChange, taxonomy: Taxonomy) -> list[CatalogEvent]:
    """Change what customers are shown. Orders placed before keep the name they were placed with.

    Raises:
        InvalidValue: a value is malformed, or names a category or an attribute that there is not.
    """
    product = sellable(state)
    events: list[CatalogEvent] = [
        ProductDescribed(
            product.name if wanted.name is None else _named(wanted.name),
            product.description if wanted.description is None else _described(wanted.description),
        ),
        ProductCategorized(
            product.categories if wanted.categories is None else _categorized(wanted.categories, taxonomy)
        ),
        ProductAttributesChanged(tuple(_attributes(product, wanted.attributes or {}, taxonomy).values())),
        ProductImagesChanged(product.images if wanted.images is None else _shown(wanted.images)),
    ]
    as_it_is: Sequence[CatalogEvent] = (
        ProductDescribed(product.name, product.description),
        ProductCategorized(product.categories),
        ProductAttributesChanged(tuple(product.attributes.values())),
        ProductImagesChanged(product.images),
    )
    return [event for event, before in zip(events, as_it_is, strict=True) if event != before]


def change_price(state: ProductState, price: Money) -> list[CatalogEvent]:
    """Set the standing price; a scheduled one goes on counting while it does."""
    product = sellable(state)
    priced(price)
    return [] if product.prices.get(price.currency) == price else [ProductPriceChanged(price)]


def publish(state: ProductState) -> list[CatalogEvent]:
    product = sellable(state)
    if not product.prices and not product.scheduled:
        raise NotAllowed("a product needs a price before it is published", code="no-price")
    return [] if product.status is ProductStatus.PUBLISHED else [ProductPublished()]


def unpublish(state: ProductState) -> list[CatalogEvent]:
    """Make it a draft again, which is not sold. Orders placed before keep it."""
    product = sellable(state)
    return [] if product.status is ProductStatus.DRAFT else [ProductUnpublished()]


def discontinue(state: ProductState, reason: str) -> list[CatalogEvent]:
    """Stop selling the product. Orders placed before keep it."""
    sellable(state)
    return [ProductDiscontinued(reason)]


def priced(price: Money) -> None:
    """Raises InvalidValue (`invalid-price`)."""
    if price < Money.zero(price.currency):
        raise InvalidValue(f"a price is not negative, as {price} is", code="invalid-price")


def sellable(state: ProductState) -> Product:
    """Raises NotFound (`product-not-found`), NotAllowed (`product-discontinued`)."""
    if isinstance(state, NoProduct):
        raise NotFound("the product does not exist", code="product-not-found")
    if state.status is ProductStatus.DISCONTINUED:
        raise NotAllowed("the product is discontinued", code="product-discontinued")
    return state


def _named(name: str) -> str:
    if not name.strip() or len(name) > 200:
        raise InvalidValue("a product's name has 1 to 200 characters", code="invalid-name")
    return name


def _described(description: str) -> str:
    if len(description) > MAX_DESCRIPTION:
        raise InvalidValue(f"a description has at most {MAX_DESCRIPTION} characters", code="invalid-description")
    return description


def _categorized(categories: tuple[str, ...], taxonomy: Taxonomy) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(categories))
    if len(once) > MAX_CATEGORIES:
        raise InvalidValue(f"a product is in at most {MAX_CATEGORIES} categories", code="unknown-category")
    check_categories(taxonomy, once)
    return once


def _attributes(
    product: Product, given: Mapping[str, Given | None], taxonomy: Taxonomy
) -> Mapping[str, ProductAttribute]:
    found = dict(product.attributes)
    for attribute, value in given.items():
        if value is None:
            found.pop(attribute, None)
        else:
            found[attribute] = attribute_of(taxonomy, attribute, value)
    if len(found) > MAX_ATTRIBUTES:
        raise InvalidValue(f"a product has at most {MAX_ATTRIBUTES} attributes", code="invalid-attribute")
    return found


def _shown(images: tuple[ProductImage, ...]) -> tuple[ProductImage, ...]:
    urls = [image.url for image in images]
    if len(images) > MAX_IMAGES or len(set(urls)) != len(urls):
        raise InvalidValue(f"a product has at most {MAX_IMAGES} images, each once", code="invalid-image")
    for image in images:
        _address(image.url)
        if len(image.alt) > MAX_ALT:
            raise InvalidValue(f"an alternative text has at most {MAX_ALT} characters", code="invalid-image")
    return images


def _address(url: str) -> None:
    """Browsers fetch it: https, a host, and nothing that a page would read as something else."""
    wrong = InvalidValue(
        f"{url[:80]!r} is no image's address; https://host/… of at most {MAX_URL} ASCII characters is accepted",
        code="invalid-image",
    )
    if (
        len(url) > MAX_URL
        or not url.isascii()
        or any(char in "\"'<>\\ " or not char.isprintable() for char in url)
    ):
        raise wrong
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise wrong
