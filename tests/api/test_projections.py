"""Operating projections over HTTP: who may, what is asked for, and how refusals and lag are told."""

from typing import Any

import pytest

from api.app import create_app
from domain.errors import NotAllowed, NotFound
from tests.api.world import World, problem

BASE = "/v1/ops/projections"


async def test_projections_tell_how_far_they_are_and_what_builds_there_are(world: World) -> None:
    (item,) = (await world.call("GET", BASE, role="operator")).json()["items"]
    builds = item.pop("builds")
    assert item == {
        "projection": "orders",
        "version": 1,
        "position": 40,
        "head": 42,
        "events": 2,
        "seconds": 0.25,
        "parked": 1,
    }
    assert [(each["build"], each["state"]) for each in builds] == [(1, "live"), (2, "candidate")]
    assert (builds[1]["rate"], builds[1]["remaining"], builds[1]["events"]) == (5.0, 6.4, 32)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "asked"),
    [
        ("POST", "rebuild", None, 202, ("rebuild", {"switch": False})),
        ("POST", "rebuild", {"switch": True}, 202, ("rebuild", {"switch": True})),
        ("POST", "switch", {"force": True}, 200, ("switch", {"force": True})),
        ("POST", "rollback", None, 200, ("roll_back", {"force": False})),
        ("POST", "discard", None, 200, ("discard", {})),
        ("POST", "retry", None, 202, ("retry", {"key": None})),
        ("POST", "retry", {"key": "order/x"}, 202, ("retry", {"key": "order/x"})),
        ("POST", "skip", {"key": "order/x", "reason": "r"}, 202, ("skip", {"key": "order/x", "reason": "r"})),
    ],
)
async def test_what_is_asked_for_is_done_in_the_callers_name(
    world: World, method: str, path: str, body: Any, status: int, asked: tuple[str, dict[str, Any]]
) -> None:
    response = await world.call(method, f"{BASE}/orders/{path}", role="operator", json=body)
    assert response.status_code == status, response.text
    ((what, given),) = world.projections.asked
    assert what == asked[0]
    assert given.pop("actor").startswith("operator:")
    assert given == {"projection": "orders", **asked[1]}


async def test_the_comparison_names_rows_and_columns(world: World) -> None:
    found = (await world.call("GET", f"{BASE}/orders/comparison", role="operator")).json()
    assert found["same"] is False
    (table,) = found["tables"]
    assert table["samples"] == [{"key": {"order_id": "x"}, "only_in": None, "columns": ["state"]}]


async def test_parked_keys_are_listed(world: World) -> None:
    (item,) = (await world.call("GET", f"{BASE}/orders/parked", role="operator")).json()["items"]
    assert (item["key"], item["position"], item["waiting"], item["error"]) == ("order/x", 7, 2, "bug")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("skip", {"key": "order/x"}),
        ("skip", {"key": "order/x", "reason": " "}),
        ("skip", {"key": "", "reason": "r"}),
        ("retry", {"keys": ["order/x"]}),
        ("switch", {"force": "much"}),
    ],
)
async def test_what_cannot_be_meant(world: World, path: str, body: Any) -> None:
    response = await world.call("POST", f"{BASE}/orders/{path}", role="operator", json=body)
    problem(response, 422, "invalid-request")
    assert not world.projections.asked


@pytest.mark.parametrize("code", ["no-candidate", "build-behind", "build-incomplete", "switch-blocked"])
async def test_a_switch_that_is_refused(world: World, code: str) -> None:
    world.projections.fails = NotAllowed("no", code=code)
    problem(await world.call("POST", f"{BASE}/orders/switch", role="operator"), 409, code)


async def test_an_unknown_projection(world: World) -> None:
    world.projections.fails = NotFound("no", code="projection-not-found")
    problem(await world.call("POST", f"{BASE}/nothing/rebuild", role="operator"), 404, "projection-not-found")


async def test_the_lag_is_a_metric() -> None:
    world = World(create_app)
    text = (await world.call("GET", "/metrics", role=None)).text
    for line in ("lag_events{%s} 2.0", "lag_seconds{%s} 0.25", "parked_keys{%s} 1.0"):
        assert "waybill_projection_" + line % 'projection="orders"' in text


async def test_metrics_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(create_app)

    async def down() -> None:
        raise OSError

    monkeypatch.setattr(world.queries, "lag", down)
    response = await world.call("GET", "/metrics", role=None)
    assert response.is_success
    assert "waybill_projection_lag_events{" not in response.text
