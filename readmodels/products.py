"""Products: the catalogue as it is ordered, shown, listed and searched. Its lists are in `catalogue_lists`."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text, any_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.events import (
    CatalogEvent,
    ProductCreated,
    ProductPriceChanged,
    ProductPriceEnded,
    ProductPriceScheduled,
)
from domain.catalog.model import INITIAL, Product, ProductState, ProductStatus, evolve
from domain.catalog.prices import ScheduledPrice
from domain.money import Money
from eventstore.store import Recorded
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, insert_rows, upsert_rows
from readmodels.catalogue_views import PriceChangeKind, ProductDetails, ProductView
from readmodels.words import document

NAME: Final = "products"
VERSION: Final = 2

_TIME: Final = DateTime(timezone=True)
PRODUCTS = Table(
    "products",
    METADATA,
    Column("sku", Text, primary_key=True),
    Column("name", Text),
    Column("prices", Text),
    Column("status", Text),
    Column("scheduled", Text),
    Column("version", BigInteger),
    Column("updated_at", _TIME),
    Column("state", Text),
    Column("search_name", Text),
    Column("search_text", Text),
)
PRODUCT_CATEGORIES = Table(
    "product_categories",
    METADATA,
    Column("category", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
)
PRODUCT_ATTRIBUTES = Table(
    "product_attributes",
    METADATA,
    Column("attribute", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("value", Text),
)
PRODUCT_PRICES = Table(
    "product_prices",
    METADATA,
    Column("sku", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("price_id", Text, primary_key=True),
    Column("minor", BigInteger),
    Column("valid_from", _TIME),
    Column("valid_until", _TIME),
)
PRICE_CHANGES = Table(
    "price_changes",
    METADATA,
    Column("sku", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("nr", Integer, primary_key=True),
    Column("kind", Text),
    Column("price_id", Text),
    Column("minor", BigInteger),
    Column("currency", Text),
    Column("valid_from", _TIME),
    Column("valid_until", _TIME),
    Column("recorded_at", _TIME),
    Column("actor", Text),
)
LINKED: Final = (PRODUCT_CATEGORIES, PRODUCT_ATTRIBUTES, PRODUCT_PRICES)
"""What is written anew whenever its product changes."""

_SKUS: Final = bindparam("skus", type_=ARRAY(Text))
UPSERT = upsert_rows(PRODUCTS)
CLEAR = {table: delete(table).where(table.c.sku == any_(_SKUS)) for table in LINKED}
INSERT = {table: insert_rows(table) for table in (*LINKED, PRICE_CHANGES)}
ORDERED = select(
    PRODUCTS.c.sku, PRODUCTS.c.name, PRODUCTS.c.prices, PRODUCTS.c.status, PRODUCTS.c.scheduled
).where(PRODUCTS.c.sku == any_(_SKUS))
"""What placing an order reads: one look-up, and no more of each product than it takes."""
SHOWN: Final = (
    PRODUCTS.c.sku,
    PRODUCTS.c.name,
    PRODUCTS.c.prices,
    PRODUCTS.c.status,
    PRODUCTS.c.version,
    PRODUCTS.c.updated_at,
    PRODUCTS.c.state,
)
DETAILS = select(*SHOWN).where(PRODUCTS.c.sku == any_(_SKUS))

_STATE = TypeAdapter(Product)
_SCHEDULED = TypeAdapter(tuple[ScheduledPrice, ...])


@dataclass(slots=True)
class _Known:
    """A product while a batch is folded."""

    state: ProductState
    version: int = 0
    updated_at: datetime | None = None


class Products(ByStream):
    name = NAME
    version = VERSION
    streams = ("product/",)
    tables = (PRODUCTS, *LINKED, PRICE_CHANGES)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        skus = list(dict.fromkeys(recorded.stream_id.removeprefix("product/") for recorded in events))
        rows = await tables.fetch(DETAILS, {"skus": skus})
        known = {row["sku"]: _Known(_product(row), row["version"], row["updated_at"]) for row in rows}
        for recorded in events:
            product = known.setdefault(recorded.stream_id.removeprefix("product/"), _Known(INITIAL))
            product.state = evolve(product.state, cast(CatalogEvent, recorded.event))
            product.version, product.updated_at = recorded.version, recorded.recorded_at
        changed = [each for each in known.values() if isinstance(each.state, Product)]
        if not changed:
            return []
        history = [row for recorded in events for row in _price_changes(recorded)]
        return [
            Write(UPSERT, arrays(PRODUCTS, [_row(each) for each in changed])),
            *_linked(skus, [cast(Product, each.state) for each in changed]),
            *([Write(INSERT[PRICE_CHANGES], arrays(PRICE_CHANGES, history))] if history else []),
        ]


def _row(known: _Known) -> tuple[object, ...]:
    """The row, in the order of the table's columns."""
    product = cast(Product, known.state)
    return (
        product.sku,
        product.name,
        json.dumps({currency: price.minor for currency, price in product.prices.items()}),
        product.status,
        _SCHEDULED.dump_json(product.scheduled).decode(),
        known.version,
        known.updated_at,
        _STATE.dump_json(product).decode(),
        document(product.name, product.sku),
        document(product.description),
    )


