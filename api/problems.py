"""Turning everything that ends a request early into one `application/problem+json` answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.auth import KeysUnavailable
from api.errors import (
    CATALOGUE,
    MEDIA_TYPE,
    RETRY_AFTER,
    Problem,
    ProblemType,
    document,
    problem_type,
    refusal_members,
)
from domain.errors import DomainError
from workflows.errors import CommandTimeout, CommandUnavailable

log = structlog.get_logger(__name__)

_MOST_ERRORS: Final = 20

_WORDS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not a member of this document",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "int_parsing": "must be a whole number",
    "string_unicode": "must be well-formed Unicode",
}


def problem_response(
    scope: Scope,
    code: str,
    detail: str,
    *,
    kind: ProblemType | None = None,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """The answer for one problem. `kind` is needed only for a code that the catalogue does not list."""
    given = kind or CATALOGUE[code]
    content = document(code, given, detail, quote(str(scope["path"])), members or {})
    retry = {"Retry-After": RETRY_AFTER} if given.retry else {}
    return Response(
        orjson.dumps(content, default=str),
        status_code=given.status,
        headers={**retry, **(headers or {})},
        media_type=MEDIA_TYPE,
    )


async def _refused(request: Request, error: Exception) -> Response:
    refused = cast(DomainError, error)
    kind = problem_type(refused)
    if kind.status >= 500:
        log.error("command failed", code=refused.code, message=refused.message)
    members = refusal_members(refused)
    return problem_response(request.scope, refused.code, refused.message, kind=kind, members=members)


async def _timed_out(request: Request, error: Exception) -> Response:
    detail = "no answer came in time; the command may still take effect: repeat it with the same Idempotency-Key"
    return problem_response(request.scope, "outcome-unknown", detail)


async def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("unavailable", error=repr(error))
    detail = "something that Waybill depends on cannot be reached; repeat the request in a moment"
    return problem_response(request.scope, "unavailable", detail)


async def _keys_unavailable(request: Request, error: Exception) -> Response:
    log.warning("no keys of the issuer", error=repr(error.__cause__))
    return problem_response(request.scope, "identity-unavailable", str(error))


async def _http(request: Request, error: Exception) -> Response:
    failed = cast(HTTPException, error)
    if isinstance(failed, Problem):
        return problem_response(
            request.scope, failed.code, failed.detail, headers=failed.headers, members=failed.members
        )
    match failed.status_code:
        case 404:
            return problem_response(request.scope, "route-not-found", f"nothing is served at {request.url.path}")
        case 405:
            allow = ", ".join(_methods(request)) or (failed.headers or {}).get("Allow", "GET")
            detail = f"{request.method} is not taken here; {allow} is"
            return problem_response(request.scope, "method-not-allowed", detail, headers={"Allow": allow})
        case status if status >= 500:
            return problem_response(request.scope, "internal-error", "")
        case _:
            return problem_response(request.scope, "malformed-request", "the request's body cannot be read")


def _methods(request: Request) -> list[str]:
    """All methods of the path: the router itself names only those of the first route that has it."""
    matching = [route for route in request.app.state.routes if route.path_regex.match(request.scope["path"])]
    return sorted({method for route in matching for method in route.methods})


async def _invalid(request: Request, error: Exception) -> Response:
    errors = [explained(item) for item in cast(RequestValidationError, error).errors()[:_MOST_ERRORS]]
    where = errors[0].get("pointer") or errors[0].get("parameter")
    detail = f"{where}: {errors[0]['detail']}"
    return problem_response(request.scope, "invalid-request", detail, members={"errors": errors})


def explained(item: Mapping[str, Any]) -> dict[str, str]:
    place, *path = item["loc"]
    words = _WORDS.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")
    if place != "body":
        return {"parameter": _printable(".".join(map(str, path))), "detail": words}
    if not path and item["type"] == "missing":
        words = "a JSON body is required"
    return {"pointer": "#" + _pointer(path), "detail": words}


def _pointer(path: Sequence[object]) -> str:
    """RFC 6901: `~` and `/` inside a name are escaped."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "".join(f"/{_printable(part)}" for part in escaped)


def _printable(name: str) -> str:
    return name[:100].encode("utf-8", "replace").decode()


def install_problems(app: FastAPI, outages: Sequence[type[Exception]]) -> None:
    """`outages`: exceptions of drivers that mean that a server cannot be reached."""
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(CommandTimeout, _timed_out)
    app.add_exception_handler(KeysUnavailable, _keys_unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    unreachable: tuple[type[Exception], ...] = (CommandUnavailable, *outages)
    for outage in unreachable:
        app.add_exception_handler(outage, _unavailable)
