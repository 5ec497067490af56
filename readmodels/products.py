"""Products: the catalogue as it is sold."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final, cast

from sqlalchemy import Column, Table, Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.events import CatalogEvent
from domain.catalog.model import INITIAL, Product, ProductState, ProductStatus, evolve
from domain.money import Money
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.views import Page, ProductView

NAME: Final = "products"
VERSION: Final = 1

PRODUCTS = Table(
    "products",
    METADATA,
    Column("sku", Text, primary_key=True),
    Column("name", Text),
    Column("prices", Text),
    Column("status", Text),
)
UPSERT = upsert_rows(PRODUCTS)
BY_SKU = select(PRODUCTS).where(PRODUCTS.c.sku == any_(bindparam("skus", type_=ARRAY(Text))))


class Products(ByStream):
    name = NAME
    version = VERSION
    streams = ("product/",)
    tables = (PRODUCTS,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        skus = {recorded.stream_id.removeprefix("product/") for recorded in events}
        states: dict[str, ProductState] = {**await _load(tables, skus)}
        for recorded in events:
            sku = recorded.stream_id.removeprefix("product/")
            states[sku] = evolve(states.get(sku, INITIAL), cast(CatalogEvent, recorded.event))
        rows = [to_row(state) for state in states.values() if isinstance(state, Product)]
        return [Write(UPSERT, arrays(PRODUCTS, rows))] if rows else []


async def _load(tables: Tables, skus: Collection[str]) -> Mapping[str, Product]:
    views = [_view(*row) for row in await tables.fetch(BY_SKU, {"skus": list(skus)})]
    return {view.sku: Product(view.sku, view.name, view.prices, view.status) for view in views}


def to_row(product: Product) -> tuple[object, ...]:
    """The row, in the order of the table's columns."""
    prices = {currency: price.minor for currency, price in product.prices.items()}
    return product.sku, product.name, json.dumps(prices), product.status


async def listed(connection: AsyncConnection, *, limit: int, cursor: str | None) -> Page[ProductView]:
    """By SKU. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    query = select(PRODUCTS).order_by(PRODUCTS.c.sku).limit(cursors.check_limit(limit) + 1)
    if cursor is not None:
        query = query.where(PRODUCTS.c.sku > cursors.decode(cursor, str)[0])
    rows = (await connection.execute(query)).all()
    return cursors.page(rows, limit, lambda row: _view(*row), lambda row: (row.sku,))


async def by_sku(connection: AsyncConnection, skus: Collection[str]) -> Mapping[str, ProductView]:
    """Those of the SKUs that exist."""
    rows = await connection.execute(BY_SKU, {"skus": list(skus)})
    return {row.sku: _view(*row) for row in rows}


def _view(sku: str, name: str, prices: str, status: str) -> ProductView:
    money = {currency: Money(minor, currency) for currency, minor in json.loads(prices).items()}
    return ProductView(sku, name, money, ProductStatus(status))