def _linked(skus: Sequence[str], products: Sequence[Product]) -> Iterable[Write]:
    rows: Mapping[Table, list[tuple[object, ...]]] = {
        PRODUCT_CATEGORIES: [(category, each.sku) for each in products for category in each.categories],
        PRODUCT_ATTRIBUTES: [
            (value.attribute, each.sku, value.value) for each in products for value in each.attributes.values()
        ],
        PRODUCT_PRICES: [row for each in products for row in _prices(each)],
    }
    for table, given in rows.items():
        yield Write(CLEAR[table], {"skus": skus})
        if given:
            yield Write(INSERT[table], arrays(table, given))


def _prices(product: Product) -> Iterable[tuple[object, ...]]:
    for price in product.prices.values():
        yield product.sku, price.currency, "", price.minor, None, None
    for each in {each.price_id: each for each in product.scheduled}.values():
        price = each.price
        yield product.sku, price.currency, each.price_id, price.minor, each.valid_from, each.valid_until


def _price_changes(recorded: Recorded) -> Iterable[tuple[object, ...]]:
    """The rows of the history that an event adds."""
    at, kinds = recorded.recorded_at, PriceChangeKind
    about = (recorded.stream_id.removeprefix("product/"), recorded.version)
    by = (at, str(recorded.metadata.get("actor") or ""))
    match recorded.event:
        case ProductCreated(_, _, prices):
            for nr, price in enumerate(prices):
                yield *about, nr, kinds.SET, "", price.minor, price.currency, at, None, *by
        case ProductPriceChanged(price):
            yield *about, 0, kinds.SET, "", price.minor, price.currency, at, None, *by
        case ProductPriceScheduled(price_id, price, valid_from, valid_until):
            when = (valid_from, valid_until)
            yield *about, 0, kinds.SCHEDULED, price_id, price.minor, price.currency, *when, *by
        case ProductPriceEnded(price_id, valid_until):
            yield *about, 0, kinds.ENDED, price_id, None, None, None, valid_until, *by
        case _:
            return


async def by_sku(connection: AsyncConnection, skus: Collection[str]) -> Mapping[str, ProductView]:
    """Those of the SKUs that exist."""
    rows = await connection.execute(ORDERED, {"skus": list(skus)})
    return {row.sku: _view(*row) for row in rows}


async def details(connection: AsyncConnection, skus: Collection[str]) -> Mapping[str, ProductDetails]:
    """Those of the SKUs that exist."""
    rows = await connection.execute(DETAILS, {"skus": list(skus)})
    return {row.sku: shown(row) for row in rows}


def shown(row: Any) -> ProductDetails:
    return ProductDetails(_product(row._mapping), row.version, row.updated_at)


def _view(sku: str, name: str, prices: str, status: str, scheduled: str) -> ProductView:
    later = _SCHEDULED.validate_json(scheduled) if scheduled != "[]" else ()
    return ProductView(sku, name, _money(prices), ProductStatus(status), later)


def _product(row: Any) -> Product:
    """The fold; a row of the release before has only its own columns until the table is filled anew."""
    if row["state"]:
        return _STATE.validate_json(row["state"])
    return Product(row["sku"], row["name"], _money(row["prices"]), ProductStatus(row["status"]))


def _money(prices: str) -> dict[str, Money]:
    return {currency: Money(minor, currency) for currency, minor in json.loads(prices).items()}
