"""The OpenAPI 3.1 document: what FastAPI makes of the code, with every operation's problems and an example."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from api.errors import CATALOGUE, MEDIA_TYPE, PROBLEM_BASE, RETRY_AFTER

_MARK: Final = "x-problem-types"
_DEFINITIONS: Final = "x-definitions"
_ALWAYS: Final = ("unavailable", "request-timeout", "internal-error")
_WITH_TOKEN: Final = (
    *("unauthenticated", "invalid-token", "forbidden", "identity-unavailable"),
    *("token-in-query", "too-many-requests"),
)
_WITH_INPUT: Final = ("invalid-request", "malformed-request")
_WITH_TARGET: Final = ("target-too-long",)
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
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/InvalidInput"}},
    },
}
_CODES: Final = "What stands behind the last slash of a problem's `type`. There will be more."
_INVALID_INPUT: Final[dict[str, Any]] = {
    "title": "InvalidInput",
    "description": "One thing that is wrong with a request: `pointer` or `parameter` says where.",
    "type": "object",
    "required": ["detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer into the body"},
        "parameter": {"type": "string", "description": "Name of a parameter or header"},
        "detail": {"type": "string"},
    },
}
_REFERENCE: Final = "#/components/schemas/"
_GENERIC: Final = re.compile(r"(List|Page)Out_(\w+?)_")


def problems(*codes: str, example: object = None) -> dict[str, Any]:
    """For a route's `openapi_extra`: the problem types it may answer with, and an example of its success."""
    unknown = [code for code in codes if code not in CATALOGUE]
    assert not unknown, unknown
    shown = {} if example is None else {"example": orjson.dumps(example, default=str).decode()}
    return {_MARK: {"codes": codes, **shown}}  # as text: FastAPI drops every member that is None


def items(
    media_type: str, model: type[BaseModel], example: str | None = None, mode: JsonSchemaMode = "serialization"
) -> dict[str, Any]:
    """For a route's `content`: a stream whose every line or event is one such document."""
    schema = model.model_json_schema(ref_template=_REFERENCE + "{model}", mode=mode)
    definitions = {**schema.pop("$defs", {}), model.__name__: schema}
    content = {"itemSchema": {"$ref": _REFERENCE + model.__name__}, _DEFINITIONS: definitions}
    return {media_type: content if example is None else {**content, "example": example}}


def operation_id(route: APIRoute) -> str:
    """The name of the route's function, which is the method's name in generated clients."""
    return route.name


def schema_name(python_name: str) -> str:
    """`OrderOut` is `Order` to callers, and `PageOut[OrderOut]` an `OrderPage`; bodies keep their names."""
    if generic := _GENERIC.fullmatch(python_name):
        return schema_name(generic[2]) + generic[1]
    return python_name.removesuffix("Out")


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
    schemas["InvalidInput"] = _INVALID_INPUT
    schemas["ProblemCode"] = {"type": "string", "enum": sorted(CATALOGUE), "description": _CODES}
    for operation in _operations(schema):
        for content in _contents(operation):
            for name, definition in content.pop(_DEFINITIONS, {}).items():
                schemas.setdefault(name, definition)
        marked = operation.pop(_MARK, {})
        responses = operation["responses"]
        responses.pop("422", None)
        if "example" in marked:
            _success(responses)["example"] = orjson.loads(marked["example"])
        for code in _codes(operation, marked.get("codes", ())):
            _add(responses, code)
    return _named_for_callers(schema)


def _named_for_callers(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema["components"]["schemas"]
    names = {name: schema_name(name) for name in components}
    twice = sorted(name for name in names.values() if list(names.values()).count(name) > 1 or "__" in name)
    assert not twice, f"two models would have the name {twice[0]} in the document: rename one"
    renamed: dict[str, Any] = _with_references(schema, names)
    renamed["components"]["schemas"] = {
        names[name]: {**each, "title": names[name]} for name, each in renamed["components"]["schemas"].items()
    }
    return renamed


def _with_references(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_with_references(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        return {**node, "$ref": _REFERENCE + names[reference.removeprefix(_REFERENCE)]}
    return {key: _with_references(value, names) for key, value in node.items()}


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in schema["paths"].values():
        yield from path.values()


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for carrier in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from carrier.get("content", {}).values()


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
    if "parameters" in operation:
        codes += _WITH_TARGET
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
