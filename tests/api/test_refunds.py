"""`POST /v1/orders/{id}/refunds`."""

from typing import Any

import pytest

from domain.errors import NotAllowed
from domain.money import Money
from tests.api.world import World, problem
from tests.support.samples import ORDER

PATH = f"/v1/orders/{ORDER}/refunds"
AMOUNT = {"amount": {"amount": "5.00", "currency": "EUR"}, "reason": "chipped"}


async def test_an_amount_is_granted(world: World) -> None:
    world.knows()
    response = await world.call("POST", PATH, role="operator", subject="eve", json=AMOUNT)
    assert response.status_code == 200
    ((name, given),) = world.gateway.calls
    assert (name, given["amount"], given["lines"]) == ("grant", Money(500, "EUR"), {})
    assert (given["reason"], given["actor"]) == ("chipped", "operator:eve")


async def test_pieces_are_granted_and_the_same_line_twice_is_added_up(world: World) -> None:
    world.knows()
    lines = [{"sku": "MUG", "quantity": 1}, {"sku": "TEA", "quantity": 1}, {"sku": "MUG", "quantity": 1}]
    await world.call("POST", PATH, role="operator", json={"lines": lines, "reason": "chipped"})
    ((_, given),) = world.gateway.calls
    assert (given["amount"], given["lines"]) == (None, {"MUG": 2, "TEA": 1})


@pytest.mark.parametrize(
    "body",
    [
        {"amount": AMOUNT["amount"]},
        {**AMOUNT, "lines": [{"sku": "MUG", "quantity": 0}]},
        {**AMOUNT, "to": "the moon"},
    ],
)
async def test_a_body_that_is_not_one(world: World, body: dict[str, Any]) -> None:
    problem(await world.call("POST", PATH, role="operator", json=body), 422, "invalid-request")


async def test_what_is_refused_says_why(world: World) -> None:
    world.gateway.fails = NotAllowed("too much", code="amount-above-captured", details={"left": "1.00 EUR"})
    document = problem(await world.call("POST", PATH, role="operator", json=AMOUNT), 409, "amount-above-captured")
    assert document["left"] == "1.00 EUR"


async def test_customers_refund_nothing(world: World) -> None:
    world.knows()
    problem(await world.call("POST", PATH, json=AMOUNT), 403, "forbidden")
