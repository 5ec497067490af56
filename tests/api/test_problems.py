"""What is wrong with a request before anything looks at what it asks for, and faults that are ours."""

import ast
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from api.errors import CATALOGUE, problem_type
from domain.errors import DomainError, InvalidValue, NotAllowed, NotFound
from tests.api.world import BODY, RULES, World, problem, token
from tests.support import samples

JSON = {"Content-Type": "application/json"}
ROOT = Path(__file__).parents[2]


async def send(world: World, content: bytes | AsyncIterator[bytes], **headers: str) -> Any:
    given = {**JSON, "Idempotency-Key": "k", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return await world.call("POST", "/v1/orders", content=content, headers=given)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b"[" * 5000,
        b'{"a":' * 3000,
        b"1" * 5000,
        b"{} {}",
        b"'a'",
    ],
)
async def test_what_is_not_json(world: World, content: bytes) -> None:
    problem(await send(world, content), 400, "malformed-json")


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'"text"', b"1e999", b"{}", b'{"\\u0000/~": 1}'])
async def test_json_that_is_no_order(world: World, content: bytes) -> None:
    document = problem(await send(world, content), 422, "invalid-request")
    assert all(error["detail"] for error in document["errors"])


async def test_what_is_wrong_is_said_in_plain_words_where_it_is(world: World) -> None:
    body = {**BODY, "lines": [{"sku": "MUG", "quantity": "two"}], "curency": "EUR", "pa/id": 1, "currency": None}
    errors = problem(await world.place(body), 422, "invalid-request")["errors"]
    assert sorted((error["pointer"], error["detail"]) for error in errors) == [
        ("#/curency", "is not a member of this document"),
        ("#/currency", "must be text"),
        ("#/lines/0/quantity", "must be a whole number"),
        ("#/pa~1id", "is not a member of this document"),
    ]


async def test_a_body_that_says_it_is_too_large(world: World) -> None:
    document = problem(await send(world, b" " * (RULES.max_body_bytes + 1)), 413, "body-too-large")
    assert str(RULES.max_body_bytes) in document["detail"]
    problem(await send(world, b"{}", Content_Length="9" * 30), 413, "body-too-large")


async def test_a_chunked_body_is_not_read_to_its_end(world: World) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1000

    problem(await send(world, chunks()), 413, "body-too-large")
    problem(await world.call("POST", "/v1/webhooks/carriers/simulated", content=chunks()), 413, "body-too-large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application", "", "json"])
async def test_a_body_of_another_kind(world: World, kind: str) -> None:
    problem(await send(world, b"{}", Content_Type=kind), 415, "unsupported-media-type")


async def test_json_by_other_names(world: World) -> None:
    for kind in ("Application/JSON; charset=utf-8", "application/vnd.waybill+json"):
        problem(await send(world, b"{}", Content_Type=kind), 422, "invalid-request")


@pytest.mark.parametrize("path", ["/v1", "/v1/order", "/v1/orders/", "/v1/%C3%BF%01", "/v1/orders/a/b/c"])
async def test_a_path_that_nothing_serves(world: World, path: str) -> None:
    problem(await world.call("GET", path), 404, "route-not-found")


async def test_a_method_that_is_not_taken_names_all_that_are(world: World) -> None:
    for path, allow in (
        ("/v1/orders", "GET, POST"),
        (f"/v1/orders/{samples.ORDER}", "GET"),
        ("/v1/products/MUG/price", "PUT"),
        ("/openapi.json", "GET, HEAD"),
    ):
        response = await world.call("DELETE", path)
        problem(response, 405, "method-not-allowed")
        assert ", ".join(sorted(response.headers["allow"].split(", "))) == allow


