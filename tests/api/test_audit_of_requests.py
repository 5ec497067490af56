"""What staff ask for is noted with its outcome, whoever else is refused as well; nothing waits for it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.audit import RequestFilter, StaffRequest
from domain.errors import InvalidValue
from eventstore.vault import Vault
from ops import audit_trail
from ops.audit_trail import PostgresTrail
from tests.api.graphql.asking import ask
from tests.api.world import World, order_view
from tests.support import samples
from tests.support.samples import ORDER

CANCEL = "POST /v1/orders/{order_id}/cancel"
ID = {"X-Request-Id": "r-1"}


def noted(world: World) -> list[tuple[str, str, int, bool]]:
    return [(each.actor, each.action, each.outcome, each.personal) for each in world.trail.kept]


async def as_staff(world: World, method: str, path: str, **given: Any) -> None:
    await world.call(method, path, role="operator", subject="eve", **given)


async def test_commands_of_staff_whatever_came_of_them(world: World) -> None:
    world.knows()
    path = f"/v1/orders/{ORDER}/cancel"
    await as_staff(world, "POST", path, json={"reason": "twice"}, headers=ID)
    await as_staff(world, "POST", path, json={"reason": 7})
    world.gateway.fails = RuntimeError("broken")
    await as_staff(world, "POST", path, json={"reason": "twice"})
    assert noted(world) == [("operator:eve", CANCEL, status, False) for status in (200, 422, 500)]
    assert (world.trail.kept[0].target, world.trail.kept[0].request_id) == (path, "r-1")


async def test_reads_of_personal_data_by_staff_alone(world: World) -> None:
    sealed = await Vault(world.gateway.keys).seal(samples.PLACED.customer_id, samples.PLACED)
    world.knows(order_view(placed=sealed))
    await as_staff(world, "GET", f"/v1/orders/{ORDER}")
    await as_staff(world, "GET", "/v1/orders")  # shows nothing personal
    await world.call("GET", f"/v1/orders/{ORDER}")
    assert noted(world) == [("operator:eve", "GET /v1/orders/{order_id}", 200, True)]


async def test_exports_and_settings(world: World) -> None:
    world.queries.last_page = True
    await as_staff(world, "GET", "/v1/orders/export")
    await world.call("PATCH", "/v1/webhook-endpoints/x", role="service", json={})
    assert [each[1:3] for each in noted(world)] == [
        ("GET /v1/orders/export", 200),
        ("PATCH /v1/webhook-endpoints/{endpoint_id}", 404),
    ]


async def test_whoever_is_forbidden_something(world: World) -> None:
    await world.call("GET", "/v1/ops/audit")
    await world.call("GET", "/v1/ops/audit", role=None)
    await ask(world, "query { stalledSteps { nodes { step } } }")
    assert noted(world) == [
        ("customer:c-1", "GET /v1/ops/audit", 403, False),
        ("customer:c-1", "query stalledSteps", 403, False),
    ]


async def test_mutations_are_noted_by_name_and_outcome(world: World) -> None:
    world.knows()
    cancel = """mutation ($id: UUID!) { cancelOrder(orderId: $id, reason: "twice") { __typename } }"""
    await ask(world, cancel, id=str(ORDER), role="admin", subject="eve")
    world.gateway.fails = InvalidValue("no", code="invalid-transition")
    await ask(world, cancel, id=str(ORDER), role="admin", subject="eve")
    await ask(world, "query { __typename }", role="admin", subject="eve")
    assert [each[:3] for each in noted(world)] == [
        ("admin:eve", "mutation cancelOrder", 200),
        ("admin:eve", "mutation cancelOrder", 409),
    ]


async def test_a_path_names_nobody(world: World) -> None:
    await world.call("POST", "/v1/customers/ada@example.org/erase", role="admin", json={"reason": "r"})
    assert [each.target for each in world.trail.kept] == ["/v1/customers/…/erase"]


async def test_the_list(world: World) -> None:
    query = "actor=operator:eve&outcome=403&personal=true&request_id=r-1&action=x&limit=2"
    answer = await world.call("GET", f"/v1/ops/audit/requests?{query}", role="operator")
    assert answer.json()["items"][0]["number"] == 7
    assert world.trail.asked == [(RequestFilter("operator:eve", "x", 403, True, "r-1"), 2, None)]


# In PostgreSQL


def request(action: str, outcome: int = 200) -> StaffRequest:
    return StaffRequest("operator:eve", action, "/x", outcome, personal=False, request_id="r")


@pytest.fixture
async def engine(database: str) -> Any:
    made = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://", 1))
    yield made
    await made.dispose()


async def test_what_is_kept_is_listed_newest_first(engine: AsyncEngine) -> None:
    trail = PostgresTrail(engine, 1, lambda: None)
    for number in range(3):
        trail.add(request(f"a{number}", 200 + number))
    await trail.flush()
    await trail.prune()
    page = await trail.listed(RequestFilter(actor="operator:eve"), limit=2, cursor=None)
    assert [each.action for each in page.items] == ["a2", "a1"]
    rest = await trail.listed(RequestFilter(), limit=2, cursor=page.next_cursor)
    assert ([each.action for each in rest.items], rest.next_cursor) == (["a0"], None)
    only = await trail.listed(RequestFilter(outcome=201, personal=False, request_id="r"), limit=2, cursor=None)
    assert [each.action for each in only.items] == ["a1"]


async def test_what_waits_is_written_when_the_process_ends(engine: AsyncEngine) -> None:
    trail = PostgresTrail(engine, 1, lambda: None, pause=3600)
    running = asyncio.create_task(trail.run())
    await asyncio.sleep(0)
    trail.add(request("last"))
    running.cancel()
    await asyncio.wait([running])
    assert len((await trail.listed(RequestFilter(), limit=5, cursor=None)).items) == 1


async def test_a_database_that_is_away_costs_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """They wait; what is too much is lost, and counted."""
    nowhere = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    lost: list[int] = []
    monkeypatch.setattr(audit_trail, "MOST_WAITING", 2)
    trail = PostgresTrail(nowhere, 1, lambda: lost.append(1), pause=0)
    for number in range(3):
        trail.add(request(str(number)))
    with pytest.raises(ConnectionRefusedError):
        await trail.flush()
    assert lost == [1]
    running = asyncio.create_task(trail.run())
    await asyncio.sleep(0.05)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
    await nowhere.dispose()
