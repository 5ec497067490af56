"""`/v1/customers/{id}/store-credit`."""

from typing import Any

import pytest

from domain.money import Money
from tests.api.world import World, problem

PATH = "/v1/customers/c-1/store-credit"
BODY = {"amount": {"amount": "25.00", "currency": "EUR"}, "reason": "goodwill"}


async def test_an_operator_grants_it(world: World) -> None:
    response = await world.call("POST", PATH, role="operator", subject="eve", json=BODY)
    assert response.status_code == 200, response.text
    ((name, given),) = world.gateway.calls
    assert (name, given["customer_id"], given["amount"]) == ("grant_credit", "c-1", Money(2500, "EUR"))
    assert (given["reason"], given["actor"]) == ("goodwill", "operator:eve")
    assert response.headers["waybill-position"]
    assert response.json()["balances"] == [BODY["amount"]]


async def test_a_customer_sees_its_own(world: World) -> None:
    response = await world.call("GET", PATH, subject="c-1")
    assert response.json() == {
        "customer_id": "c-1",
        "balances": [{"amount": "25.00", "currency": "EUR"}],
        "reserved": [],
        "version": 1,
    }


async def test_a_customer_sees_nothing_of_others_and_grants_nothing(world: World) -> None:
    problem(await world.call("GET", PATH, subject="c-2"), 404, "customer-not-found")
    problem(await world.call("POST", PATH, subject="c-1", json=BODY), 403, "forbidden")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": {"amount": "1.005", "currency": "EUR"}}, "invalid-amount"),
        ({"amount": {"amount": "1.00", "currency": "XXX"}}, "unknown-currency"),
        ({"reason": ""}, "invalid-request"),
        ({"until": "tomorrow"}, "invalid-request"),
    ],
)
async def test_a_grant_that_is_none(world: World, change: dict[str, Any], code: str) -> None:
    problem(await world.call("POST", PATH, role="operator", json=BODY | change), 422, code)
