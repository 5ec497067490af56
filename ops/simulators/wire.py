"""How the simulators answer, and the ways in which they can be told not to."""

import asyncio
from collections.abc import Callable
from typing import Annotated, cast
from uuid import UUID

import asyncpg
import orjson
import structlog
from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ops.simulators.books import Books

DROP = "waybill.drop"
SLOW_SECONDS = 2.0
PAGE_LIMIT = 500

log = structlog.get_logger("waybill.simulators")

IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
]


class DroppableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with one ASGI extension: close this connection now, with no answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"abort": self.transport.abort}}


class Dropped(Response):
    """No answer at all: the socket is closed under the caller."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        abort = cast("Callable[[], None]", scope["extensions"][DROP]["abort"])
        abort()
        await _until_gone(receive)


class Silent(Response):
    """No answer either, but the caller is left waiting until it gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def json_answer(status: int, body: str | bytes) -> Response:
    return Response(body, status_code=status, media_type="application/json")


def refusal(status: int, code: str, message: str) -> Response:
    """An answer that says no, in the simulators' one error shape."""
    return json_answer(status, orjson.dumps({"error": {"code": code, "message": message}}))


async def give(answer: asyncpg.Record | None) -> Response:
    """Give a row of (status, body, mode, seconds) as its mode says. The books were committed before this."""
    assert answer is not None
    mode: str | None = answer["mode"]
    if mode in ("refuse", "lost_answer"):
        return Dropped()
    if mode == "hang":
        return Silent()
    if mode == "slow":
        await asyncio.sleep(SLOW_SECONDS if answer["seconds"] is None else answer["seconds"])
    return json_answer(answer["status"], answer["body"])


class PageQuery(BaseModel):
    """A keyset page of the books. `cursor` is the `next_cursor` of the page before."""

    order_id: UUID | None = None
    idempotency_key: str | None = Field(None, max_length=255)
    cursor: int = Field(0, ge=0)
    limit: int = Field(100, ge=1, le=PAGE_LIMIT)


Page = Annotated[PageQuery, Query()]


def page_answer(rows: list[asyncpg.Record], limit: int) -> Response:
    """A page from rows of (seq, body), of which one more than `limit` was asked for."""
    shown = rows[:limit]
    next_cursor = str(shown[-1]["seq"]) if len(rows) > limit else None
    items = [orjson.Fragment(row["body"]) for row in shown]
    return json_answer(200, orjson.dumps({"items": items, "next_cursor": next_cursor}))


def _books(request: Request) -> Books:
    return cast("Books", request.app.state.books)


BooksOf = Annotated[Books, Depends(_books)]


async def _invalid(_: Request, error: Exception) -> Response:
    # Where and which rule, never the value: it may be a person's address.
    assert isinstance(error, RequestValidationError)
    faults = [f"{'.'.join(str(part) for part in item['loc'])}: {item['type']}" for item in error.errors()]
    return refusal(422, "invalid_request", "; ".join(faults))


async def _in_flight(_: Request, __: Exception) -> Response:
    return refusal(409, "in_flight", "Another call holds this key or payment; try again.")


async def _books_away(request: Request, error: Exception) -> Response:
    await log.awarning("books_unavailable", path=request.url.path, error=type(error).__name__)
    return refusal(503, "books_unavailable", "The books cannot be reached.")


def install_error_answers(app: FastAPI) -> None:
    """Map what goes wrong to answers. Anything not listed is a bug and becomes a bare 500."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(asyncpg.LockNotAvailableError, _in_flight)
    for away in (
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.OperatorInterventionError,
        OSError,
    ):
        app.add_exception_handler(away, _books_away)
