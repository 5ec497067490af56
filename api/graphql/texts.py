"""What texts in arguments must be, wherever the graph takes one."""

import dataclasses
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.types.base import StrawberryObjectDefinition

from api.errors import Problem
from api.graphql.context import ApiInfo
from api.rest.texts import CONTROLS

MAX_TEXT: Final = 2_000
"""Characters of a text in an argument. Inputs that are REST's bodies have limits of their own."""


class PlainTexts(FieldExtension):
    """Refuses texts that hold control characters, or are too long for anything that they may stand for."""

    async def resolve_async(self, next_: AsyncExtensionResolver, source: Any, info: ApiInfo, **kwargs: Any) -> Any:
        for name, value in kwargs.items():
            for text in _texts(value):
                if len(text) > MAX_TEXT or CONTROLS.search(text):
                    said = f"at most {MAX_TEXT} characters without control characters are accepted"
                    wrong = {"location": [name], "detail": said}
                    raise Problem("invalid-request", f"{name}: {said}", errors=[wrong])
        return await next_(source, info, **kwargs)


def guard(definition: StrawberryObjectDefinition) -> None:
    """Have it judge all arguments of the type's fields."""
    for field in definition.fields:
        if field.base_resolver is not None and field.base_resolver.arguments:
            field.extensions.append(PlainTexts())


def _texts(value: Any) -> Iterator[str]:
    """Bodies have judged their texts by now, and can name the member that is wrong."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, BaseModel):
        yield from _texts([getattr(value, each.name) for each in dataclasses.fields(value)])
