"""`/v1/orders/{id}/returns`."""

from typing import Any
from uuid import UUID

import pytest

from domain.errors import NotAllowed
from domain.record import fold_record
from domain.returns.events import (
    InspectedItem,
    ReplacementPlanned,
    ReturnItem,
    ReturnKind,
    ReturnLabelBooked,
    ReturnParcelMoved,
)
from readmodels.views import ReturnView
from tests.api.world import RULES, World, order_view, problem
from tests.domain.returns.test_returns import COMPLETED, ID, back
from tests.support.samples import NOON, ORDER

PATH = f"/v1/orders/{ORDER}/returns"
BODY = {"lines": [{"sku": "MUG", "quantity": 1}], "reason": "too small"}
KEYED = {"Idempotency-Key": "r-1"}


async def test_a_customer_asks_for_a_return(world: World) -> None:
    world.knows()
    response = await world.call("POST", PATH, json=BODY, headers=KEYED)
    assert response.status_code == 200
    ((name, given),) = world.gateway.calls
    assert (name, given["kind"], given["items"]) == ("request_return", ReturnKind.RETURN, [ReturnItem("MUG", 1)])
    assert (given["reason"], given["rules"], given["actor"]) == ("too small", RULES.returns, "customer:c-1")


async def test_only_of_an_order_of_its_own_and_with_a_key(world: World) -> None:
    world.knows()
    problem(await world.call("POST", PATH, json=BODY), 400, "idempotency-key-required")
    problem(await world.call("POST", PATH, json=BODY, headers=KEYED, subject="c-9"), 404, "order-not-found")
    assert not world.gateway.calls


async def test_operators_take_it_on(world: World) -> None:
    world.knows()
    found = {"lines": [{"sku": "MUG", "restocked": 1, "damaged": 2}]}
    for command, body in (
        ("approve", {"reason": "fine"}),
        ("reject", {"reason": "worn"}),
        ("receive", {"warehouse": "BER"}),
        ("inspect", found),
    ):
        answer = await world.call("POST", f"{PATH}/{ID}/{command}", role="operator", subject="eve", json=body)
        assert answer.status_code == 200, command
        problem(await world.call("POST", f"{PATH}/{ID}/{command}", json=body), 403, "forbidden")
    calls = dict(world.gateway.calls)
    assert {call["return_id"] for call in calls.values()} == {ID}
    assert calls["approve_return"]["reason"] == "fine"
    assert calls["reject_return"]["actor"] == "operator:eve"
    assert calls["receive_return"]["warehouse"] == "BER"
    assert calls["inspect_return"]["items"] == [InspectedItem("MUG", 1, 2, 0)]


async def test_they_are_listed_and_stand_in_the_order(world: World) -> None:
    world.knows(order_view(*COMPLETED[1:], *back(("MUG", 2))))
    response = await world.call("GET", PATH)
    (item,) = response.json()["items"]
    assert (UUID(item["return_id"]), item["status"], item["warehouse"]) == (ID, "received", "BER")
    found = {"inspected": False, "restocked": 0, "damaged": 0, "dismissed": 0}
    assert item["lines"] == [{"sku": "MUG", "quantity": 2, "instead": None, **found}]
    assert (item["label"], item["replacement"]) == (None, None)
    order = (await world.call("GET", f"/v1/orders/{ORDER}")).json()
    assert order["returns"] == [item]
    assert order["fulfilment_status"] == "partially_returned"
    assert order["lines"][0]["quantities"]["received"] == 2


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "too small"},
        {**BODY, "lines": []},
        {**BODY, "lines": [{"sku": "MUG", "quantity": 0}]},
        {**BODY, "kind": "swap"},
    ],
)
async def test_a_body_that_is_not_one(world: World, body: dict[str, Any]) -> None:
    world.knows()
    problem(await world.call("POST", PATH, json=body, headers=KEYED), 422, "invalid-request")


async def test_a_refusal_says_what_is_possible(world: World) -> None:
    details = {"status": "requested", "possible": ["approve", "reject"]}
    world.gateway.fails = NotAllowed("not yet", code="invalid-transition", details=details)
    url = f"{PATH}/{ID}/receive"
    document = problem(await world.call("POST", url, role="operator", json={}), 409, "invalid-transition")
    assert document["possible"] == ["approve", "reject"]


async def test_operators_list_those_of_all_orders(world: World) -> None:
    known = fold_record([*COMPLETED, *back(("MUG", 2))]).returns.by_id[ID]
    world.queries.known_returns = [ReturnView(ORDER, known, NOON, NOON)]
    response = await world.call("GET", "/v1/ops/returns?status=received", role="operator")
    (item,) = response.json()["items"]
    assert (UUID(item["order_id"]), UUID(item["return_id"]), item["status"]) == (ORDER, ID, "received")
    empty = await world.call("GET", "/v1/ops/returns?status=requested", role="operator")
    assert empty.json()["items"] == []


async def test_a_label_and_what_is_sent_again_are_shown(world: World) -> None:
    plan = ReplacementPlanned(ID, "BER", (ReturnItem("CUP", 2),))
    booked = (ReturnLabelBooked(ID, "bkg-1", "T1"), ReturnParcelMoved(ID))
    world.knows(order_view(*COMPLETED[1:], *back(("MUG", 2)), *booked, plan))
    (item,) = (await world.call("GET", PATH)).json()["items"]
    assert item["label"] == {"booking": "bkg-1", "tracking_number": "T1", "status": "sent"}
    assert (item["replacement"]["shipment_id"], item["replacement"]["warehouse"]) == (f"RMA-{ID}", "BER")
    assert [(each["sku"], each["quantity"]) for each in item["replacement"]["items"]] == [("CUP", 2)]


async def test_an_exchange_is_asked_for_with_the_catalogues_prices(world: World) -> None:
    world.knows()
    line = {"sku": "MUG", "quantity": 1, "instead": "TEA"}
    body = {**BODY, "kind": "exchange", "lines": [line]}
    assert (await world.call("POST", PATH, json=body, headers=KEYED)).status_code == 200
    ((_, given),) = world.gateway.calls
    assert (given["kind"], given["items"]) == (ReturnKind.EXCHANGE, [ReturnItem("MUG", 1, "TEA")])
    known = await world.queries.products_by_sku(["TEA"])
    assert given["prices"] == {sku: view.prices["EUR"] for sku, view in known.items()}
