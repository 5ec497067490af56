"""Events as stored bytes and back: a registry of event classes and the codec that uses it.

An event class is a frozen dataclass. It is stored under a type name and a schema version as JSON, as pydantic
writes and validates it (and msgspec where it does the same, several times as fast: `eventstore.fast_json`). Older
schema versions pass through the upcasters first (`eventstore.upcasting`).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from eventstore.fast_json import FastJson, fast_json
from eventstore.store import StoreError
from eventstore.upcasting import Upcasters

MAX_PAYLOAD = 262_144


class CodecError(StoreError):
    """An event cannot be stored, or stored data cannot be read as an event. `stream_id` is set by an append."""

    stream_id: str | None = None

    def in_stream(self, stream_id: str) -> Self:
        """The same error, naming the stream whose event it was."""
        self.stream_id = stream_id
        self.args = (f"append to stream {stream_id}: {self}",)
        return self


class UnknownEventType(CodecError):
    """No class is registered for this event, or none for this type name and schema version."""


class PayloadTooLarge(CodecError):
    """An event's JSON is longer than the limit."""

    def __init__(self, name: str, size: int, limit: int) -> None:
        super().__init__(f"{name} takes {size} bytes, at most {limit} are stored")
        self.size, self.limit = size, limit


class InvalidEvent(CodecError):
    """The event's values do not fit its class, or the stored JSON does not."""


class Encoded(NamedTuple):
    """An event as the store keeps it. `data` is JSON without NUL."""

    type: str
    schema_version: int
    data: str


@dataclass(frozen=True, slots=True)
class EventType:
    """A registered class: its stored name, its present schema version, its validator; `fast` where it has one."""

    cls: type
    name: str
    version: int
    adapter: TypeAdapter[Any]
    fast: FastJson | None


class EventTypes:
    """Which class is stored under which name. Filled once at start, read ever after."""

    def __init__(self) -> None:
        self._by_class: dict[type, EventType] = {}
        self._by_name: dict[str, EventType] = {}

    def register(self, cls: type, *, name: str | None = None, version: int = 1) -> type:
        """Register a dataclass under its stored name (by default the class's own) and present schema version.

        Raises:
            ValueError: not a dataclass, or the class or name is taken: a mistake in the code.
        """
        name = name or cls.__name__
        if not is_dataclass(cls):
            raise ValueError(f"{cls.__qualname__} is not a dataclass")
        if cls in self._by_class or name in self._by_name:
            raise ValueError(f"event type {name} is registered twice")
        if version < 1:
            raise ValueError(f"schema versions of {name} start at 1")
        entry = EventType(cls, name, version, TypeAdapter(cls), fast_json(cls))
        self._by_class[cls] = self._by_name[name] = entry
        return cls

    def of(self, event: object) -> EventType:
        """Raises UnknownEventType."""
        try:
            return self._by_class[type(event)]
        except KeyError:
            raise UnknownEventType(f"{type(event).__qualname__} is not a registered event") from None

    def named(self, name: str) -> EventType:
        """Raises UnknownEventType."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownEventType(f"no event is registered as {name}") from None

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._by_name.values())


class Codec:
    """Encodes and decodes events.

    Args:
        types: Every event class this process knows.
        upcasters: Steps from older schema versions; checked here to reach each present version without a gap.
        limit: Longest payload in bytes.
    """

    def __init__(self, types: EventTypes, upcasters: Upcasters | None = None, *, limit: int = MAX_PAYLOAD) -> None:
        self._types = types
        self._upcasters = upcasters or Upcasters()
        self._limit = limit
        self._upcasters.check({entry.name: entry.version for entry in types})

    def newest(self, type_name: str) -> int:
        """The present schema version of a type. Raises UnknownEventType."""
        return self._types.named(type_name).version

    def encode(self, event: object) -> Encoded:
        """Raises UnknownEventType, PayloadTooLarge, InvalidEvent (wrong types, NUL, lone surrogates)."""
        entry = self._types.of(event)
        data = entry.fast.write(event) if entry.fast else None
        if data is None:
            data = _dump(entry, event)
        if len(data) > self._limit:
            raise PayloadTooLarge(entry.name, len(data), self._limit)
        if b"\\u0000" in data and _has_nul(json.loads(data)):
            raise InvalidEvent(f"{entry.name} holds a NUL character, which Postgres cannot keep in a text")
        return Encoded(entry.name, entry.version, data.decode())

    def decode(self, type_name: str, schema_version: int, data: str | bytes) -> object:
        """Give the event in its present shape.

        Raises:
            UnknownEventType: the name is not registered, or the data was written by a newer release.
            InvalidEvent: the data does not fit the class.
        """
        entry = self._types.named(type_name)
        if schema_version > entry.version:
            raise UnknownEventType(
                f"{type_name} of schema version {schema_version} is newer than the newest known here"
            )
        if entry.fast and schema_version == entry.version and (event := entry.fast.read(data)) is not None:
            return event
        try:
            if schema_version < entry.version:
                old = json.loads(data)
                data = json.dumps(self._upcasters.upcast(type_name, schema_version, entry.version, old))
            return entry.adapter.validate_json(data)
        except Exception as error:  # whatever a value object's own checks or an upcaster raise
            shown = f"{type_name} of schema version {schema_version}"
            raise InvalidEvent(f"{shown} cannot be read: {_brief(error)}") from error


def _dump(entry: EventType, event: object) -> bytes:
    try:
        return entry.adapter.dump_json(event, warnings="error")
    except (PydanticSerializationError, UnicodeError) as error:
        fields = ", ".join(re.findall(r"field_name='(\w+)'", str(error))) or type(error).__name__
        raise InvalidEvent(f"{entry.name} cannot be written: its values do not fit ({fields})") from None


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
        case _:
            return False


def _brief(error: Exception) -> str:
    """Name what is wrong without the values: they may be personal, and errors are logged."""
    if isinstance(error, ValidationError):
        items = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['type']}" for item in items)
    return type(error).__name__
