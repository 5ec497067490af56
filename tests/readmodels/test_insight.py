"""The audit and the reports: who did what, what was sold, how far orders get."""

from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.catalog.events import ProductCreated
from domain.money import Money
from domain.orders.events import OrderNoted
from domain.payments.events import PaymentRefunded
from readmodels.insight import AuditFilter, Period, SalesBy
from readmodels.insight_queries import InsightModels
from readmodels.reports import percentile
from tests.readmodels.conftest import Happen
from tests.support.histories import Happened, completed, declined
from tests.support.samples import LINES, ORDER, OTHER_ORDER, PLACED, TOTAL, eur

ALL = Period(date(2026, 1, 1), date(2026, 12, 31))
DAY = PLACED.placed_at.date()


@pytest.fixture
def insight(engine: AsyncEngine) -> InsightModels:
    return InsightModels(engine)


async def test_the_audit_holds_what_operators_did_and_nothing_else(happen: Happen, insight: InsightModels) -> None:
    stream = f"order/{ORDER}"
    await happen(
        Happened(stream, PLACED),
        Happened(stream, OrderNoted("n", "operator:1"), "note:1"),
        Happened("product/MUG", ProductCreated("MUG", "Mug", ()), "create:1"),
    )
    page = await insight.audit(AuditFilter(), limit=10, cursor=None)
    assert [(item.actor, item.action, item.stream, item.version, item.order_id) for item in page.items] == [
        ("operator:1", "ProductCreated", "product/MUG", 1, None),
        ("operator:1", "OrderNoted", stream, 2, ORDER),
    ]
    first = await insight.audit(AuditFilter(), limit=1, cursor=None)
    second = await insight.audit(AuditFilter(), limit=1, cursor=first.next_cursor)
    assert [*first.items, *second.items] == page.items
    assert second.next_cursor is None
    for where, found in (
        (AuditFilter(actor="operator:2"), 0),
        (AuditFilter(order_id=ORDER), 1),
        (AuditFilter(action="ProductCreated"), 1),
    ):
        assert len((await insight.audit(where, limit=10, cursor=None)).items) == found


async def test_sales_by_day_country_and_product(happen: Happen, insight: InsightModels) -> None:
    await happen(*completed(ORDER), *declined(OTHER_ORDER))
    await happen(Happened(f"order/{ORDER}", PaymentRefunded("refund#0", "r", eur("1.00"))))
    units = sum(line.quantity for line in LINES)
    for by, key in ((SalesBy.DAY, str(DAY)), (SalesBy.COUNTRY, PLACED.shipping_address.country)):
        (row,) = await insight.sales(by, ALL, limit=10)
        assert (row.key, row.orders, row.cancelled, row.units) == (key, 2, 1, 2 * units)
        assert row.ordered == Money(2 * TOTAL.minor, "EUR")
        assert (row.captured, row.refunded) == (TOTAL, eur("1.00"))
    products = await insight.sales(SalesBy.PRODUCT, ALL, limit=10)
    assert {row.key: (row.units, row.ordered.minor) for row in products} == {
        line.sku: (2 * line.quantity, 2 * line.quantity * line.unit_price.minor) for line in LINES
    }
    assert [row.ordered.minor for row in products] == sorted((row.ordered.minor for row in products), reverse=True)
    assert await insight.sales(SalesBy.DAY, Period(date(2027, 1, 1), date(2027, 1, 2)), limit=10) == []


async def test_stages_count_each_order_once(happen: Happen, insight: InsightModels) -> None:
    await happen(*completed(ORDER), *completed(uuid4()), *declined(OTHER_ORDER))
    stages = {row.stage: row for row in await insight.stages(ALL)}
    assert {name: row.orders for name, row in stages.items()} == {
        "placed": 3,
        "authorized": 2,
        "confirmed": 2,
        "dispatched": 2,
        "delivered": 2,
        "completed": 2,
        "cancelled": 1,
    }
    assert 0 < stages["confirmed"].mean < stages["completed"].mean
    assert stages["completed"].mean / 2 <= stages["completed"].p95 <= 4 * stages["completed"].mean


def test_percentiles_are_bounds() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([(10, 1), (11, 1), (20, 1)], 0.5) == 2.048
    assert percentile([(10, 99), (20, 1)], 0.95) == 1.024
