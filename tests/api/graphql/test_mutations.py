"""Commands through the graph: what REST would have sent to the gateway, and refusals as types."""

from typing import Any

import pytest

from domain.errors import InvalidValue, NotAllowed, NotFound
from tests.api.graphql.asking import ask, data
from tests.api.world import BODY, World
from workflows.errors import CommandTimeout

PROBLEM = "... on Problem { type status title detail }"
PLACE = f"""mutation ($input: OrderInput!, $key: String!) {{ placeOrder(input: $input, idempotencyKey: $key) {{
  __typename ... on OrderCommanded {{ orderId version position }} {PROBLEM}
  ... on InvalidProblem {{ details }}
}} }}"""
CANCEL = f"""mutation ($id: UUID!, $reason: String!, $version: Int) {{
  cancelOrder(orderId: $id, reason: $reason, expectedVersion: $version, idempotencyKey: "k") {{
    __typename ... on OrderCommanded {{ version order {{ status version }} }} {PROBLEM}
    ... on ConflictProblem {{ details }} ... on InvalidProblem {{ details }}
    ... on UnavailableProblem {{ retryAfterSeconds }}
  }} }}"""


def camel(body: Any) -> Any:
    """The REST body in the graph's spelling."""
    if isinstance(body, dict):
        return {_camel(name): camel(value) for name, value in body.items()}
    return [camel(item) for item in body] if isinstance(body, list) else body


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


async def test_placing_is_the_same_order_by_either_door(world: World) -> None:
    placed = (await data(world, PLACE, input=camel(BODY), key="k-1"))["placeOrder"]
    rest = await world.place(key="k-1")
    assert placed == {
        "__typename": "OrderCommanded",
        "orderId": rest.json()["order_id"],
        "version": 1,
        "position": rest.json()["position"],
    }
    first, second = (call["command"] for name, call in world.gateway.calls if name == "place")
    assert first == second


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"lines": [{"sku": "NONE", "quantity": 1}]}, "InvalidProblem", "unknown-sku"),
        ({"lines": []}, "InvalidProblem", "invalid-lines"),
        ({"customerId": "c-2"}, "AccessProblem", "customer-mismatch"),
        ({"customerId": ""}, "InvalidProblem", "invalid-request"),
        ({"currency": "XXX"}, "InvalidProblem", "unknown-currency"),
    ],
)
async def test_a_refused_order_says_why(world: World, change: dict[str, Any], kind: str, code: str) -> None:
    answer = (await data(world, PLACE, input={**camel(BODY), **change}, key="k-1"))["placeOrder"]
    assert (answer["__typename"], answer["type"]) == (kind, f"https://waybill.dev/problems/{code}")
    assert answer["detail"]
    assert world.gateway.calls == []


async def test_a_bad_key_is_refused(world: World) -> None:
    answer = (await data(world, PLACE, input=camel(BODY), key="with space"))["placeOrder"]
    assert answer["type"].endswith("invalid-idempotency-key")


async def test_a_command_answers_with_the_order_it_changed(world: World) -> None:
    view = world.knows()
    answer = (await data(world, CANCEL, id=str(view.order_id), reason="twice", version=3))["cancelOrder"]
    assert answer == {
        "__typename": "OrderCommanded",
        "version": view.version,
        "order": {"status": "PLACED", "version": view.version},
    }
    ((name, call),) = world.gateway.calls
    assert (name, call["reason"], call["expected_version"], call["actor"]) == (
        "cancel",
        "twice",
        3,
        "customer:c-1",
    )


@pytest.mark.parametrize(
    ("error", "kind", "more"),
    [
        (NotFound("no", code="order-not-found"), "NotFoundProblem", {}),
        (
            NotAllowed("late", code="too-late-to-cancel", details={"status": "completed"}),
            "ConflictProblem",
            {"details": {"current_status": "completed"}},
        ),
        (InvalidValue("bad", code="invalid-quantity"), "InvalidProblem", {"details": {}}),
        (CommandTimeout(), "UnavailableProblem", {"retryAfterSeconds": 1}),
    ],
)
async def test_refusals_are_types(world: World, error: Exception, kind: str, more: dict[str, Any]) -> None:
    view = world.knows()
    world.gateway.fails = error
    answer = (await data(world, CANCEL, id=str(view.order_id), reason="twice"))["cancelOrder"]
    assert answer["__typename"] == kind
    assert {name: answer[name] for name in more} == more


async def test_another_customers_order_is_not_found(world: World) -> None:
    view = world.knows()
    answer = await data(world, CANCEL, id=str(view.order_id), reason="x", subject="c-9")
    assert answer["cancelOrder"]["__typename"] == "NotFoundProblem"
    assert world.gateway.calls == []


@pytest.mark.parametrize("reason", ["", "a\u0000b", "x" * 501])
async def test_a_reason_is_text(world: World, reason: str) -> None:
    view = world.knows()
    answer = (await data(world, CANCEL, id=str(view.order_id), reason=reason))["cancelOrder"]
    assert (answer["__typename"], answer["details"]["errors"][0]["location"]) == ("InvalidProblem", ["reason"])


CATALOGUE = """mutation {
  createProduct(
    input: {sku: "MUG", name: "Mug", prices: [{amount: "9.00", currency: "EUR"}]}, idempotencyKey: "a"
  ) { ...Done }
  changePrice(sku: "MUG", price: {amount: "9.50", currency: "EUR"}) { ...Done }
  publishProduct(sku: "MUG") { ...Done }
  adjustStock(sku: "MUG", input: {quantity: 5, reason: "delivery"}, idempotencyKey: "b") { ...Done }
  discontinueProduct(sku: "MUG") { ...Done }
}
fragment Done on CatalogueCommandResult {
  __typename ... on CatalogueCommanded { sku product { name } stock { onHand } }
}"""


async def test_the_catalogue_and_its_stock(world: World) -> None:
    answers = await data(world, CATALOGUE, role="operator")
    done = {"__typename": "CatalogueCommanded", "sku": "MUG", "product": {"name": "Mug"}, "stock": {"onHand": 15}}
    assert list(answers.values()) == [done] * 5
    assert [name for name, _ in world.gateway.calls] == [
        "create_product",
        "change_price",
        "publish_product",
        "adjust_stock",
        "discontinue_product",
    ]
    refused = await data(world, CATALOGUE, role="customer")
    assert {answer["__typename"] for answer in refused.values()} == {"AccessProblem"}


async def test_an_operator_answers_a_stalled_step(world: World) -> None:
    view = world.knows()
    resolve = """mutation ($id: UUID!) { resolveStep(
      orderId: $id, step: "authorize#1", action: RETRY, reason: "up again"
    ) { __typename } }"""
    answer = await ask(world, resolve, id=str(view.order_id), role="operator")
    assert answer["data"]["resolveStep"]["__typename"] == "OrderCommanded"
    ((name, call),) = world.gateway.calls
    assert (name, call["step"], call["action"].value) == ("resolve_step", "authorize#1", "retry")
