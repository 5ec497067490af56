"""What every answer carries, how long a request may take, and who else's pages may ask."""

import asyncio
from collections.abc import Mapping
from typing import Final, cast

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_compress import CompressMiddleware, remove_compress_type

from api.problems import problem_response
from api.rates import ANSWERED

STREAMED: Final = ("text/event-stream", "application/jsonl", "text/csv")
"""Media types that are sent as they come to be, for as long as it takes."""

HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NOTHING_LOADED: Final = "default-src 'none'; frame-ancestors 'none'"  # what is no page loads nothing
HSTS: Final = "max-age=31536000; includeSubDomains"

TAKEN_HEADERS: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"),
    *("Last-Event-ID", "X-Request-Id"),
)
SHOWN_HEADERS: Final = (
    *("ETag", "Location", "Waybill-Position", "X-Request-Id"),
    *("RateLimit", "RateLimit-Policy", "Retry-After"),
)


class AnswerHeaders:
    """Security headers, and what remains of the caller's rate."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if not headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Security-Policy"] = NOTHING_LOADED
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = HSTS
                headers.update(cast(Mapping[str, str], scope.get(ANSWERED, {})))
            await send(message)

        await self._app(scope, receive, answer)


class TimeLimit:
    """Ends a request that takes more than `seconds`, unless its answer is a stream that has begun."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = asyncio.timeout(self._seconds)
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if MutableHeaders(scope=message).get("content-type", "").startswith(STREAMED):
                    limit.reschedule(None)
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, answer)
        except TimeoutError:
            if begun or not limit.expired():
                raise
            detail = (
                f"no answer within {self._seconds:g} s; a command may still take effect: repeat it with its key"
            )
            await problem_response(scope, "request-timeout", detail)(scope, receive, send)


def install_edge(app: FastAPI, *, timeout: float, compress_from: int) -> None:
    app.add_middleware(TimeLimit, seconds=timeout)
    remove_compress_type("text/event-stream")  # many readers share one encoded event
    app.add_middleware(CompressMiddleware, minimum_size=compress_from, brotli=False)
    app.add_middleware(AnswerHeaders)


def install_cors(app: FastAPI, origins: frozenset[str]) -> None:
    """Outermost, so that pages can read problems as well. Without origins no page of another may ask."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=list(TAKEN_HEADERS),
            expose_headers=list(SHOWN_HEADERS),
            max_age=600,
        )
