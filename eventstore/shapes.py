"""The stored shape of a type: every field's path and what may stand there, as JSON shows it.

Two types of equal shape read each other's JSON. Golden files hold the shape of each released event, and a snapshot
carries a fingerprint of its state's.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

Shape = Mapping[str, str]
"""By path (`lines[].unit_price.minor`; the whole is `$`) the kinds a value may have, and `, or absent`."""

Schema = dict[str, Any]


def shape_of(kind: Any) -> Shape:
    """The shape of a dataclass, or of any type that pydantic can write. It must not contain itself."""
    schema = TypeAdapter(kind).json_schema(mode="validation")
    found: dict[str, set[str]] = {}
    for path, kinds in _fields(schema, "", schema.get("$defs", {}), absent=""):
        found.setdefault(path, set()).add(kinds)  # alternatives may have fields of one name
    return {path: " or ".join(sorted(kinds)) for path, kinds in sorted(found.items())}


def fingerprint(kind: Any, version: int) -> int:
    """A positive 31-bit number that changes with the shape of `kind`, and with `version`."""
    text = json.dumps([version, shape_of(kind)], sort_keys=True)
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1


def _fields(schema: Schema, path: str, defs: Schema, absent: str) -> Iterator[tuple[str, str]]:
    kinds: set[str] = set()
    for alternative in _alternatives(schema, defs):
        kinds.add(_kind(alternative))
        if items := alternative.get("items"):
            yield from _fields(items, f"{path}[]", defs, absent="")
        for nr, item in enumerate(alternative.get("prefixItems", ())):
            yield from _fields(item, f"{path}[{nr}]", defs, absent="")
        if isinstance(values := alternative.get("additionalProperties"), dict):
            yield from _fields(values, f"{path}{{}}", defs, absent="")
        required = alternative.get("required", ())
        for name, field in alternative.get("properties", {}).items():
            default = "" if name in required else f", or absent for {json.dumps(field.get('default'))}"
            yield from _fields(field, f"{path}.{name}" if path else name, defs, default)
    yield path or "$", " | ".join(sorted(kinds)) + absent


def _alternatives(schema: Schema, defs: Schema) -> Iterator[Schema]:
    if reference := schema.get("$ref"):
        yield from _alternatives(defs[reference.removeprefix("#/$defs/")], defs)
    elif choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        for choice in choices:
            yield from _alternatives(choice, defs)
    else:
        yield schema


def _kind(schema: Schema) -> str:
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"one of {', '.join(sorted(json.dumps(value) for value in values))}"
    kind: str = schema.get("type", "anything")
    described = [str(schema[name]) for name in ("format", "pattern") if name in schema]
    return f"{kind}({' '.join(described)})" if described else kind
