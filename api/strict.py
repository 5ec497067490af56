"""How bodies are read: JSON by content type, strictly, or a problem that says what was wrong."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json

from api.errors import Problem


def strict_json(body: bytes | str) -> Any:
    """Raises Problem (`malformed-json`)."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Problem("malformed-json", f"the body is not JSON: {error}") from None


class StrictRequest(Request):
    """Reads JSON as RFC 8259 has it: no NaN, no lone surrogates, bounded depth and digits."""

    async def json(self) -> Any:
        return strict_json(await self.body())


class StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def strict(request: Request) -> Response:
            if takes_body and _has_body(request) and not _is_json(request.headers.get("content-type", "")):
                raise Problem("unsupported-media-type", "Content-Type: application/json is accepted")
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def _is_json(content_type: str) -> bool:
    name = content_type.partition(";")[0].strip().lower()
    return name == "application/json" or (name.startswith("application/") and name.endswith("+json"))
