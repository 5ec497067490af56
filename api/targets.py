"""What a request's path and query must be before anything reads them."""

from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem_response

MAX_TARGET: Final = 16_384
"""Bytes of path and query: twice what a server must take (RFC 9110, 4.1), as cursors and filters are long."""


class WellFormedTarget:
    """Refuses a target that is too long, or whose percent-encoding is not UTF-8 or hides a NUL.

    Servers decode such bytes to U+FFFD, so that other text than the caller sent would be looked for; a NUL gets as
    far as the database, which takes none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: bytes = scope.get("raw_path") or b""
            query: bytes = scope["query_string"]
            if len(path) + len(query) > MAX_TARGET:
                detail = f"at most {MAX_TARGET} bytes of path and query are accepted"
                await problem_response({**scope, "path": "/…"}, "target-too-long", detail)(scope, receive, send)
                return
            if b"%" in path or b"%" in query:
                for name, part in (("path", path), ("query", query)):
                    if wrong := _wrong(part):
                        await problem_response(scope, "malformed-request", f"the {name} {wrong}")(
                            scope, receive, send
                        )
                        return
        await self._app(scope, receive, send)


def _wrong(part: bytes) -> str | None:
    decoded = unquote_to_bytes(part)
    if b"\0" in decoded:
        return "holds a NUL (%00)"
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return "is not percent-encoded UTF-8"
    return None