async def test_a_fault_tells_nothing_of_the_inside(world: World) -> None:
    world.queries.fails = RuntimeError("password=hunter2")
    with capture_logs([structlog.contextvars.merge_contextvars]) as logged:
        response = await world.call("GET", f"/v1/orders/{samples.ORDER}", headers={"X-Request-Id": "r-1"})
    assert [(line["event"], line["request_id"]) for line in logged] == [("request failed", "r-1")]
    problem(response, 500, "internal-error")
    assert "hunter2" not in response.text
    assert response.headers["x-request-id"] == "r-1"


async def test_a_refusal_that_is_a_fault_tells_nothing_either(world: World) -> None:
    world.gateway.fails = NotAllowed("stack trace here", code="command-failed", details={"where": "inside"})
    response = await world.place()
    problem(response, 500, "command-failed")
    assert "here" not in response.text
    assert "inside" not in response.text


async def test_a_database_that_cannot_be_reached(world: World) -> None:
    world.queries.fails = ConnectionRefusedError("10.0.0.7")
    response = await world.call("GET", f"/v1/orders/{samples.ORDER}")
    problem(response, 503, "unavailable")
    assert "10.0.0.7" not in response.text


async def test_every_answer_has_a_request_id(world: World) -> None:
    assert len((await world.call("GET", "/livez")).headers["x-request-id"]) == 32
    given = await world.call("GET", "/nowhere", headers={"X-Request-Id": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    for bad in (b"a b", b"x" * 200, b"a\xff"):
        answered = await world.call("GET", "/livez", headers={"X-Request-Id": bad})
        assert len(answered.headers["x-request-id"]) == 32


# The catalogue


def codes(package: str) -> set[str]:
    """Every code that a refusal of the package is raised with, and those of the kinds of refusals."""
    found = {kind.code for kind in (DomainError, InvalidValue, NotAllowed, NotFound)}
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
    return found


@pytest.mark.parametrize("package", ["domain", "activities", "workflows", "readmodels"])
def test_every_refusal_has_a_problem_type(package: str) -> None:
    assert not codes(package) - set(CATALOGUE)


def test_a_code_that_is_not_listed_has_the_status_of_its_kind() -> None:
    kinds = {InvalidValue: 422, NotAllowed: 409, NotFound: 404, DomainError: 422}
    assert {kind: problem_type(kind("m", code="brand-new")).status for kind in kinds} == kinds


# Whatever is sent

TEXT = st.text(max_size=20) | st.sampled_from(["EUR", "MUG", "\0", "\u202e", "😀" * 9, "A" * 5000, "-", "é"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.just(10**400)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
BODIES = VALUES | st.fixed_dictionaries(
    {
        "customer_id": st.just("c-1") | TEXT,
        "currency": st.sampled_from(["EUR", "JPY"]) | VALUES,
        "lines": st.lists(
            st.fixed_dictionaries(
                {"sku": st.sampled_from(["MUG", "TEA"]) | VALUES, "quantity": st.integers() | VALUES}
            )
            | VALUES,
            max_size=5,
        )
        | VALUES,
        "shipping_address": st.fixed_dictionaries(
            dict.fromkeys(("name", "line1", "city", "postal_code"), TEXT | VALUES)
            | {"country": st.just("DE") | TEXT}
        )
        | VALUES,
        "payment": st.just({"method": "sim_ok"}) | VALUES,
    },
    optional={"email": st.just("a@example.org") | VALUES, "on_unavailable": VALUES, "extra": VALUES},
)


def as_json(value: Any) -> bytes:
    """As lax a writer as there are: NaN, lone surrogates and all."""
    return json.dumps(value).encode()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=BODIES.map(as_json) | st.binary(max_size=60), key=st.binary(max_size=20))
async def test_no_body_is_a_fault_of_ours(world: World, content: bytes, key: bytes) -> None:
    headers: Any = {**token("customer"), **JSON, "Idempotency-Key": key}
    response = await world.http.post("/v1/orders", content=content, headers=headers)
    assert response.status_code < 500, response.text
    if not response.is_success:
        assert response.headers["content-type"] == "application/problem+json"
