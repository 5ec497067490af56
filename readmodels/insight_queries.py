"""`readmodels.insight.Insight` from the audit's and the reports' tables."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, Table, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.money import Money
from readmodels import audit, cursors
from readmodels.insight import Action, AuditFilter, Period, Sales, SalesBy, StageTimes
from readmodels.reports import PRODUCTS, SALES, STAGES, TIMES, percentile
from readmodels.views import Page

_KEYS: Final = {
    SalesBy.DAY: (SALES, cast(SALES.c.day, Text)),
    SalesBy.COUNTRY: (SALES, SALES.c.country),
    SalesBy.PRODUCT: (PRODUCTS, PRODUCTS.c.sku),
}


class InsightModels:
    """Every query is one round trip."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def audit(self, where: AuditFilter, *, limit: int, cursor: str | None) -> Page[Action]:
        async with self._engine.connect() as connection:
            return await audit.listed(connection, where, limit=limit, cursor=cursor)

    async def sales(self, by: SalesBy, period: Period, *, limit: int) -> Sequence[Sales]:
        table, key = _KEYS[by]
        sums = [
            func.sum(column).label(name) for name, column in table.columns.items() if name not in _named(table)
        ]
        query = (
            select(key.label("key"), table.c.currency, *sums)
            .where(table.c.day.between(period.first, period.last))
            .group_by(key, table.c.currency)
            .limit(cursors.check_limit(limit))
        )
        most = func.sum(table.c.ordered).desc()
        order = (key, table.c.currency) if by is SalesBy.DAY else (table.c.currency, most, key)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.order_by(*order))).all()
        return [_sold(row) for row in rows]

    async def stages(self, period: Period) -> Sequence[StageTimes]:
        query = (
            select(
                TIMES.c.stage,
                TIMES.c.bucket,
                func.sum(TIMES.c.orders).label("orders"),
                func.sum(TIMES.c.milliseconds).label("milliseconds"),
            )
            .where(TIMES.c.day.between(period.first, period.last))
            .group_by(TIMES.c.stage, TIMES.c.bucket)
            .order_by(TIMES.c.bucket)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [_times(stage, [row for row in rows if row.stage == stage]) for stage in STAGES.values()]


def _named(table: Table) -> Sequence[str]:
    return table.primary_key.columns.keys()


def _sold(row: Row[Any]) -> Sales:
    sums = {name: int(value) for name, value in row._mapping.items() if name not in ("key", "currency")}

    def money(name: str) -> Money | None:
        return Money(sums[name], row.currency) if name in sums else None

    return Sales(
        key=row.key,
        units=sums["units"],
        ordered=Money(sums["ordered"], row.currency),
        orders=sums.get("orders"),
        cancelled=sums.get("cancelled"),
        captured=money("captured"),
        refunded=money("refunded"),
    )


def _times(stage: str, rows: Sequence[Any]) -> StageTimes:
    orders = sum(int(row.orders) for row in rows)
    buckets = [(row.bucket, int(row.orders)) for row in rows]
    taken = sum(int(row.milliseconds) for row in rows)
    mean = taken / orders / 1000 if orders else 0.0
    return StageTimes(stage, orders, mean, percentile(buckets, 0.5), percentile(buckets, 0.95))
