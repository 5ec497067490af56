"""Input that is made to hurt gets a 4xx that says why; any script that people write in is held as it was given."""

import json
from copy import deepcopy
from typing import Any

import pytest

from tests.api.world import BODY, World, problem
from tests.support.samples import ORDER

JSON = {"Content-Type": "application/json"}
SCRIPTS = (
    "Žofie Łącka",
    "李小龍",
    "محمد عبد الله",
    "עדה לאבלייס",
    "Zoë 👩🏽‍💻 O’Brien",
    "अनन्या शर्मा",
    "Z͑ͫ̓ͪ̂ͫ̽͏a̴l̶g̷o",
)
HOSTILE = ("a\0b", "\ud800", "x" * 100_000, "a\x1bb")


def addressed(**changes: Any) -> dict[str, Any]:
    body = deepcopy(BODY)
    body["shipping_address"].update(changes)
    return body


@pytest.mark.parametrize("text", SCRIPTS)
async def test_names_addresses_and_notes_hold_any_script(world: World, text: str) -> None:
    response = await world.place(addressed(name=text, line1=text, city=text))
    assert response.status_code == 201, response.text
    address = world.gateway.calls[-1][1]["command"].shipping_address
    assert (address.name, address.line1, address.city) == (text, text, text)
    world.knows()
    noted = await world.call("POST", f"/v1/ops/orders/{ORDER}/notes", role="operator", json={"note": text})
    assert noted.is_success, noted.text
    assert world.gateway.calls[-1][1]["note"] == text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["name", "line1", "city", "postal_code"])
async def test_hostile_text_in_an_address(world: World, field: str, text: str) -> None:
    content = _lax(addressed(**{field: text}))
    response = await world.call(
        "POST", "/v1/orders", content=content, headers={**JSON, "Idempotency-Key": "hostile"}
    )
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert not world.gateway.calls


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_in_a_note(world: World, text: str) -> None:
    world.knows()
    response = await world.call(
        "POST", f"/v1/ops/orders/{ORDER}/notes", role="operator", content=_lax({"note": text}), headers=JSON
    )
    assert 400 <= response.status_code < 500, response.text
    assert not world.gateway.calls


@pytest.mark.parametrize("opening", ['{"a":', "["])
async def test_a_body_too_deep(world: World, opening: str) -> None:
    content = opening * 3000
    response = await world.call("POST", "/v1/orders", content=content, headers={**JSON, "Idempotency-Key": "deep"})
    problem(response, 400, "malformed-json")


@pytest.mark.parametrize("query", ["q=" + "x" * 5000, "customer_id=%00", "q=%ED%A0%80"])
async def test_hostile_filters(world: World, query: str) -> None:
    response = await world.call("GET", f"/v1/orders?{query}", role="admin")
    assert 400 <= response.status_code < 500, response.text


def _lax(value: Any) -> bytes:
    """As lax a writer as there are: lone surrogates are escaped, not refused."""
    return json.dumps(value).encode()
