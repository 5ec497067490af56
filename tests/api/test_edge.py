"""What surrounds the operations: headers, other origins, compression, time limits, tokens where none belong."""

import asyncio
from typing import Any

import pytest

from api.app import create_app
from api.edge import TimeLimit
from tests.api.world import World, problem

SHOP = "https://shop.example"


async def test_every_answer_has_security_headers(world: World) -> None:
    for path in ("/v1/products", "/v1/orders/none", "/nowhere", "/docs"):
        headers = (await world.call("GET", path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert ("content-security-policy" in headers) == (path != "/docs")
        assert "strict-transport-security" not in headers
    secure = await world.http.get("https://waybill.test/v1/products")
    assert secure.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_long_answers_are_compressed(world: World, encoding: str) -> None:
    plain = await world.call("GET", "/openapi.json", headers={"Accept-Encoding": "identity"})
    packed = await world.call("GET", "/openapi.json", headers={"Accept-Encoding": encoding})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == encoding
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.json() == plain.json()
    short = await world.call("GET", "/livez", headers={"Accept-Encoding": encoding})
    assert "content-encoding" not in short.headers


@pytest.mark.parametrize("name", ["access_token", "token", "JWT", "Authorization"])
@pytest.mark.parametrize("path", ["/v1/orders", "/v1/products", "/graphql"])
async def test_a_token_in_the_query_string_is_refused(world: World, path: str, name: str) -> None:
    problem(await world.call("GET", f"{path}?{name}=secret", role=None), 400, "token-in-query")


async def test_only_named_origins_may_ask() -> None:
    world = World(create_app, cors_origins=frozenset({SHOP}))
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Idempotency-Key"}
    allowed = await world.http.options("/v1/orders", headers={"Origin": SHOP, **asks})
    assert allowed.headers["access-control-allow-origin"] == SHOP
    other = await world.http.options("/v1/orders", headers={"Origin": "https://evil.example", **asks})
    assert "access-control-allow-origin" not in other.headers
    read = await world.call("GET", "/v1/orders/none", headers={"Origin": SHOP})
    assert read.headers["access-control-allow-origin"] == SHOP
    assert "Waybill-Position" in read.headers["access-control-expose-headers"]
    await world.http.aclose()


async def test_a_request_that_takes_too_long_is_ended() -> None:
    world = World(create_app, request_timeout=0.05)

    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    world.queries.products = never  # type: ignore[assignment,method-assign]
    document = problem(await world.call("GET", "/v1/products"), 503, "request-timeout")
    assert "0.05 s" in document["detail"]
    await world.http.aclose()


async def test_a_stream_that_has_begun_is_not_bound() -> None:
    sent: list[Any] = []

    async def streaming(scope: Any, receive: Any, send: Any) -> None:
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/event-stream")],
        }
        await send(start)
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"late"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    await TimeLimit(streaming, 0.01)({"type": "http"}, receive, send)
    assert sent[-1]["body"] == b"late"
