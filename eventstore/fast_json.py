"""JSON of event classes by msgspec, where it writes what pydantic writes.

pydantic stays the authority on what an event's JSON is: it takes over whatever msgspec refuses, and it alone
serves a class with a field of a type that the two spell differently (`bytes`, `timedelta`, `float`, sets, …).
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

ALIKE = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.StrType,
    inspect.UUIDType,
    inspect.DecimalType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.EnumType,
    inspect.LiteralType,
)

write_json: Callable[[object], bytes] = msgspec.json.Encoder().encode
"""Writes dataclasses several times as fast as pydantic, and alike if all in them is of `ALIKE`."""


class FastJson:
    """Writes and reads one event class. Get it from `fast_json`."""

    def __init__(self, cls: type) -> None:
        self._read: Callable[[str | bytes], object] = msgspec.json.Decoder(cls).decode

    def write(self, event: object) -> bytes | None:
        """The event's JSON, or None when it would not read back as the same event."""
        try:
            data = write_json(event)
            return data if self._read(data) == event else None
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
            return None

    def read(self, data: str | bytes) -> object | None:
        """The event, or None when the data does not fit its class."""
        try:
            return self._read(data)
        except Exception:  # also whatever a value object's own checks raise
            return None


def fast_json(cls: type) -> FastJson | None:
    """For a dataclass all of whose fields have one spelling; None for another."""
    try:
        alike = all(isinstance(each, ALIKE) for each in _leaves(inspect.type_info(cls), set()))
        return FastJson(cls) if alike else None
    except (TypeError, NotImplementedError):  # a type that msgspec does not know
        return None


def _leaves(info: Any, seen: set[type]) -> Iterator[Any]:
    """The types a value is made of, dataclasses and containers taken apart."""
    match info:
        case inspect.DataclassType():
            if info.cls not in seen:
                seen.add(info.cls)
                for field in info.fields:
                    yield from _leaves(field.type, seen)
        case inspect.UnionType():
            for each in info.types:
                yield from _leaves(each, seen)
        case inspect.VarTupleType() | inspect.ListType():
            yield from _leaves(info.item_type, seen)
        case inspect.TupleType():
            for each in info.item_types:
                yield from _leaves(each, seen)
        case inspect.DictType(key_type=inspect.StrType()):
            yield from _leaves(info.value_type, seen)
        case _:
            yield info
