"""Placing: what a key stands for, and every way in which a body is refused."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from activities.contracts import Refusal
from api import positions
from domain import identifiers
from domain.catalog.model import ProductStatus
from domain.orders.pricing import ShippingFees
from tests.api.world import BODY, ISSUER, World, order_view, problem, product
from tests.support import samples
from workflows.errors import CommandTimeout, CommandUnavailable

ORDER = identifiers.order_id(ISSUER.issuer, "c-1", "k-1")


def body(**changes: Any) -> dict[str, Any]:
    return {**deepcopy(BODY), **changes}


async def test_an_order_is_placed_at_the_catalogues_prices(world: World) -> None:
    response = await world.place()
    order = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/orders/{ORDER}"
    assert response.headers["etag"] == '"1"'
    assert positions.decode(response.headers["waybill-position"]).stream_id == f"order/{ORDER}"
    assert (order["order_id"], order["status"], order["version"]) == (str(ORDER), "placed", 1)
    assert order["totals"] == {
        "subtotal": {"amount": "30.00", "currency": "EUR"},
        "shipping": {"amount": "4.90", "currency": "EUR"},
        "tax": {"amount": "6.63", "currency": "EUR"},
        "total": {"amount": "41.53", "currency": "EUR"},
    }
    name, given = world.gateway.calls[0]
    assert (name, given["actor"]) == ("place", "customer:c-1")


async def test_yen_have_no_decimals(world: World) -> None:
    world.queries.catalogue["MUG"] = product("MUG", currency="JPY", amount="500")
    response = await world.place(body(currency="JPY", lines=[{"sku": "MUG", "quantity": 1}]))
    assert response.json()["lines"][0]["total"] == {"amount": "500", "currency": "JPY"}


async def test_the_same_key_and_body_give_the_same_order(world: World) -> None:
    first, second = await world.place(), await world.place()
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()


async def test_a_default_spelt_out_is_the_same_body(world: World) -> None:
    await world.place()
    assert (await world.place(body(on_unavailable="cancel"))).status_code == 201


async def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    await world.place()
    problem(await world.place(body(email=None)), 422, "idempotency-key-reuse")


async def test_keys_of_two_callers_are_two_orders(world: World) -> None:
    first = await world.place(role="operator", subject="o-1")
    second = await world.place(role="operator", subject="o-2")
    assert first.json()["order_id"] != second.json()["order_id"]


async def test_a_repeat_after_a_price_change_shows_the_order_as_it_was_placed(world: World) -> None:
    await world.place()
    placed = world.gateway.placed[ORDER]
    world.knows(order_view(placed=replace(samples.PLACED, order_id=ORDER, fingerprint=placed.fingerprint)))
    world.queries.catalogue["MUG"] = product("MUG", amount="11.00")
    response = await world.place()
    assert response.status_code == 201
    assert response.json()["totals"]["total"]["amount"] == "35.70"


async def test_a_repeat_after_the_product_went_shows_the_order(world: World) -> None:
    await world.place()
    fingerprint = world.gateway.placed[ORDER].fingerprint
    world.knows(order_view(placed=replace(samples.PLACED, order_id=ORDER, fingerprint=fingerprint)))
    world.queries.catalogue.clear()
    assert (await world.place()).status_code == 201
    problem(await world.place(body(email=None)), 422, "idempotency-key-reuse")


async def test_a_refusal_by_the_workflow_is_its_problem(world: World) -> None:
    await world.place()
    placed = world.gateway.placed[ORDER]
    world.gateway.placed[ORDER] = replace(placed, version=0, refusal=Refusal("out-of-stock", "2 pieces are left"))
    assert problem(await world.place(), 409, "out-of-stock")["detail"] == "2 pieces are left"


async def test_a_dry_run_prices_and_writes_nothing(world: World) -> None:
    response = await world.call("POST", "/v1/orders?dry_run=true", json=BODY)
    assert response.status_code == 200
    assert response.json()["totals"]["total"]["amount"] == "41.53"
    assert not world.gateway.calls


async def test_a_key_is_required_and_checked(world: World) -> None:
    problem(await world.call("POST", "/v1/orders", json=BODY), 400, "idempotency-key-required")
    for key in (b"", b"a b", b"x" * 256, b"caf\xe9"):
        problem(await world.place(headers={"Idempotency-Key": key}), 400, "invalid-idempotency-key")
    assert (await world.place(key="x" * 255)).status_code == 201


async def test_customers_order_for_themselves(world: World) -> None:
    problem(await world.place(subject="c-2"), 403, "customer-mismatch")
    assert (await world.place(role="service", subject="shop")).status_code == 201


async def test_no_answer_in_time_says_to_repeat(world: World) -> None:
    world.gateway.fails = CommandTimeout("late")
    response = await world.place()
    problem(response, 503, "outcome-unknown")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize("error", [CommandUnavailable("down"), ConnectionRefusedError("no")])
async def test_what_cannot_be_reached_is_unavailable(world: World, error: Exception) -> None:
    world.gateway.fails = error
    response = await world.place()
    problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "1"


def lines(*given: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in given]}


def address(**changes: Any) -> dict[str, Any]:
    return {"shipping_address": {**BODY["shipping_address"], **changes}}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (lines(("NOPE", 1)), "unknown-sku"),
        (lines(("DRAFT", 1)), "unknown-sku"),
        (lines(("OLD", 1)), "product-not-available"),
        (lines(("YEN", 1)), "price-not-available"),
        (lines(("mug", 1)), "invalid-sku"),
        (lines(("MUG\0", 1)), "invalid-sku"),
        (lines(("MUG", 0)), "invalid-quantity"),
        (lines(("MUG", -1)), "invalid-quantity"),
        (lines(("MUG", 1001)), "invalid-quantity"),
        (lines(("MUG", 10**300)), "invalid-quantity"),
        (lines(("MUG", 1.5)), "invalid-request"),
        (lines(("MUG", "1")), "invalid-request"),
        (lines(("MUG", True)), "invalid-request"),
        (lines(), "invalid-lines"),
        (lines(*[("MUG", 1)] * 4), "invalid-lines"),
        (lines(("MUG", 1), ("MUG", 2)), "duplicate-sku"),
        (lines(("MUG", 1000)), "order-value-out-of-bounds"),
        ({"currency": "XXX"}, "unknown-currency"),
        ({"currency": "GBP"}, "unknown-currency"),
        ({"currency": "eur"}, "unknown-currency"),
        ({"currency": 5}, "invalid-request"),
        ({"email": "nobody"}, "invalid-email"),
        ({"email": "a\0@example.org"}, "invalid-email"),
        (address(country="Germany"), "invalid-address"),
        (address(name=" "), "invalid-address"),
        (address(city="Ber\0lin"), "invalid-address"),
        (address(planet="Earth"), "invalid-request"),
        ({"payment": {"method": "gold"}}, "unknown-payment-method"),
        ({"shipping_method": "pigeon"}, "unknown-shipping-method"),
        (
            {"shipping_method": "express", "shipping_address": BODY["shipping_address"] | {"country": "FR"}},
            "shipping-method-not-available",
        ),
        ({"payment": {}}, "invalid-request"),
        ({"price": "0.01"}, "invalid-request"),
        ({"on_unavailable": "pray"}, "invalid-request"),
        ({"customer_id": "c-1\0"}, "invalid-request"),
        ({"shipping_address": None}, "invalid-request"),
    ],
)
async def test_each_bad_value_has_its_own_problem(world: World, changes: dict[str, Any], code: str) -> None:
    world.queries.catalogue |= {
        "DRAFT": product("DRAFT", ProductStatus.DRAFT),
        "OLD": product("OLD", ProductStatus.DISCONTINUED),
        "YEN": product("YEN", currency="JPY", amount="100"),
    }
    problem(await world.place(body(**changes), role="operator"), 422, code)
    assert not world.gateway.calls


async def test_a_shipping_method_is_paid_for() -> None:
    world = World()
    order = (await world.place(body(shipping_method="express"))).json()
    assert order["shipping_method"] == "express"
    assert order["totals"]["shipping"] == {"amount": "12.90", "currency": "EUR"}
    _, given = world.gateway.calls[0]
    assert given["command"].shipping_method == "express"


async def test_a_free_order_cannot_be_paid() -> None:
    world = World(shipping=ShippingFees({"standard": {"*": Decimal(0)}}))
    world.queries.catalogue["MUG"] = product("MUG", amount="0.00")
    problem(await world.place(body(**lines(("MUG", 1)))), 422, "order-value-out-of-bounds")
