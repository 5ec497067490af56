"""Text that is malformed, too long or too deep, wherever the OpenAPI document takes text: a documented 4xx.

The places are found by walking the document, so that a new one is tried as well. Each is first given what is good
there: what is refused afterwards is refused for the text, and for nothing else.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.targets import MAX_TARGET
from tests.api.fake_webhooks import HOOK
from tests.api.real_reads import world_on
from tests.api.world import BODY, World, problem, token
from tests.support.inputs import GOOD_KEY, Asked, Operation, Place, operations
from tests.support.samples import ORDER

MEGABYTE: Final = 1_000_000
LONG_PARAMETER: Final = 5_000
DEEP: Final = '{"a":' * 5_000
LESS_DEEP: Final = '{"a":' * 60 + "1" + "}" * 60
MARK: Final = "here it gets deep"
ENDLESS: Final = "/v1/stream"
BY_LINE: Final = "/v1/orders/import"
FREE: Final = frozenset(
    {"name", "line1", "line2", "city", "region", "postal_code", "reason", "note", "description", "label", "alt"}
)
"""What people write, in whatever script is theirs."""
ANY_SCRIPT: Final = "Zoë 👩🏽‍💻 O’Brien · עדה محمد · Z͑ͫ̓a̴ · a\u2028b · अनन्या · \U0001f9fe"
UNHEEDED: Final = frozenset({"if-none-match", "stripe-signature"})
"""Headers in which anything may stand: a tag that is none of ours matches nothing, a signature is wrong."""
NOT_SO_HERE: Final = frozenset({"line-not-short", "case-not-found", "bad-signature", "gateway-not-used"})
"""What good requests are answered where the world of these tests has no room for them."""
AS_ADMIN: Final[dict[str, Any]] = {"role": "admin", "subject": "tests"}
DRAFT: Final = {**BODY, "customer_id": "c-7"}
GOOD: Final = {
    "order_id": str(ORDER),
    "return_id": str(HOOK),
    "endpoint_id": str(HOOK),
    "customer_id": "c-1",
    "sku": "MUG",
    "carrier": "simulated",
    "letter_id": "1-0",
    "country": "DE",
    "currency": "EUR",
    "amount": "1.00",
    "min_total": "1.00",
    "event_types": "OrderConfirmed",
}


@pytest.fixture(scope="module")
async def world(module_database: str) -> AsyncIterator[World]:
    engine = create_async_engine(make_url(module_database).set(drivername="postgresql+asyncpg"))
    made = await world_on(engine, max_body_bytes=5 * MEGABYTE)
    yield made
    await made.http.aclose()
    await engine.dispose()


@pytest.mark.timeout(300)  # as slow as the machine is busy
async def test_malformed_text(world: World, subtests: pytest.Subtests) -> None:
    async for operation, base in asked(world):
        for place in operation.texts():
            if place.name in UNHEEDED:
                continue
            room = operation.with_room_for(base, place)
            good = await send(world, room)
            with subtests.test(f"{operation}: {place}"):
                assert good.is_success or problem_code(good) in NOT_SO_HERE, good.text
                for text in malformed(place):
                    refused(operation, await send(world, room.holding(place, text)), good)


@pytest.mark.timeout(300)
async def test_what_is_too_deep(world: World, subtests: pytest.Subtests) -> None:
    async for operation, base in asked(world):
        for place in operation.structures():
            room = operation.with_room_for(base, place)
            good = await send(world, room)
            with subtests.test(f"{operation}: {place}"):
                for text in (DEEP, LESS_DEEP):
                    content = room.holding(place, MARK).content.replace(f'"{MARK}"'.encode(), text.encode())
                    refused(operation, await send(world, room, content), good)


@pytest.mark.timeout(300)
async def test_any_script(world: World, subtests: pytest.Subtests) -> None:
    tried = set()
    async for operation, base in asked(world):
        for place in operation.texts():
            if place.part != "body" or place.name not in FREE:
                continue
            room = operation.with_room_for(base, place).holding(place, ANY_SCRIPT)
            with subtests.test(f"{operation}: {place}"):
                answer = await send(world, room)
                assert answer.is_success or problem_code(answer) in NOT_SO_HERE, answer.text
                assert not answer.is_success or ANY_SCRIPT in kept(world, answer)
                tried.add(place.name)
    assert tried == FREE


async def test_a_target_that_is_too_long(world: World) -> None:
    for target in (f"/v1/products/{'x' * MAX_TARGET}", f"/v1/orders?q={'x' * MAX_TARGET}"):
        problem(await world.call("GET", target, role="admin"), 414, "target-too-long")


@pytest.mark.parametrize("target", ["/v1/orders?q=%ED%A0%80", "/v1/orders?q=%FF", "/v1/products/%00"])
async def test_a_target_that_is_no_text(world: World, target: str) -> None:
    problem(await world.call("GET", target, role="admin"), 400, "malformed-request")


def malformed(place: Place) -> Iterator[str]:
    yield "a\0b"
    if place.part != "header":  # what is no text cannot stand there
        yield "a\ud800b"
    yield "x" * (MEGABYTE if place.part == "body" else LONG_PARAMETER)
    if most := place.schema.get("maxLength"):
        yield "x" * (most + 1)


def refused(operation: Operation, answer: httpx.Response, good: httpx.Response) -> None:
    if operation.path == BY_LINE and answer.is_success:  # of the line, and not of the request
        document = answer.json()["problem"]
        assert (answer.status_code, document["status"] // 100) == (200, 4), document
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert problem_code(answer) in operation.problems(answer.status_code)
    assert good.is_success is False or answer.content != good.content


def problem_code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


def kept(world: World, answer: httpx.Response) -> set[str]:
    """All texts that were answered, or given on."""
    shown = answer.json() if answer.headers.get("content-type") == "application/json" else None
    given_on = (world.gateway.calls[-1:], world.letters.settled, world.projections.asked, world.webhooks.known)
    return {*texts(shown), *texts(given_on), *texts(world.trail.kept)}


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from texts((*value.keys(), *value.values()))
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from texts(each)
        case _ if is_dataclass(value):
            yield from texts([getattr(value, each.name) for each in fields(value)])
        case _:
            pass


async def asked(world: World) -> AsyncIterator[tuple[Operation, Asked]]:
    """Each operation, with a draft and an export of its own, as some end them."""
    known: dict[str, Any] = dict(GOOD)
    for operation in operations(world.app.openapi(), known.get):
        if operation.path == ENDLESS:
            continue
        key = {"idempotency-key": uuid4().hex}
        for name, path, body in (("draft_id", "/v1/drafts", DRAFT), ("export_id", "/v1/exports", {})):
            if name in operation.path:
                made = await world.call("POST", path, **AS_ADMIN, json=body, headers=key)
                known[name] = made.json()[name]
        yield operation, operation.asked()


async def send(world: World, asked: Asked, content: bytes | None = None) -> httpx.Response:
    """Under a key of its own, for another body under the same one is refused for that."""
    headers = {**token("admin", "tests"), "content-type": asked.media_type, **asked.parts["header"]}
    if headers.get("idempotency-key") == GOOD_KEY:
        headers["idempotency-key"] = uuid4().hex
    body = asked.content if content is None else content
    return await world.http.request(asked.method, asked.target, content=body, headers=headers)
