"""The OpenAPI 3.1 document: what FastAPI makes of the code, with every operation's problems and an example."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import CATALOGUE, MEDIA_TYPE, PROBLEM_BASE, RETRY_AFTER

_MARK: Final = "x-problem-types"
_ALWAYS: Final = ("unavailable", "request-timeout", "internal-error")
_WITH_TOKEN: Final = (
    *("unauthenticated", "invalid-token", "forbidden", "identity-unavailable"),
    *("token-in-query", "too-many-requests"),
)
_WITH_INPUT: Final = ("invalid-request",)
_WITH_KEY: Final = ("invalid-idempotency-key",)
_WITH_BODY: Final = ("malformed-json", "body-too-large", "unsupported-media-type")

_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457 problem details. `type` is stable; some types add members.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body"},
                    "parameter": {"type": "string", "description": "Name of a parameter or header"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def problems(*codes: str, example: object = None) -> dict[str, Any]:
    """For a route's `openapi_extra`: the problem types it may answer with, and an example of its success."""
    unknown = [code for code in codes if code not in CATALOGUE]
    assert not unknown, unknown
    return {_MARK: {"codes": codes, "example": example}}


def install_openapi(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                )
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _complete(schema: dict[str, Any]) -> dict[str, Any]:
    schemas = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for operation in _operations(schema):
        marked = operation.pop(_MARK, {})  # the encoder drops members that are None
        responses = operation["responses"]
        responses.pop("422", None)
        if "example" in marked:
            _success(responses)["example"] = marked["example"]
        for code in _codes(operation, marked.get("codes", ())):
            _add(responses, code)
    return schema


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        yield from path.values()


def _success(responses: dict[str, Any]) -> dict[str, Any]:
    first = responses[min(responses)]
    contents: dict[str, dict[str, Any]] = first.setdefault("content", {})
    return contents.setdefault(next(iter(contents), "application/json"), {})


def _codes(operation: dict[str, Any], own: Iterable[str]) -> list[str]:
    codes = [*own, *_ALWAYS]
    if "security" in operation:
        codes += _WITH_TOKEN
    if "requestBody" in operation:
        codes += _WITH_BODY
    if "requestBody" in operation or "parameters" in operation:
        codes += _WITH_INPUT
    if any(parameter["name"] == "idempotency-key" for parameter in operation.get("parameters", ())):
        codes += _WITH_KEY
    return list(dict.fromkeys(codes))


def _add(responses: dict[str, Any], code: str) -> None:
    kind = CATALOGUE[code]
    response = responses.setdefault(str(kind.status), {"description": kind.title, "content": {}})
    if kind.retry:
        response["headers"] = {"Retry-After": {"schema": {"type": "string"}, "example": RETRY_AFTER}}
    content = response["content"].setdefault(MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}})
    content.setdefault("examples", {})[code] = {
        "summary": kind.title,
        "value": {
            "type": PROBLEM_BASE + code,
            "title": kind.title,
            "status": kind.status,
            "detail": kind.title + ".",
            "instance": "/v1/…",
        },
    }
