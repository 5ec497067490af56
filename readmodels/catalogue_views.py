"""What readers of the catalogue get, and the queries there are on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.catalog.events import AttributeDefined
from domain.catalog.model import Product, ProductStatus
from domain.catalog.prices import ScheduledPrice, price_at
from domain.money import Money
from readmodels.pages import Page


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product as it is ordered. `prices` are the standing ones; `scheduled` count instead, each for its time."""

    sku: str
    name: str
    prices: Mapping[str, Money]
    status: ProductStatus
    scheduled: Sequence[ScheduledPrice] = ()

    def price_at(self, currency: str, at: datetime) -> Money | None:
        """The price that counts at a moment, or None."""
        return price_at(self.prices, self.scheduled, currency, at)


@dataclass(frozen=True, slots=True)
class ProductDetails:
    """A product in full, as of `version` of its stream."""

    product: Product
    version: int
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """All conditions hold at the moment `at`. `q` are words of name, SKU or description, or their beginnings.

    `category` means those below it too. Prices are bounds, included, in minor units of `currency`: they need it.
    """

    at: datetime
    q: str | None = None
    status: ProductStatus | None = None
    category: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    least_price: int | None = None
    most_price: int | None = None
    in_stock: bool | None = None


class PriceChangeKind(StrEnum):
    SET = "set"
    SCHEDULED = "scheduled"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """`price_id` is empty of a standing price; `price` is None of what ends one."""

    version: int
    kind: PriceChangeKind
    price_id: str
    price: Money | None
    valid_from: datetime | None
    valid_until: datetime | None
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class CategoryView:
    """`path` are the codes from the top of the tree down to this one."""

    category: str
    name: str
    parent: str | None
    path: Sequence[str]


class CatalogueQueries(Protocol):
    """Reads of the catalogue. Cursors come from an earlier page; a malformed one raises InvalidValue."""

    async def products(self, where: ProductFilter, *, limit: int, cursor: str | None) -> Page[ProductDetails]:
        """By SKU; a search by rank, the best match first."""
        ...

    async def products_by_sku(self, skus: Sequence[str]) -> Mapping[str, ProductView]:
        """Those of the SKUs that exist, as they are ordered."""
        ...

    async def product_details(self, skus: Sequence[str]) -> Mapping[str, ProductDetails]:
        """Those of the SKUs that exist, in full."""
        ...

    async def price_changes(self, sku: str, *, limit: int, cursor: str | None) -> Page[PriceChange]:
        """Newest first."""
        ...

    async def categories(self, *, limit: int, cursor: str | None) -> Page[CategoryView]:
        """By code."""
        ...

    async def attributes(self) -> Sequence[AttributeDefined]:
        """By name."""
        ...
