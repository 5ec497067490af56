"""The audit and the reports over HTTP."""

from datetime import UTC, date, datetime, timedelta

from readmodels.insight import AuditFilter, Period, SalesBy
from tests.api.world import World, problem
from tests.support.samples import ORDER


async def test_the_audit_tells_who_did_what_when_and_to_which_order(world: World) -> None:
    path = f"/v1/ops/audit?actor=operator:eve&action=OrderNoted&order_id={ORDER}"
    (item,) = (await world.call("GET", path, role="operator")).json()["items"]
    assert (item["actor"], item["action"], item["order_id"]) == ("operator:eve", "OrderNoted", str(ORDER))
    assert item["recorded_at"].endswith("Z")
    assert world.insight.asked == [AuditFilter("operator:eve", "OrderNoted", ORDER)]


async def test_sales_over_a_period(world: World) -> None:
    path = "/v1/reports/sales?by=product&from=2026-03-01&until=2026-03-31&limit=5"
    (row,) = (await world.call("GET", path, role="operator")).json()["items"]
    assert row["ordered"] == {"amount": "19.90", "currency": "EUR"}
    assert row["orders"] is None
    asked = (SalesBy.PRODUCT, Period(date(2026, 3, 1), date(2026, 3, 31)), 5)
    assert world.insight.asked == [asked]


async def test_a_period_is_the_last_thirty_days_by_default(world: World) -> None:
    before = datetime.now(UTC).date()
    assert (await world.call("GET", "/v1/reports/funnel", role="operator")).is_success
    (asked,) = world.insight.asked
    assert isinstance(asked, Period)
    assert asked.last - asked.first == timedelta(days=29)
    assert before <= asked.last <= datetime.now(UTC).date()


async def test_a_period_that_is_none(world: World) -> None:
    for given in ("from=2026-03-02&until=2026-03-01", "from=2020-01-01&until=2026-03-01"):
        problem(await world.call("GET", f"/v1/reports/sales?{given}", role="operator"), 422, "invalid-period")
    first = await world.call("GET", "/v1/reports/sales?until=0001-01-01", role="operator")
    assert first.is_success, first.text


async def test_funnel_and_step_times(world: World) -> None:
    funnel = (await world.call("GET", "/v1/reports/funnel", role="operator")).json()["items"]
    assert funnel[1] == {"stage": "completed", "orders": 3, "share": 0.75}
    times = (await world.call("GET", "/v1/reports/step-times", role="operator")).json()["items"]
    assert times[1]["mean_seconds"] == 2.5
    assert times[1]["p95_seconds"] == 4.096
