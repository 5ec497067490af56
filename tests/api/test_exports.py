"""Exports as jobs: begun once per key, made in parts by whoever lives, cancelled, downloaded as they grow."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.exporting import ExportFormat, ExportState
from api.rest.exports import COLUMNS, cell
from domain.errors import InvalidValue
from eventstore.vault import Vault
from ops.exports import MOST_RUNNING, ExportMaker, PostgresExports
from readmodels.views import OrderFilter
from tests.api.fake_queries import FakeQueries
from tests.api.world import World, order_view, problem
from tests.support import samples

PATH = "/v1/exports"
KEY = {"Idempotency-Key": "all"}


async def begun(world: World, form: str = "jsonl", query: str = "", **given: Any) -> dict[str, Any]:
    answer = await world.call("POST", f"{PATH}{query}", json={"format": form}, headers=KEY, **given)
    assert answer.status_code == 202, answer.text
    document: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{PATH}/{document['export_id']}"
    return document


async def sealed_order(world: World, **address: str) -> None:
    vault = Vault(world.gateway.keys)
    view = world.knows(order_view(placed=await vault.seal(samples.PLACED.customer_id, samples.PLACED)))
    world.exports.parts = [[view.order_id], [uuid4()]]


async def test_lines_are_the_orders_opened_on_the_way_out(world: World) -> None:
    await sealed_order(world)
    made = await begun(world, role="operator", query="?status=placed&sku=MUG")
    assert (world.exports.asked[0].status, world.exports.asked[0].sku) == ("placed", "MUG")
    content = await world.call("GET", f"{PATH}/{made['export_id']}/content", role="operator")
    (line,) = content.text.splitlines()
    assert samples.ADDRESS.name in line
    assert "sealed:" not in line
    assert "attachment" in content.headers["content-disposition"]


async def test_who_was_erased_since_is_in_no_download(world: World) -> None:
    await sealed_order(world)
    for form in ("jsonl", "csv"):
        headers = {"Idempotency-Key": form}
        made = await world.call("POST", PATH, json={"format": form}, headers=headers, role="operator")
        path = f"{PATH}/{made.json()['export_id']}/content"
        assert samples.ADDRESS.name in (await world.call("GET", path, role="operator")).text
        await world.gateway.keys.destroy(samples.PLACED.customer_id)
        after = (await world.call("GET", path, role="operator")).text
        assert samples.ADDRESS.name not in after
        assert "erased" in after
        world.gateway.keys = type(world.gateway.keys)()
        object.__setattr__(world.app.state.dependencies, "vault", Vault(world.gateway.keys))
        await sealed_order(world)


async def test_csv_has_a_header_and_a_row_each(world: World) -> None:
    await sealed_order(world)
    made = await begun(world, "csv", role="operator")
    content = await world.call("GET", f"{PATH}/{made['export_id']}/content", role="operator")
    assert content.headers["content-type"].startswith("text/csv")
    head, order = csv.reader(io.StringIO(content.text, newline=""))
    assert tuple(head) == COLUMNS
    shown = dict(zip(head, order, strict=True))
    assert (shown["customer_id"], shown["shipping_name"]) == (samples.PLACED.customer_id, samples.ADDRESS.name)
    assert content.text.endswith("\r\n")
    rest = await world.call("GET", f"{PATH}/{made['export_id']}/content?after=1", role="operator")
    assert rest.text == ""


@pytest.mark.parametrize("value", ["=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(value: str) -> None:
    assert cell(value) == f"'{value}"
    assert (cell("a=1"), cell(None), cell(True), cell(7)) == ("a=1", "", "true", "7")


async def test_customers_export_their_own_alone(world: World) -> None:
    made = await begun(world)
    assert world.exports.asked[0].customer_id == "c-1"
    path = f"{PATH}/{made['export_id']}"
    problem(await world.call("GET", path, subject="c-2"), 404, "export-not-found")
    problem(await world.call("GET", f"{PATH}/x/content"), 404, "export-not-found")
    other = await world.call("POST", f"{PATH}?customer_id=c-2", json={}, headers=KEY)
    problem(other, 422, "invalid-filter")


async def test_one_that_is_cancelled_or_one_too_many(world: World) -> None:
    made = await begun(world)
    path = f"{PATH}/{made['export_id']}"
    assert (await world.call("POST", f"{path}/cancel")).json()["state"] == "cancelled"
    problem(await world.call("GET", f"{path}/content"), 409, "export-cancelled")
    world.exports.full = True
    problem(await world.call("POST", PATH, json={}, headers={"Idempotency-Key": "k"}), 409, "too-many-exports")


# In PostgreSQL


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://", 1))
    yield made
    await made.dispose()


def several() -> FakeQueries:
    queries = FakeQueries()
    view = order_view()
    queries.views[view.order_id] = view
    return queries


class Dying(FakeQueries):
    """Reads two pages, then its process is gone."""

    async def orders(self, *given: Any, **named: Any) -> Any:
        if len(self.listed) == 2:
            raise KeyboardInterrupt
        return await super().orders(*given, **named)


async def test_another_worker_goes_on_where_one_died(engine: AsyncEngine) -> None:
    exports, number = PostgresExports(engine, 7), uuid4()
    where = OrderFilter(customer_id="c-1", placed_after=samples.NOON)
    made = await exports.begin(number, "me", ExportFormat.CSV, where)
    assert made == await exports.begin(number, "me", ExportFormat.CSV, where)
    with pytest.raises(InvalidValue):
        await exports.begin(number, "me", ExportFormat.JSONL, where)
    dying = Dying(views=several().views)
    with pytest.raises(KeyboardInterrupt):
        await ExportMaker(engine, dying).once()
    half = await exports.find(number)
    assert half
    assert (half.state, half.orders, half.estimated) == (ExportState.RUNNING, 2, 1)
    after = several()
    after.last_page = True
    assert not await ExportMaker(engine, after).once()  # the claim has not run out
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE order_export SET claimed_until = now() - interval '1 second'"))
    assert await ExportMaker(engine, after).once()
    assert after.listed == [(where, 500, "more")]
    done = await exports.find(number)
    assert done
    assert (done.state, done.orders) == (ExportState.DONE, 3)
    assert [await exports.part(number, each) is None for each in range(4)] == [False, False, False, True]


async def test_cancelled_or_expired_it_holds_nothing(engine: AsyncEngine) -> None:
    exports, number = PostgresExports(engine, 7), uuid4()
    await exports.begin(number, "me", ExportFormat.CSV, OrderFilter())
    with pytest.raises(KeyboardInterrupt):
        await ExportMaker(engine, Dying(views=several().views)).once()
    await exports.cancel(number)
    assert await exports.part(number, 0) is None
    assert not await ExportMaker(engine, several()).once()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE order_export SET expires_at = now()"))
    assert await exports.find(number) is None
    begun = [await exports.begin(uuid4(), "me", ExportFormat.CSV, OrderFilter()) for _ in range(MOST_RUNNING + 1)]
    assert [each is None for each in begun] == [False] * MOST_RUNNING + [True]
