"""Products over HTTP: what is sent on, what is refused, who is shown what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.catalog.decide import ProductChange
from domain.catalog.events import AttributeKind, ProductImage
from domain.catalog.model import ProductStatus
from domain.catalog.prices import ScheduledPrice
from domain.catalog.taxonomy import Given
from domain.errors import NotAllowed
from domain.money import Money
from readmodels.catalogue_views import PriceChange, PriceChangeKind
from tests.api.world import World, problem, product
from tests.support import samples

EURO = {"amount": "9.90", "currency": "EUR"}
IMAGE = {"url": "https://images.example.org/mug.webp", "alt": "A mug"}


async def do(world: World, method: str, path: str, json: Any = None, **headers: str) -> Any:
    given = {"Idempotency-Key": "k", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await world.call(method, path, role="operator", json=json, headers=given)


async def test_a_product_is_changed_in_part(world: World) -> None:
    body: dict[str, Any] = {
        "name": "Blue mug",
        "description": "Stoneware.\nIt is blue.",
        "categories": ["mugs"],
        "attributes": {"colour": "blue", "volume": 0.33, "pieces": 2, "safe": True, "old": None},
        "images": [IMAGE],
    }
    response = await do(world, "PATCH", "/v1/products/MUG", body, If_Match='"4"')
    assert (response.status_code, response.headers["etag"]) == (200, '"7"')
    ((name, given),) = world.gateway.calls
    attributes: dict[str, Given | None] = {
        "colour": "blue",
        "volume": Decimal("0.33"),
        "pieces": Decimal(2),
        "safe": True,
        "old": None,
    }
    assert (name, given["expected_version"], given["dry_run"]) == ("change_product", 4, False)
    assert given["change"] == ProductChange(
        "Blue mug", body["description"], ("mugs",), attributes, (ProductImage(**IMAGE),)
    )
    await do(world, "PATCH", "/v1/products/MUG?dry_run=true", {})
    assert (world.gateway.calls[1][1]["change"], world.gateway.calls[1][1]["dry_run"]) == (ProductChange(), True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": ""}, "invalid-request"),
        ({"nmae": "x"}, "invalid-request"),
        ({"description": "a\0"}, "invalid-request"),
        ({"description": "x" * 10_001}, "invalid-request"),
        ({"attributes": {"a": [1]}}, "invalid-request"),
        ({"attributes": {"a": 10**15}}, "invalid-attribute"),
        ({"attributes": {"a" * 65: 1}}, "invalid-request"),
        ({"categories": ["x"] * 21}, "invalid-request"),
        ({"images": [{"url": "https://a.example/", "alt": 1}]}, "invalid-request"),
    ],
)
async def test_a_change_that_is_none(world: World, body: Any, code: str) -> None:
    problem(await do(world, "PATCH", "/v1/products/MUG", body), 422, code)
    assert not world.gateway.calls


async def test_another_version_is_told(world: World) -> None:
    world.gateway.fails = NotAllowed("at 9", code="version-mismatch", details={"version": 9})
    refused = problem(await do(world, "PATCH", "/v1/products/MUG", {}, If_Match='"4"'), 412, "version-mismatch")
    assert refused["version"] == 9
    problem(await do(world, "POST", "/v1/products/MUG/publish", If_Match='"x"'), 412, "version-mismatch")


async def test_a_price_is_scheduled_and_ended(world: World) -> None:
    body = {"price": EURO, "valid_from": "2030-01-01T01:00:00+01:00", "end_overlapping": True}
    response = await do(world, "POST", "/v1/products/MUG/prices", body)
    assert (response.status_code, response.json()["price_id"]) == (201, "price-1")
    given = world.gateway.calls[0][1]
    assert (given["price"], given["valid_until"], given["end_overlapping"]) == (Money(990, "EUR"), None, True)
    assert given["valid_from"] == datetime(2030, 1, 1, tzinfo=UTC)
    assert given["at"].tzinfo is UTC
    assert (await do(world, "POST", "/v1/products/MUG/prices/price-1/end")).status_code == 200
    until = {"valid_until": "2030-01-01T00:00:00Z"}
    assert (await do(world, "POST", "/v1/products/MUG/prices/price-1/end", until)).status_code == 200
    ended = [call["valid_until"] for name, call in world.gateway.calls if name == "end_price"]
    assert ended == [None, datetime(2030, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_from": "2030-01-01T00:00:00"}, "invalid-request"),
        ({"valid_from": "0001-01-01T00:00:00+14:00"}, "invalid-request"),
        ({"valid_until": "9999-12-31T23:59:59-14:00"}, "invalid-request"),
        ({"end_overlapping": "yes"}, "invalid-request"),
        ({"price": {"amount": "1", "currency": "GBP"}}, "unknown-currency"),
        ({"price": {"amount": "1.999", "currency": "EUR"}}, "invalid-amount"),
    ],
)
async def test_a_scheduled_price_that_is_none(world: World, changes: Any, code: str) -> None:
    problem(await do(world, "POST", "/v1/products/MUG/prices", {"price": EURO, **changes}), 422, code)
    assert not world.gateway.calls


async def test_an_overlap_says_what_is_in_the_way(world: World) -> None:
    details = {"price_id": "p", "valid_from": "2030-01-01T00:00:00+00:00", "valid_until": None}
    world.gateway.fails = NotAllowed("there is one", code="price-overlap", details=details)
    refused = problem(await do(world, "POST", "/v1/products/MUG/prices", {"price": EURO}), 409, "price-overlap")
    assert {name: refused[name] for name in details} == details


async def test_prices_to_come_are_for_those_who_write_them(world: World) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    sale = ScheduledPrice("s", Money(500, "EUR"), now - hour, now + hour)
    later = ScheduledPrice("l", Money(400, "EUR"), now + hour, None)
    world.queries.catalogue["MUG"] = replace(product("MUG"), scheduled=(sale, later))
    public = (await world.call("GET", "/v1/products/MUG", role=None)).json()
    assert (public["price"], public["scheduled_prices"]) == ({"amount": "5.00", "currency": "EUR"}, None)
    shown = (await do(world, "GET", "/v1/products/MUG")).json()
    assert [each["price_id"] for each in shown["scheduled_prices"]] == ["s", "l"]


@pytest.mark.parametrize("status", [ProductStatus.DRAFT, ProductStatus.DISCONTINUED])
async def test_the_public_sees_what_is_published(world: World, status: ProductStatus) -> None:
    world.queries.catalogue["OLD"] = product("OLD", status)
    for role in (None, "customer", "service"):
        problem(await world.call("GET", "/v1/products/OLD", role=role), 404, "product-not-found")
        listed = await world.call("GET", "/v1/products", role=role, params={"status": status})
        assert listed.json()["items"] == []
    assert (await do(world, "GET", "/v1/products/OLD")).json()["status"] == status
    listed = await do(world, "GET", f"/v1/products?status={status}")
    assert [each["sku"] for each in listed.json()["items"]] == ["OLD"]


async def test_filters_are_handed_on(world: World) -> None:
    query = {
        "q": "blue mug",
        "category": "mugs",
        "attribute": ["colour:blue", "note:a:b"],
        "price_min": "1",
        "price_max": "9.99",
        "currency": "EUR",
        "in_stock": "true",
    }
    assert (await world.call("GET", "/v1/products", role=None, params=query)).status_code == 200
    wanted = world.queries.wanted
    assert wanted
    assert (wanted.q, wanted.category, wanted.attributes) == (
        "blue mug",
        "mugs",
        {"colour": "blue", "note": "a:b"},
    )
    assert (wanted.least_price, wanted.most_price, wanted.in_stock) == (100, 999, True)
    assert wanted.status is ProductStatus.PUBLISHED


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"attribute": "colour"}, "invalid-filter"),
        ({"price_min": "1"}, "invalid-filter"),
        ({"price_min": "x", "currency": "EUR"}, "invalid-amount"),
        ({"price_max": "1", "currency": "GBP"}, "unknown-currency"),
        ({"status": "sold"}, "invalid-request"),
        ({"fields": "price,cost"}, "invalid-fields"),
        ({"q": "x" * 201}, "invalid-request"),
    ],
)
async def test_a_filter_that_is_none(world: World, query: dict[str, str], code: str) -> None:
    problem(await world.call("GET", "/v1/products", role=None, params=query), 422, code)


async def test_only_the_members_asked_for(world: World) -> None:
    page = (await world.call("GET", "/v1/products?fields=sku,price", role=None)).json()
    assert page["items"][0] == {"sku": "MUG", "price": {"amount": "10.00", "currency": "EUR"}}
    one = await world.call("GET", "/v1/products/MUG?fields=sku", role=None)
    assert (one.json(), one.headers["etag"]) == ({"sku": "MUG"}, '"4"')


async def test_the_history_of_prices(world: World) -> None:
    at = samples.NOON
    set_ = PriceChange(1, PriceChangeKind.SET, "", Money(990, "EUR"), at, None, at, "operator:eve")
    end = PriceChange(2, PriceChangeKind.ENDED, "p", None, None, at, at, "operator:eve")
    world.queries.changes = [end, set_]
    items = (await do(world, "GET", "/v1/products/MUG/prices")).json()["items"]
    assert [(each["kind"], each["price_id"], each["price"]) for each in items] == [
        ("ended", "p", None),
        ("set", None, EURO),
    ]
    problem(await do(world, "GET", "/v1/products/NONE/prices"), 404, "product-not-found")


async def test_categories_and_attributes(world: World) -> None:
    categories = (await world.call("GET", "/v1/categories", role=None)).json()
    assert categories["items"] == [
        {"category": "mugs", "name": "Mugs", "parent": "kitchen", "path": ["kitchen", "mugs"]}
    ]
    attributes = (await world.call("GET", "/v1/attributes", role=None)).json()
    assert attributes["items"] == [
        {"attribute": "colour", "label": "Colour", "type": "choice", "choices": ["blue", "green"]}
    ]
    made = await do(world, "POST", "/v1/categories", {"category": "mugs", "name": "Mugs", "parent": "kitchen"})
    assert (made.status_code, made.json()["code"]) == (201, "mugs")
    await do(world, "PATCH", "/v1/categories/mugs", {"name": "Cups"})
    await do(world, "POST", "/v1/categories/mugs/move", {"parent": None})
    await do(world, "PUT", "/v1/attributes/colour", {"label": "Colour", "type": "choice", "choices": ["red"]})
    assert [name for name, _ in world.gateway.calls] == [
        *("create_category", "rename_category", "move_category", "define_attribute")
    ]
    defined = world.gateway.calls[-1][1]
    assert (defined["kind"], defined["choices"]) == (AttributeKind.CHOICE, ["red"])
    problem(await do(world, "POST", "/v1/categories/mugs/move", {}), 422, "invalid-request")


async def test_an_order_is_placed_at_the_price_that_counts(world: World) -> None:
    now, hour = datetime.now(UTC), timedelta(hours=1)
    over = ScheduledPrice("o", Money(100, "EUR"), now - 2 * hour, now - hour)
    sale = ScheduledPrice("s", Money(500, "EUR"), now - hour, None)
    world.queries.catalogue["MUG"] = replace(product("MUG"), scheduled=(over, sale))
    order = (await world.place()).json()
    assert [line["unit_price"]["amount"] for line in order["lines"]] == ["5.00", "10.00"]
