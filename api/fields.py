"""`fields`: answers that hold only the members asked for."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel

from domain.errors import InvalidValue

Fields = Annotated[
    str | None,
    Query(max_length=500, description="Members to answer with, `order_id,status`; all of them by default"),
]


def chosen(fields: str | None, of: type[BaseModel]) -> frozenset[str] | None:
    """The members that were asked for; None is all of them. Raises InvalidValue (`invalid-fields`)."""
    if fields is None:
        return None
    names = frozenset(name.strip() for name in fields.split(","))
    known = of.model_fields.keys()
    if unknown := sorted(names - known):
        raise InvalidValue(f"{unknown[0][:50]!r} is not one of {', '.join(sorted(known))}", code="invalid-fields")
    return names


def sparse_page(page: BaseModel, names: frozenset[str] | None) -> Response:
    """A page whose items have these members only."""
    return _json(page, {"items": {"__all__": set(names)}, "next_cursor": True} if names is not None else None)


def sparse(model: BaseModel, names: frozenset[str], **headers: str) -> Response:
    """As `representations.answer`, with these members only."""
    return _json(model, set(names), **headers)


def _json(model: BaseModel, include: Any, **headers: str) -> Response:
    named: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(model.model_dump_json(include=include), 200, named, "application/json")
