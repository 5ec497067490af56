"""Operators' hands on sagas: lists, answers, bulk retries, hand-over and notes."""

from typing import Any

import pytest

from domain.errors import NotAllowed
from domain.orders.events import OrderAssigned, StepAction
from tests.api.world import World, order_view, problem
from tests.support import samples
from workflows.errors import CommandTimeout, CommandUnavailable

ORDER = f"/v1/ops/orders/{samples.ORDER}"
RETRY = {"error_type": "Unknown", "reason": "it is back"}


async def post(world: World, path: str, body: Any, *, role: str = "operator", key: str = "k") -> Any:
    return await world.call("POST", path, role=role, json=body, headers={"Idempotency-Key": key})


async def test_stalled_steps_are_listed_by_assignee_and_error(world: World) -> None:
    path = "/v1/ops/sagas?assignee=eve&error_type=Unknown&limit=7"
    response = await world.call("GET", path, role="operator")
    assert response.status_code == 200
    assert world.queries.filtered == ("eve", "Unknown", 7)


async def test_an_effect_is_adopted_by_its_reference(world: World) -> None:
    world.knows()
    body = {"action": "adopt", "reason": "captured by hand", "reference": "cap-7"}
    response = await post(world, f"{ORDER}/steps/capture%3AP%230", body)
    assert response.status_code == 200
    given = world.gateway.calls[0][1]
    assert (given["action"], given["reference"]) == (StepAction.ADOPT, "cap-7")


@pytest.mark.parametrize("body", [{"action": "adopt"}, {"action": "retry", "reference": "cap-7"}])
async def test_a_reference_belongs_to_an_adoption(world: World, body: dict[str, str]) -> None:
    response = await post(world, f"{ORDER}/steps/capture%230", {"reason": "r", **body})
    problem(response, 422, "invalid-request")


@pytest.mark.parametrize("code", ["adoption-refused", "adoption-unverified", "order-busy"])
async def test_a_refused_answer_says_why(world: World, code: str) -> None:
    world.gateway.fails = NotAllowed("cap-7 cannot be adopted: it is a refund", code=code)
    body = {"action": "adopt", "reason": "r", "reference": "cap-7"}
    assert "it is a refund" in problem(await post(world, f"{ORDER}/steps/a%230", body), 409, code)["detail"]


async def test_steps_are_retried_in_bulk(world: World) -> None:
    response = await post(world, "/v1/ops/sagas/retry", {**RETRY, "limit": 3})
    step = {"order_id": str(samples.ORDER), "step": "authorize#1"}
    assert response.json() == {"items": [{**step, "outcome": "retried", "detail": None}]}
    assert world.queries.filtered == (None, "Unknown", 3)
    given = world.gateway.calls[0][1]
    assert (given["step"], given["action"], given["reason"]) == ("authorize#1", StepAction.RETRY, "it is back")
    await post(world, "/v1/ops/sagas/retry", {**RETRY, "limit": 3})
    assert world.gateway.calls[1][1]["key"] == given["key"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotAllowed("no", code="step-not-stalled"), "step-not-stalled"),
        (CommandTimeout("slow"), "outcome-unknown"),
        (CommandUnavailable("down"), "unavailable"),
    ],
)
async def test_a_bulk_retry_tells_what_came_of_each(world: World, error: Exception, outcome: str) -> None:
    world.gateway.fails = error
    response = await post(world, "/v1/ops/sagas/retry", RETRY)
    assert response.status_code == 200
    assert [item["outcome"] for item in response.json()["items"]] == [outcome]
    assert response.json()["items"][0]["detail"]


@pytest.mark.parametrize("body", [{**RETRY, "limit": 101}, {**RETRY, "limit": 0}, {"reason": "r"}])
async def test_a_bulk_retry_has_its_limits(world: World, body: Any) -> None:
    problem(await post(world, "/v1/ops/sagas/retry", body), 422, "invalid-request")
    assert not world.gateway.calls


async def test_an_order_is_handed_over_and_noted(world: World) -> None:
    world.knows()
    assert (await post(world, f"{ORDER}/assignment", {"assignee": "eve", "reason": "r"})).status_code == 200
    assert (await post(world, f"{ORDER}/assignment", {"assignee": None, "reason": "r"})).status_code == 200
    assert (await post(world, f"{ORDER}/notes", {"note": "rang them up"})).status_code == 200
    (_, eve), (_, nobody), (_, noted) = world.gateway.calls
    assert (eve["assignee"], nobody["assignee"], noted["note"]) == ("eve", None, "rang them up")
    assert {eve["actor"], noted["actor"]} == {"operator:c-1"}
    problem(await post(world, f"{ORDER}/notes", {"note": " "}), 422, "invalid-request")
    problem(await post(world, f"{ORDER}/notes", {"note": "n"}, role="customer"), 403, "forbidden")


async def test_only_operators_see_who_has_an_order_and_what_they_wrote(world: World) -> None:
    world.knows(order_view(OrderAssigned("eve", "knows the carrier", "operator:adam")))
    path = f"/v1/orders/{samples.ORDER}/saga"
    shown = (await world.call("GET", path, role="operator")).json()
    assert shown["assignee"] == "eve"
    assert [(note["author"], note["text"]) for note in shown["notes"]] == [("operator:adam", "rang them up")]
    hidden = (await world.call("GET", path)).json()
    assert (hidden["assignee"], hidden["notes"]) == (None, [])
