"""Products and stock over HTTP."""

from typing import Any

import pytest

from activities.aggregates import Committed
from api import positions
from domain.catalog.model import ProductStatus
from domain.errors import NotAllowed
from domain.money import Money
from readmodels.views import ProductView
from tests.api.world import World, problem, product

CUP = {"sku": "CUP", "name": "Cup", "prices": [{"amount": "1.50", "currency": "EUR"}]}
POSITION = positions.encode(Committed("product/MUG", 2))


async def do(world: World, method: str, path: str, json: Any = None, key: str | None = "k") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return await world.call(method, path, role="operator", json=json, headers=headers)


async def test_products_are_listed_without_drafts_but_to_those_who_write_them(world: World) -> None:
    world.queries.catalogue["NEW"] = product("NEW", ProductStatus.DRAFT)
    public = (await world.call("GET", "/v1/products", role=None)).json()
    assert [item["sku"] for item in public["items"]] == ["MUG", "TEA"]
    assert public["items"][0] == {
        "sku": "MUG",
        "name": "Mug",
        "status": "published",
        "description": "",
        "price": {"amount": "10.00", "currency": "EUR"},
        "prices": [{"amount": "10.00", "currency": "EUR"}],
        "scheduled_prices": None,
        "categories": [],
        "attributes": {},
        "images": [],
        "version": 4,
        "updated_at": "2026-03-01T12:00:00Z",
    }
    assert len((await do(world, "GET", "/v1/products")).json()["items"]) == 3
    problem(await world.call("GET", "/v1/products/NEW"), 404, "product-not-found")
    assert (await do(world, "GET", "/v1/products/NEW")).json()["status"] == "draft"


async def test_a_product_shows_its_price_in_the_currency_asked_for(world: World) -> None:
    prices = {code: Money.parse("3", code) for code in ("USD", "JPY")}
    world.queries.catalogue["MUG"] = ProductView("MUG", "Mug", prices, ProductStatus.PUBLISHED)
    shown = [
        (await world.call("GET", "/v1/products/MUG", params=query)).json()["price"]
        for query in ({}, {"currency": "USD"}, {"currency": "EUR"})
    ]
    assert shown == [{"amount": "3", "currency": "JPY"}, {"amount": "3.00", "currency": "USD"}, None]


@pytest.mark.parametrize("sku", ["NOPE", "mug", "%01", "A" * 65, "%F0%9F%98%80"])
async def test_an_unknown_product_is_not_found(world: World, sku: str) -> None:
    problem(await world.call("GET", f"/v1/products/{sku}"), 404, "product-not-found")


@pytest.mark.parametrize(
    ("path", "projection"),
    [
        ("/v1/products", "products"),
        ("/v1/products/MUG", "products"),
        ("/v1/stock", "stock"),
        ("/v1/stock/MUG", "stock"),
        ("/v1/orders", "orders"),
        ("/v1/ops/sagas", "saga_steps"),
    ],
)
async def test_reads_wait_for_their_own_projection(world: World, path: str, projection: str) -> None:
    response = await world.call("GET", path, role="operator", params={"min_position": POSITION})
    assert response.status_code == 200
    assert world.queries.waited == [(projection, "product/MUG", 2)]


async def test_a_product_is_created(world: World) -> None:
    response = await do(world, "POST", "/v1/products", CUP)
    assert response.status_code == 201
    assert response.headers["location"] == "/v1/products/CUP"
    assert positions.decode(response.headers["waybill-position"]) == Committed("product/CUP", 7)
    assert response.json()["position"] == response.headers["waybill-position"]
    given = world.gateway.calls[0][1]
    assert (given["name"], given["prices"], given["actor"]) == ("Cup", [Money(150, "EUR")], "operator:c-1")


