"""What happened to a product, in its stream `product/{sku}`; and to what all share, in `taxonomy/shop`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.money import Money


class AttributeKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class ProductAttribute:
    """`value` as text: a number in plain decimals without needless zeros, a boolean as `true` or `false`."""

    attribute: str
    kind: AttributeKind
    value: str


@dataclass(frozen=True, slots=True)
class ProductImage:
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class ProductCreated:
    """A draft: not sold until it is published. One price per currency."""

    sku: str
    name: str
    prices: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class ProductDescribed:
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ProductCategorized:
    """The categories that the product is in from now on."""

    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProductAttributesChanged:
    """All attributes that the product has from now on."""

    attributes: tuple[ProductAttribute, ...]


@dataclass(frozen=True, slots=True)
class ProductImagesChanged:
    """All images from now on, in the order they are shown in."""

    images: tuple[ProductImage, ...]


@dataclass(frozen=True, slots=True)
class ProductPriceChanged:
    """The standing price in one currency; those in others stay."""

    price: Money


@dataclass(frozen=True, slots=True)
class ProductPriceScheduled:
    """A price that counts instead of the standing one from a moment on, and not any more from another."""

    price_id: str
    price: Money
    valid_from: datetime
    valid_until: datetime | None
    scheduled_at: datetime


@dataclass(frozen=True, slots=True)
class ProductPriceEnded:
    """A scheduled price counts until then only; one that would not have begun by then never does."""

    price_id: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class ProductPublished:
    pass


@dataclass(frozen=True, slots=True)
class ProductUnpublished:
    """A draft again."""


@dataclass(frozen=True, slots=True)
class ProductDiscontinued:
    reason: str


@dataclass(frozen=True, slots=True)
class CategoryCreated:
    """`parent` is None at the top of the tree."""

    category: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class CategoryRenamed:
    category: str
    name: str


@dataclass(frozen=True, slots=True)
class CategoryMoved:
    """With everything below it."""

    category: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class AttributeDefined:
    """What products may say of themselves under this name, for the first time or anew; only choices are added."""

    attribute: str
    label: str
    kind: AttributeKind
    choices: tuple[str, ...]


CatalogEvent = (
    ProductCreated
    | ProductDescribed
    | ProductCategorized
    | ProductAttributesChanged
    | ProductImagesChanged
    | ProductPriceChanged
    | ProductPriceScheduled
    | ProductPriceEnded
    | ProductPublished
    | ProductUnpublished
    | ProductDiscontinued
)
TaxonomyEvent = CategoryCreated | CategoryRenamed | CategoryMoved | AttributeDefined
EVENTS: tuple[type, ...] = (
    ProductCreated,
    ProductDescribed,
    ProductCategorized,
    ProductAttributesChanged,
    ProductImagesChanged,
    ProductPriceChanged,
    ProductPriceScheduled,
    ProductPriceEnded,
    ProductPublished,
    ProductUnpublished,
    ProductDiscontinued,
    CategoryCreated,
    CategoryRenamed,
    CategoryMoved,
    AttributeDefined,
)
