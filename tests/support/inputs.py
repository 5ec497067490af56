"""What an OpenAPI document takes: every operation as a request that is good, and each place in it that takes text.

A request is filled in from the document itself; what a place is called says what is good there.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

Pointer = tuple[str | int, ...]
GOOD_KEY: Final = "a-good-key"
KEY: Final = "a key"
"""In a pointer: any key of a free-form object."""


@dataclass(frozen=True)
class Place:
    """Somewhere in a request that takes text, or JSON: `part` is path, query, header or body."""

    part: str
    pointer: Pointer
    schema: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the value is called: the last name on the way to it."""
        return next(str(step) for step in reversed(self.pointer) if isinstance(step, str) and step != KEY)

    def __str__(self) -> str:
        return f"{self.part} {'/'.join(map(str, self.pointer))}"


@dataclass(frozen=True)
class Asked:
    """A request that can be sent: `body` is None without one."""

    method: str
    path: str
    parts: dict[str, dict[str, Any]]
    body: Any = None
    media_type: str = "application/json"

    @property
    def target(self) -> str:
        """The path, and the query; lone surrogates as whoever knows no better encodes them."""
        path = self.path
        for name, value in self.parts["path"].items():
            path = path.replace("{" + name + "}", quote(str(value), safe="", errors="surrogatepass"))
        query = urlencode(self.parts["query"], doseq=True, errors="surrogatepass", quote_via=quote)
        return f"{path}?{query}" if query else path

    @property
    def content(self) -> bytes:
        """The body, with every character beyond ASCII escaped."""
        return b"" if self.body is None else json.dumps(self.body).encode()

    def holding(self, place: Place, value: Any) -> "Asked":
        """The same with this value there."""
        if place.part != "body":
            parts = deepcopy(self.parts)
            (name, *inner) = place.pointer
            parts[place.part][str(name)] = [value] if inner else value
            return replace(self, parts=parts)
        whole = {"": deepcopy(self.body)}
        _put(whole, ("", *place.pointer), value)
        return replace(self, body=whole[""])


def _put(holder: Any, pointer: Pointer, value: Any) -> None:
    step, *rest = pointer
    if not rest:
        holder[step] = value
    elif rest == [KEY] and isinstance(value, str):
        holder[step] = {value: "x"}
    else:
        _put(holder[step], tuple(rest), value)


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    given: Mapping[str, Any]
    schemas: Mapping[str, Any] = field(repr=False)
    good: Callable[[str], Any] = field(repr=False)
    """What to put where something of this name is asked for; None to go by the schema."""

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def problems(self, status: int) -> set[str]:
        """The types of problem that are documented with a status."""
        response = self.given["responses"].get(str(status), {})
        examples = response.get("content", {}).get("application/problem+json", {}).get("examples", {})
        return set(examples)

    def asked(self) -> Asked:
        """The least that is a good request."""
        parts: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        for each in self.given.get("parameters", ()):
            if each["in"] == "path" or each.get("required"):
                parts[each["in"]][each["name"]] = self._sample(each["schema"], each["name"])
        if "idempotency-key" in {each["name"] for each in self.given.get("parameters", ())}:
            parts["header"]["idempotency-key"] = GOOD_KEY
        media_type, content = self._content()
        return Asked(self.method, self.path, parts, self._body(content), media_type)

    def texts(self) -> Iterator[Place]:
        """Every place that takes text."""
        return (place for place in self._places() if place.schema.get("type") == "string")

    def structures(self) -> Iterator[Place]:
        """Every place of the body that takes an object or a list, and the whole."""
        return (place for place in self._places() if place.part == "body" and place.schema["type"] != "string")

    def with_room_for(self, asked: Asked, place: Place) -> Asked:
        """The request with everything on the way to a place of its body."""
        if place.part != "body":
            return asked
        _, content = self._content()
        whole = {"": deepcopy(asked.body)}
        self._make_way(whole, "", content.get("schema", content.get("itemSchema", {})), place.pointer)
        return replace(asked, body=whole[""])

    def _make_way(self, holder: Any, step: Any, schema: Mapping[str, Any], pointer: Pointer) -> None:
        schema = self._resolved(schema)
        if not holder[step]:
            holder[step] = self._sample(schema, str(step)) or {}
        if not pointer:
            return
        first, *rest = pointer
        if first == KEY:
            return
        inner = schema["items"] if first == 0 else schema["properties"][first]
        if rest:
            if first == 0 and not holder[step]:
                holder[step] = [None]
            elif first != 0:
                holder[step].setdefault(first, None)
            self._make_way(holder[step], first, inner, tuple(rest))
        elif first == 0 and not holder[step]:
            holder[step] = [None]

    def _content(self) -> tuple[str, Mapping[str, Any]]:
        contents = self.given.get("requestBody", {}).get("content", {})
        return next(iter(contents.items()), ("application/json", {}))

    def _body(self, content: Mapping[str, Any]) -> Any:
        schema = content.get("schema", content.get("itemSchema"))
        return None if schema is None else self._sample(schema, "body")

    def _places(self) -> Iterator[Place]:
        for each in self.given.get("parameters", ()):
            for pointer, schema in self._walked(each["schema"], (each["name"],)):
                yield Place(each["in"], pointer, schema)
        _, content = self._content()
        for pointer, schema in self._walked(content.get("schema", content.get("itemSchema", {})), ()):
            yield Place("body", pointer, schema)

    def _walked(self, schema: Mapping[str, Any], at: Pointer) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
        schema = self._resolved(schema)
        kind = schema.get("type")
        if kind in ("string", "object", "array"):
            yield at, schema
        for name, member in schema.get("properties", {}).items():
            yield from self._walked(member, (*at, name))
        if kind == "array":
            yield from self._walked(schema["items"], (*at, 0))
        free = schema.get("additionalProperties")
        if isinstance(free, Mapping):
            yield (*at, KEY), {"type": "string"}

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without references, and of what may be null the other."""
        if "$ref" in schema:
            return self._resolved(self.schemas[schema["$ref"].rpartition("/")[2]])
        for either in schema.get("anyOf", ()):
            if either.get("type") != "null":
                return self._resolved(either)
        return schema

    def _sample(self, schema: Mapping[str, Any], name: str) -> Any:
        schema = self._resolved(schema)
        match schema.get("type"):
            case "object" if examples := schema.get("examples"):
                return deepcopy(examples[0])
            case "object":
                members = schema.get("properties", {})
                return {each: self._sample(members[each], each) for each in schema.get("required", ())}
            case "array":
                return [self._sample(schema["items"], name)]
            case _ if (known := self.good(name)) is not None:
                return known
            case _ if "enum" in schema:
                return schema["enum"][0]
            case "integer":
                return 1
            case "boolean":
                return True
            case _:
                return "x"


def operations(document: Mapping[str, Any], good: Callable[[str], Any]) -> list[Operation]:
    """All of the document's."""
    schemas = document["components"]["schemas"]
    return [
        Operation(method, path, given, schemas, good)
        for path, methods in document["paths"].items()
        for method, given in methods.items()
    ]