async def test_one_price_may_stand_alone(world: World) -> None:
    body = {"sku": "CUP", "name": "Cup", "price": {"amount": "2", "currency": "USD"}}
    await do(world, "POST", "/v1/products", body)
    assert world.gateway.calls[0][1]["prices"] == [Money(200, "USD")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sku": "cup"}, "invalid-sku"),
        ({"name": ""}, "invalid-request"),
        ({"name": "a\0"}, "invalid-request"),
        ({"price": {"amount": 1.5, "currency": "EUR"}}, "invalid-request"),
        ({"price": {"amount": "1.555", "currency": "EUR"}}, "invalid-amount"),
        ({"price": {"amount": "1e3", "currency": "EUR"}}, "invalid-amount"),
        ({"price": {"amount": "NaN", "currency": "EUR"}}, "invalid-amount"),
        ({"price": {"amount": "1" * 16, "currency": "EUR"}}, "invalid-amount"),
        ({"price": {"amount": "1", "currency": "XXX"}}, "unknown-currency"),
        ({"price": {"amount": "1", "currency": "GBP"}}, "unknown-currency"),
        ({"prices": [{"amount": "1", "currency": "EUR"}] * 101}, "invalid-request"),
    ],
)
async def test_a_product_that_is_none(world: World, changes: dict[str, Any], code: str) -> None:
    problem(await do(world, "POST", "/v1/products", CUP | changes), 422, code)
    assert not world.gateway.calls


async def test_creating_needs_a_key(world: World) -> None:
    problem(await do(world, "POST", "/v1/products", CUP, key=None), 400, "idempotency-key-required")
    adjustment = {"quantity": 1, "reason": "r"}
    path = "/v1/stock/MUG/adjustments"
    problem(await do(world, "POST", path, adjustment, key=None), 400, "idempotency-key-required")


async def test_a_price_is_changed(world: World) -> None:
    response = await do(world, "PUT", "/v1/products/MUG/price", {"amount": "9.99", "currency": "EUR"})
    assert response.json()["version"] == 7
    assert world.gateway.calls[0][1]["price"] == Money(999, "EUR")


async def test_a_product_is_published_and_discontinued(world: World) -> None:
    assert (await do(world, "POST", "/v1/products/MUG/publish", key=None)).status_code == 200
    assert (await do(world, "POST", "/v1/products/MUG/publish", {})).status_code == 200
    assert (await do(world, "POST", "/v1/products/MUG/discontinue", {"reason": "gone"})).status_code == 200
    assert (await do(world, "POST", "/v1/products/MUG/discontinue")).status_code == 200
    assert [name for name, _ in world.gateway.calls] == ["publish_product"] * 2 + ["discontinue_product"] * 2
    assert [given["reason"] for _, given in world.gateway.calls[2:]] == ["gone", "discontinued"]
    world.gateway.fails = NotAllowed("no price", code="no-price")
    problem(await do(world, "POST", "/v1/products/MUG/publish"), 409, "no-price")


async def test_stock_is_shown_by_warehouse(world: World) -> None:
    stock = (await world.call("GET", "/v1/stock/MUG")).json()
    assert stock == {
        "sku": "MUG",
        "on_hand": 15,
        "reserved": 2,
        "available": 13,
        "warehouses": [
            {"warehouse": "BER", "on_hand": 12, "reserved": 2, "available": 10},
            {"warehouse": "LYS", "on_hand": 3, "reserved": 0, "available": 3},
        ],
    }
    assert (await world.call("GET", "/v1/stock")).json() == {"items": [stock], "next_cursor": None}
    problem(await world.call("GET", "/v1/stock/TEA"), 404, "stock-not-found")
    problem(await world.call("GET", "/v1/stock/%01"), 404, "product-not-found")


async def test_stock_is_adjusted(world: World) -> None:
    body = {"quantity": -3, "reason": "broken", "warehouse": "LYS"}
    response = await do(world, "POST", "/v1/stock/MUG/adjustments", body)
    assert response.status_code == 201
    assert positions.decode(response.json()["position"]) == Committed("stock/LYS/MUG", 7)
    given = world.gateway.calls[0][1]
    assert (given["change"], given["reason"], given["warehouse"]) == (-3, "broken", "LYS")


@pytest.mark.parametrize("quantity", [10**7, -(10**7), 10**300])
async def test_an_adjustment_has_bounds(world: World, quantity: int) -> None:
    body = {"quantity": quantity, "reason": "r"}
    problem(await do(world, "POST", "/v1/stock/MUG/adjustments", body), 422, "invalid-quantity")


async def test_an_adjustment_that_would_oversell(world: World) -> None:
    world.gateway.fails = NotAllowed("2 are available", code="insufficient-stock", details={"available": 2})
    body = {"quantity": -3, "reason": "r"}
    assert (
        problem(await do(world, "POST", "/v1/stock/MUG/adjustments", body), 409, "insufficient-stock")["available"]
        == 2
    )
