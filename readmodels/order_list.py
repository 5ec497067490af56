"""Lists of orders: filters, sorts and keyset pages, each page at the same cost.

Every sort ends in the order's id, so that the key is unique; every filter has an index that starts with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Row, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from domain.errors import InvalidValue
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.model import FulfilmentStatus
from readmodels import cursors
from readmodels.order_skus import contains
from readmodels.orders import ORDERS
from readmodels.views import OrderFilter, OrderSort, OrderSummary, Page

LAST_CHARACTER = "\U0010ffff"
_SUMMARY = tuple(column for column in ORDERS.columns if column is not ORDERS.c.state)


@dataclass(frozen=True, slots=True)
class Sorted:
    """A column, whether the greatest comes first, and how its value stands in a cursor."""

    column: Column[Any]
    falling: bool
    written: Callable[[Any], str]
    read: Callable[[str], object]


def _by_time(column: Column[datetime], *, falling: bool) -> Sorted:
    return Sorted(column, falling, datetime.isoformat, cursors.time)


SORTS: Final = {
    OrderSort.NEWEST: _by_time(ORDERS.c.placed_at, falling=True),
    OrderSort.OLDEST: _by_time(ORDERS.c.placed_at, falling=False),
    OrderSort.LAST_CHANGED: _by_time(ORDERS.c.updated_at, falling=True),
    OrderSort.FIRST_CHANGED: _by_time(ORDERS.c.updated_at, falling=False),
    OrderSort.GREATEST: Sorted(ORDERS.c.total_minor, True, str, cursors.number),
    OrderSort.SMALLEST: Sorted(ORDERS.c.total_minor, False, str, cursors.number),
}


async def listed(
    connection: AsyncConnection,
    where: OrderFilter,
    *,
    limit: int,
    cursor: str | None,
    sort: OrderSort = OrderSort.NEWEST,
) -> Page[OrderSummary]:
    """Raises InvalidValue (`invalid-cursor`, `invalid-limit`, `invalid-filter`)."""
    cursors.check_limit(limit)
    by = SORTS[sort]
    if by.column is ORDERS.c.total_minor and where.currency is None:
        raise InvalidValue("a list sorted by total needs the currency that it is in", code="invalid-filter")
    query = select(*_SUMMARY).where(*_conditions(where))
    key = tuple_(by.column, ORDERS.c.order_id)
    if cursor is not None:
        named, value, order_id = cursors.decode(cursor, str, by.read, UUID)
        if named != sort:
            raise InvalidValue(f"the cursor is of a list sorted by {named!s:.20}", code="invalid-cursor")
        last = tuple_(value, order_id)
        query = query.where(key < last if by.falling else key > last)
    columns = (by.column, ORDERS.c.order_id)
    query = query.order_by(*(each.desc() if by.falling else each for each in columns)).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    return cursors.page(
        rows, limit, _summary, lambda row: (sort, by.written(row._mapping[by.column.name]), str(row.order_id))
    )


async def counted(connection: AsyncConnection, where: OrderFilter) -> int:
    """How many orders meet the conditions; it costs as much as reading them. Raises InvalidValue."""
    query = select(func.count()).select_from(ORDERS).where(*_conditions(where))
    return await connection.scalar(query) or 0


def _conditions(where: OrderFilter) -> list[ColumnElement[bool]]:
    cursors.check_filters(where.customer_id, where.q, where.sku, where.currency)
    conditions: list[ColumnElement[bool]] = []
    if where.status is not None:
        conditions.append(ORDERS.c.status == where.status)
    if where.customer_id is not None:
        conditions.append(ORDERS.c.customer_id == where.customer_id)
    if where.placed_after is not None:
        conditions.append(ORDERS.c.placed_at > where.placed_after)
    if where.attention is not None:
        conditions.append(ORDERS.c.attention.is_(where.attention))
    for column, given in (
        (ORDERS.c.payment_status, where.payment_status),
        (ORDERS.c.fulfilment_status, where.fulfilment_status),
        (ORDERS.c.currency, where.currency),
    ):
        if given is not None:
            conditions.append(column == given)
    conditions += _bounds(where)
    if where.sku is not None:
        conditions.append(contains(ORDERS.c.order_id, where.sku))
    if where.q:
        number = _prefix(ORDERS.c.order_number, where.q.upper())
        conditions.append(or_(number, _prefix(ORDERS.c.customer_id, where.q)))
    return conditions


def _bounds(where: OrderFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.placed_before is not None:
        found.append(ORDERS.c.placed_at < where.placed_before)
    if (where.least_total is not None or where.most_total is not None) and where.currency is None:
        raise InvalidValue("a range of totals needs the currency that it is in", code="invalid-filter")
    if where.least_total is not None:
        found.append(ORDERS.c.total_minor >= where.least_total)
    if where.most_total is not None:
        found.append(ORDERS.c.total_minor <= where.most_total)
    return found


def _prefix(column: Column[str], prefix: str) -> ColumnElement[bool]:
    """A range, which an index answers whatever the parameter; LIKE would be planned without it."""
    return column.between(prefix, prefix + LAST_CHARACTER)


def _summary(row: Row[Any]) -> OrderSummary:
    return OrderSummary(
        order_id=row.order_id,
        order_number=row.order_number,
        customer_id=row.customer_id,
        status=OrderStatus(row.status),
        payment_status=PaymentStatus(row.payment_status),
        fulfilment_status=FulfilmentStatus(row.fulfilment_status),
        attention=row.attention,
        total=Money(row.total_minor, row.currency),
        placed_at=row.placed_at,
        updated_at=row.updated_at,
        version=row.version,
    )
