"""Many orders at once, as JSON Lines: placed by `POST /v1/orders/import`, read by `GET /v1/orders/export`.

A line of an import is an order's body and its `key`, which is the order's Idempotency-Key: an import that broke
off is sent again whole, and what was placed stays as it is. Each line gets a result line, in the lines' order, as
soon as it and those before it are done.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from api.auth import Principal
from api.dependencies import ApiDependencies, Deps, MinPosition, Placing, Reading, check_key
from api.errors import Problem, document, problem_type, refusal_members
from api.openapi import items, problems
from api.problems import explained
from api.reading import catch_up
from api.rest import examples
from api.rest.bodies import ORDER_EXAMPLE, OrderBody
from api.rest.orders import Searching
from api.rest.place import place_once
from api.rest.representations import OrderSummaryOut
from domain.errors import DomainError
from readmodels import orders
from readmodels.views import OrderFilter, OrderSort
from workflows.errors import CommandTimeout, CommandUnavailable

router = APIRouter(prefix="/v1", tags=["orders"])

LINES: Final = "application/jsonl"
AT_ONCE: Final = 8  # orders of one import that are under way
MOST_LINES: Final = 1000
PAGE: Final = 500
IMPORT_PATH: Final = "/v1/orders/import"
_LINE: Final = {"key": "shop-4711", **ORDER_EXAMPLE}
_RESULT: Final = {"line": 1, "key": "shop-4711", "status": 201, "order_id": examples.ORDER_ID}


class ImportedOrderBody(OrderBody):
    """A line of an import: an order, and the Idempotency-Key that it is placed under."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINE]})

    key: str


class ImportResultOut(BaseModel):
    """What became of a line: with 201 the order, otherwise the problem that kept it from being placed."""

    line: int
    key: str | None
    status: int
    order_id: UUID | None = None
    order_number: str | None = None
    version: int | None = None
    position: str | None = None
    problem: dict[str, Any] | None = None


def _line(example: Any) -> str:
    return orjson.dumps(example, default=str).decode() + "\n"


@router.post(
    "/orders/import",
    response_class=StreamingResponse,
    responses={200: {"description": "A result a line", "content": items(LINES, ImportResultOut, _line(_RESULT))}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"At most {MOST_LINES} lines, each an order's body and its `key`",
            "content": items(LINES, ImportedOrderBody, _line(_LINE), "validation"),
        },
        **problems("invalid-lines"),
    },
)
async def import_orders(caller: Placing, deps: Deps, request: Request) -> StreamingResponse:
    """Place an order for each line. A line that is refused has its problem in its result, and stops no other."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != LINES:
        raise Problem("unsupported-media-type", f"Content-Type: {LINES} is accepted")
    lines = [line for line in (await request.body()).split(b"\n") if line.strip()]
    if not 1 <= len(lines) <= MOST_LINES:
        raise Problem("invalid-lines", f"an import has 1 to {MOST_LINES} lines, not {len(lines)}")
    return StreamingResponse(_results(deps, caller, lines), media_type=LINES)


async def _results(deps: ApiDependencies, caller: Principal, lines: list[bytes]) -> AsyncIterator[bytes]:
    room = asyncio.Semaphore(AT_ONCE)

    async def result(number: int, line: bytes) -> bytes:
        async with room:
            return orjson.dumps({"line": number, **await _placed(deps, caller, line)}, default=str) + b"\n"

    tasks = [asyncio.create_task(result(number, line)) for number, line in enumerate(lines, 1)]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()


async def _placed(deps: ApiDependencies, caller: Principal, line: bytes) -> dict[str, Any]:
    key: str | None = None
    unreachable: tuple[type[Exception], ...] = (CommandUnavailable, *deps.outages)
    try:
        given = _read(line)
        key = check_key(given.pop("key", None))
        if key is None:
            raise Problem("idempotency-key-required", "a line holds its `key`, the same when it is repeated")
        answer = await place_once(deps, caller, key, OrderBody.model_validate(given))
    except ValidationError as error:
        return _refused(key, "invalid-request", _first(error))
    except Problem as error:
        return _refused(key, error.code, str(error.detail))
    except DomainError as error:
        problem = document(error.code, problem_type(error), error.message, IMPORT_PATH, refusal_members(error))
        return {"key": key, "status": problem["status"], "problem": problem}
    except CommandTimeout:
        return _refused(key, "outcome-unknown", "no answer came in time; send the line again")
    except unreachable:
        return _refused(key, "unavailable", "something needed cannot be reached; send the line again")
    placed = orjson.loads(answer.body)
    shown = ("order_id", "order_number", "version", "position")
    return {"key": key, "status": 201, **{name: placed[name] for name in shown}}


def _read(line: bytes) -> dict[str, Any]:
    try:
        given = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise Problem("malformed-json", f"the line is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise Problem("invalid-request", "a line is a JSON object")
    if not isinstance(given.get("key", ""), str):
        raise Problem("invalid-idempotency-key", "`key` must be text")
    return given


def _first(error: ValidationError) -> str:
    item = error.errors(include_url=False, include_context=False)[0]
    told = explained({**item, "loc": ("body", *item["loc"])})
    return f"{told['pointer']}: {told['detail']}"


def _refused(key: str | None, code: str, detail: str) -> dict[str, Any]:
    from_catalogue = Problem(code, detail)
    problem = document(code, from_catalogue.kind, detail, IMPORT_PATH, {})
    return {"key": key, "status": from_catalogue.status_code, "problem": problem}


@router.get(
    "/orders/export",
    response_class=StreamingResponse,
    responses={
        200: {"description": "An order a line", "content": items(LINES, OrderSummaryOut, _line(examples.SUMMARY))}
    },
    openapi_extra=problems(
        *("invalid-filter", "invalid-amount", "unknown-currency", "invalid-position", "read-not-caught-up")
    ),
)
async def export_orders(
    caller: Reading,
    deps: Deps,
    search: Searching,
    min_position: MinPosition = None,
) -> StreamingResponse:
    """All orders that match, the oldest first, as lists show them. A customer gets its own.

    Each line is an order; one that ends early is gone on with by `placed_after` of the last line's time.
    """
    await catch_up(deps, orders.NAME, min_position)
    where = search.filter(caller)
    return StreamingResponse(_exported(deps, where), media_type=LINES)


async def _exported(deps: ApiDependencies, where: OrderFilter | None) -> AsyncIterator[bytes]:
    cursor: str | None = None
    while where is not None:
        page = await deps.queries.orders(where, limit=PAGE, cursor=cursor, sort=OrderSort.OLDEST)
        if page.items:
            yield b"".join(OrderSummaryOut.of(view).model_dump_json().encode() + b"\n" for view in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return
