"""Lists of products: filters, search, and the history of prices, in keyset pages."""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.taxonomy import written
from domain.errors import InvalidValue
from domain.money import Money
from readmodels import cursors
from readmodels.catalogue_views import PriceChange, PriceChangeKind, ProductDetails, ProductFilter
from readmodels.pages import Page
from readmodels.products import (
    PRICE_CHANGES,
    PRODUCT_ATTRIBUTES,
    PRODUCT_CATEGORIES,
    PRODUCT_PRICES,
    PRODUCTS,
    SHOWN,
    shown,
)
from readmodels.stock import STOCK
from readmodels.taxonomy import below
from readmodels.words import asked

MAX_DIGITS: Final = 30
_DOCUMENT: Final[ColumnElement[Any]] = literal_column("read.products.document")
"""The database makes it of the words; no projection writes it."""
_SIMPLE: Final[ColumnElement[Any]] = literal_column("'pg_catalog.simple'::regconfig")


async def listed(
    connection: AsyncConnection, where: ProductFilter, *, limit: int, cursor: str | None
) -> Page[ProductDetails]:
    """By SKU, or a search by rank. Raises InvalidValue (`invalid-cursor`, `invalid-limit`, `invalid-filter`)."""
    cursors.check_limit(limit)
    if where.q is not None:
        return await _searched(connection, where, where.q, limit=limit, cursor=cursor)
    query = select(*SHOWN).where(*_conditions(where)).order_by(PRODUCTS.c.sku).limit(limit + 1)
    if cursor is not None:
        query = query.where(PRODUCTS.c.sku > cursors.decode(cursor, str)[0])
    rows = (await connection.execute(query)).all()
    return cursors.page(rows, limit, shown, lambda row: (row.sku,))


async def _searched(
    connection: AsyncConnection, where: ProductFilter, text: str, *, limit: int, cursor: str | None
) -> Page[ProductDetails]:
    """The best match first; equal ones by SKU. The cursor holds the rank exactly, as the text of its float."""
    last = None if cursor is None else cursors.decode(cursor, _rank, str)
    wanted = asked(text)
    if wanted is None:
        return Page([], None)
    query = func.to_tsquery(_SIMPLE, bindparam("wanted", wanted))
    rank = (-func.ts_rank(_DOCUMENT, query)).cast(REAL).label("rank")
    found = select(*SHOWN, rank).where(_DOCUMENT.op("@@")(query), *_conditions(where)).subquery()
    page = select(found).order_by(found.c.rank, found.c.sku).limit(limit + 1)
    if last is not None:
        page = page.where(
            tuple_(found.c.rank, found.c.sku) > tuple_(bindparam("rank", last[0], type_=REAL), last[1])
        )
    rows = (await connection.execute(page)).all()
    return cursors.page(rows, limit, shown, lambda row: (repr(row.rank), row.sku))


def _rank(part: str) -> float:
    """Raises ValueError."""
    if len(part) > 30 or not -1e6 < (rank := float(part)) <= 0:
        raise ValueError("no rank")
    return rank


def _conditions(where: ProductFilter) -> list[ColumnElement[bool]]:
    texts = (where.q, where.category, where.currency, *where.attributes, *where.attributes.values())
    if any("\0" in text for text in texts if text):
        raise InvalidValue("a filter holds a NUL character, which nothing matches", code="invalid-filter")
    conditions: list[ColumnElement[bool]] = []
    if where.status is not None:
        conditions.append(PRODUCTS.c.status == where.status)
    if where.category is not None:
        within = PRODUCT_CATEGORIES.c.category.in_(below(where.category))
        conditions.append(_sku_of(select(PRODUCT_CATEGORIES.c.sku).where(within)))
    for attribute, value in where.attributes.items():
        of_it = and_(
            PRODUCT_ATTRIBUTES.c.attribute == attribute, PRODUCT_ATTRIBUTES.c.value.in_(_spellings(value))
        )
        conditions.append(_sku_of(select(PRODUCT_ATTRIBUTES.c.sku).where(of_it)))
    if where.least_price is not None or where.most_price is not None:
        conditions.append(_sku_of(_priced(where)))
    if where.in_stock is not None:
        there = _sku_of(select(STOCK.c.sku).where(STOCK.c.on_hand > STOCK.c.reserved))
        conditions.append(there if where.in_stock else ~there)
    return conditions


def _spellings(value: str) -> list[str]:
    """A value as it was asked for, and as it is kept if it is a number."""
    try:
        return [value, written(Decimal(value))] if len(value) <= MAX_DIGITS else [value]
    except (ArithmeticError, InvalidValue):
        return [value]


def _sku_of(skus: Select[Any]) -> ColumnElement[bool]:
    return PRODUCTS.c.sku.in_(skus)


def _priced(where: ProductFilter) -> Select[Any]:
    """The SKUs whose price that counts then lies within the bounds."""
    if where.currency is None:
        raise InvalidValue("a range of prices needs the currency that it is in", code="invalid-filter")
    prices, other = PRODUCT_PRICES.c, PRODUCT_PRICES.alias("other").c
    instead = (
        select(other.sku)
        .where(other.sku == prices.sku, other.currency == prices.currency, *_counts(other, where))
        .exists()
    )
    query = select(prices.sku).where(
        prices.currency == where.currency,
        or_(and_(prices.price_id == "", ~instead), and_(*_counts(prices, where))),
    )
    if where.least_price is not None:
        query = query.where(prices.minor >= where.least_price)
    if where.most_price is not None:
        query = query.where(prices.minor <= where.most_price)
    return query


def _counts(prices: Any, where: ProductFilter) -> list[ColumnElement[bool]]:
    """A scheduled price counts at the filter's moment."""
    return [
        prices.price_id != "",
        prices.valid_from <= where.at,
        or_(prices.valid_until.is_(None), prices.valid_until > where.at),
    ]


async def price_changes(
    connection: AsyncConnection, sku: str, *, limit: int, cursor: str | None
) -> Page[PriceChange]:
    """Newest first. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
    key = tuple_(PRICE_CHANGES.c.version, PRICE_CHANGES.c.nr)
    query = select(PRICE_CHANGES).where(PRICE_CHANGES.c.sku == sku)
    if cursor is not None:
        query = query.where(key < tuple_(*cursors.decode(cursor, cursors.number, cursors.small_number)))
    query = query.order_by(PRICE_CHANGES.c.version.desc(), PRICE_CHANGES.c.nr.desc())
    rows = (await connection.execute(query.limit(cursors.check_limit(limit) + 1))).all()
    return cursors.page(rows, limit, _change, lambda row: (str(row.version), str(row.nr)))


def _change(row: Row[Any]) -> PriceChange:
    return PriceChange(
        version=row.version,
        kind=PriceChangeKind(row.kind),
        price_id=row.price_id,
        price=None if row.minor is None else Money(row.minor, row.currency),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        recorded_at=row.recorded_at,
        actor=row.actor,
    )
