"""Making types of the graph out of REST's documents and bodies, with everything that they are made of."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

import strawberry
from pydantic import BaseModel
from strawberry import pydantic


def documents(*models: type[BaseModel]) -> None:
    """Register what the models' members are made of, not the models: `MoneyOut` becomes the type Money."""
    for model in models:
        for part in _parts(model):
            documents(part)
            if not _known(part):
                pydantic.type(part, name=part.__name__.removesuffix("Out"))


def bodies(*models: type[BaseModel]) -> None:
    """Register the models and what their members are made of: `OrderBody` becomes the input OrderInput."""
    for model in models:
        bodies(*_parts(model))
        if not _known(model):
            pydantic.input(model, name=model.__name__.removesuffix("Body") + "Input")


def _parts(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Models among the members; enumerations are registered on the way, for they are the same either way."""
    parts = []
    for field in model.model_fields.values():
        for part in _flat(field.annotation):
            if issubclass(part, BaseModel):
                parts.append(part)
            elif issubclass(part, Enum) and not _known(part):
                strawberry.enum(part)
    return parts


def _flat(annotation: Any) -> Iterator[type]:
    for argument in get_args(annotation):
        yield from _flat(argument)
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation


def _known(cls: type) -> bool:
    return "__strawberry_definition__" in vars(cls)
