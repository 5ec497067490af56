"""Customers over HTTP: their erasure, what is opened in answers and for whom, and ids that name nobody."""

import json
from dataclasses import replace

import pytest

from domain.errors import NotAllowed
from domain.identifiers import Address
from domain.orders.events import OrderCancelled
from tests.api.world import BODY, World, order_view, problem
from tests.support import samples

ERASE = "/v1/customers/c-1/erase"
CUSTOMER = samples.PLACED.customer_id


async def sealed_order(world: World) -> Address:
    """An order whose address is sealed, as read models have it."""
    vault = world.app.state.dependencies.vault
    address = Address('Ada "A" Lovelace', "Unter den Linden 1", "Berlin", "10117", "DE")
    world.knows(order_view(placed=await vault.seal(CUSTOMER, replace(samples.PLACED, shipping_address=address))))
    return address


async def test_what_is_sealed_is_opened_in_the_answer(world: World) -> None:
    address = await sealed_order(world)

    whole = {"Accept-Encoding": "identity"}  # the length of what is opened, not of what is compressed
    response = await world.call("GET", f"/v1/orders/{samples.ORDER}", role="operator", headers=whole)

    assert response.json()["shipping_address"]["name"] == address.name
    assert int(response.headers["content-length"]) == len(response.content)
    assert b"sealed:" not in response.content


async def test_an_erased_customers_order_reads_erased(world: World) -> None:
    await sealed_order(world)
    before = await world.call("GET", f"/v1/orders/{samples.ORDER}", role="operator")
    await world.gateway.keys.destroy(CUSTOMER)

    after = await world.call("GET", f"/v1/orders/{samples.ORDER}", role="operator")

    assert after.status_code == 200
    hidden = dict.fromkeys(("name", "line1", "city", "postal_code"), "erased")
    assert after.json()["shipping_address"] == {**before.json()["shipping_address"], **hidden}
    assert after.json()["totals"] == before.json()["totals"]


async def test_an_erasure_answers_when_it_is_done_and_where_to_read_it(world: World) -> None:
    response = await world.call("POST", ERASE, role="admin", json={"reason": "request 1"})

    assert response.status_code == 200
    assert response.json()["erased_at"]
    assert response.headers["Waybill-Position"] == response.json()["position"]
    assert world.gateway.calls[-1][1]["reason"] == "request 1"
    read = (await world.call("GET", "/v1/customers/c-1")).json()
    assert (read["erased"], read["orders"]) == (True, {"total": 0, "open": 0})


async def test_an_erasure_that_open_orders_forbid_names_them(world: World) -> None:
    world.gateway.fails = NotAllowed("open", code="customer-has-open-orders", details={"orders": ["o-1"]})

    response = await world.call("POST", ERASE, role="admin", json={"reason": "request 1"})

    assert problem(response, 409, "customer-has-open-orders")["orders"] == ["o-1"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "r", "note": "n"}])
async def test_an_erasure_needs_a_reason(world: World, body: dict[str, str]) -> None:
    problem(await world.call("POST", ERASE, role="admin", json=body), 422, "invalid-request")


async def test_a_customer_is_shown_to_itself_and_to_staff(world: World) -> None:
    world.knows(order_view())
    world.knows(order_view(OrderCancelled("r"), placed=replace(samples.PLACED, order_id=samples.PLACED.order_id)))
    path = f"/v1/customers/{CUSTOMER}"

    shown = await world.call("GET", path, subject=CUSTOMER)

    assert shown.json() == {
        "customer_id": CUSTOMER,
        "erased": False,
        "erased_at": None,
        "forgotten_at": None,
        "orders": {"total": 1, "open": 0},
    }
    assert (await world.call("GET", path, role="operator")).json() == shown.json()
    problem(await world.call("GET", path, subject="c-2"), 404, "customer-not-found")
    problem(await world.call("GET", "/v1/customers/nobody", role="operator"), 404, "customer-not-found")


async def test_a_customer_id_that_is_an_email_is_refused(world: World) -> None:
    body = BODY | {"customer_id": "ada@example.org"}
    refused = await world.place(body, role="operator")
    document = problem(refused, 422, "invalid-customer-id")
    assert "ada@" not in json.dumps(document)
    assert world.gateway.calls == []
    erased = await world.call("POST", "/v1/customers/ada@example.org/erase", role="admin", json={"reason": "r"})
    problem(erased, 422, "invalid-customer-id")


async def test_a_token_whose_subject_is_an_email_is_refused(world: World) -> None:
    response = await world.call("GET", "/v1/orders", subject="ada@example.org")
    assert "pseudonym" in problem(response, 401, "invalid-token")["detail"]


async def test_an_erased_customer_places_no_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(customer_id: str, asked: bytes) -> str:
        raise NotAllowed("erased", code="customer-erased")

    monkeypatch.setattr(world.gateway, "body_fingerprint", refuse)
    problem(await world.place(), 409, "customer-erased")


async def test_a_key_reaches_temporal_as_a_digest(world: World) -> None:
    await world.place(key="ada@example.org")
    assert "ada" not in world.gateway.calls[-1][1]["key"]
