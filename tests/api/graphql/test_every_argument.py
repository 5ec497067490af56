"""Text that is malformed or too long, wherever the graph takes text: refused, and no fault of ours.

The places are found by walking the schema. Each is first given what is good there.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from graphql import build_schema
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from ops.docs.graphql import document
from tests.api.real_reads import world_on
from tests.api.world import BODY, World, problem, token
from tests.support.graph_inputs import FREE_FORM, Asked, Path, fields
from tests.support.samples import NUMBER, ORDER

MEGABYTE: Final = 1_000_000
DEEP: Final = '{"a":' * 5_000
NOT_SO_HERE: Final = frozenset({"draft-not-found", "line-not-short", "invalid-cursor", "invalid-position"})
"""What a place is answered in which what is good here is not known."""
GOOD: Final = {
    "UUID": str(ORDER),
    "String": "x",
    "ID": "c-1",
    "JSON": {"colour": "blue"},
    "Int": 1,
    "BigInt": 1,
    "Boolean": True,
    "DateTime": "2030-01-01T00:00:00Z",
    "number": NUMBER,
    "sku": "MUG",
    "instead": "TEA",
    "substitute": "TEA",
    "currency": "EUR",
    "country": "DE",
    "customerId": "c-1",
    "shippingMethod": "standard",
    "method": "sim_ok",
    "email": "ada@example.org",
    **dict.fromkeys(("amount", "minTotal", "maxTotal", "priceMin", "priceMax"), "1.00"),
}
NOTHING_GIVEN: Final = "changeDraft"
"""Takes nothing less than one member to change."""


@pytest.fixture(scope="module")
async def world(module_database: str) -> AsyncIterator[World]:
    engine = create_async_engine(make_url(module_database).set(drivername="postgresql+asyncpg"))
    made = await world_on(engine, max_body_bytes=5 * MEGABYTE)
    yield made
    await made.http.aclose()
    await engine.dispose()


@pytest.mark.timeout(300)  # as slow as the machine is busy
async def test_malformed_text(world: World, subtests: pytest.Subtests) -> None:
    tried = 0
    headers = {"idempotency-key": "a-draft"}
    draft = await world.call("POST", "/v1/drafts", role="admin", subject="tests", json=BODY, headers=headers)
    for asked in fields(build_schema(document()), {**GOOD, "draftId": draft.json()["draft_id"]}):
        for path, kind in asked.places():
            with subtests.test(f"{asked}: {path}"):
                for value in malformed(kind):
                    variables = asked.holding(asked.variables(), path, value)
                    refused(asked, path, await send(world, asked, variables))
                tried += 1
    assert tried > 150


async def test_each_is_taken_where_the_text_is_good(world: World, subtests: pytest.Subtests) -> None:
    for asked in fields(build_schema(document()), GOOD):
        with subtests.test(str(asked)):
            answer = await send(world, asked, asked.variables())
            assert "errors" not in answer.json(), answer.text
            refusal = answer.json()["data"][asked.name]
            assert isinstance(refusal, list) or known(refusal) or asked.name == NOTHING_GIVEN, answer.text


def known(refusal: dict[str, Any] | None) -> bool:
    code = (refusal or {}).get("type", "").rpartition("/")[2]
    return not code or code in NOT_SO_HERE


@pytest.mark.parametrize("content", [DEEP, '{"query": ' + DEEP, '{"query": "\\ud800"}', '{"query": NaN}', "[[[["])
async def test_what_is_no_json(world: World, content: str) -> None:
    headers = {**token("admin"), "content-type": "application/json"}
    problem(await world.http.post("/graphql", content=content, headers=headers), 400, "malformed-json")


async def test_an_argument_in_the_text_of_the_query(world: World) -> None:
    for text in ('"a\\u0000b"', '"a\\uD800b"', '"""' + "x" * 2_001 + '"""'):
        content = json.dumps({"query": f"{{ customer(id: {text}) {{ id }} }}"})
        headers = {**token("admin"), "content-type": "application/json"}
        answer = await world.http.post("/graphql", content=content, headers=headers)
        assert (answer.status_code, answer.json()["data"]) in ((200, {"customer": None}), (200, None)), answer.text
        assert answer.json()["errors"][0].get("extensions", {}).get("status", 400) < 500


def malformed(kind: str) -> Iterator[Any]:
    for text in ("a\0b", "a\ud800b", "x" * MEGABYTE):
        yield {text: "x"} if kind == FREE_FORM else text
        if kind == FREE_FORM:
            yield {"colour": text}
            yield {"colour": {"deep": {"deeper": "x"}}}


async def send(world: World, asked: Asked, variables: dict[str, Any]) -> httpx.Response:
    if variables.get("idempotencyKey") == "x":
        variables["idempotencyKey"] = uuid4().hex
    content = json.dumps({"query": asked.document, "variables": variables}).encode()
    headers = {**token("admin", "tests"), "content-type": "application/json"}
    return await world.http.post("/graphql", content=content, headers=headers)


def refused(asked: Asked, path: Path, answer: httpx.Response) -> None:
    """As a whole, as an error that names its status, or as a type of the answer."""
    if answer.status_code == 400:
        problem(answer, 400, "malformed-json")
        return
    document = answer.json()
    if errors := document.get("errors"):
        assert "path" not in errors[0] or 400 <= errors[0]["extensions"]["status"] < 500, errors
        return
    refusal = document["data"][asked.name]
    assert refusal["status"] // 100 == 4, f"{path}: {answer.text[:300]}"
    assert refusal["type"].rpartition("/")[2] != "draft-not-found", f"{path} was not looked at"
