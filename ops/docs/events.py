"""`docs/events.md` and `docs/asyncapi.json`, made from the code: `python -m ops.docs.events`.

Every event that goes out or comes in: its stream, its schema (JSON Schema, from the types), its version and an
example. A test fails when the files are not what this makes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from eventstore.codec import EventType
from eventstore.types import event_types
from messaging.envelopes import context_of
from messaging.inbound import INBOUND
from messaging.routing import ROUTES
from ops.bootstrap import EVENT_MODULES

DOCS: Final = Path(__file__).parents[2] / "docs"
UUID_EXAMPLE: Final = "0b6f5e2e-6b1c-5d3f-9a51-3f6b8f0f2a10"
TIME_EXAMPLE: Final = "2026-03-01T12:00:00Z"
REFERENCE: Final = "#/components/schemas/"
# What a field of this name holds, where its type alone would give a value that is none.
NAMED: Final[Mapping[str, Any]] = {
    "currency": "EUR",
    "minor": 1999,
    "country": "DE",
    "sku": "MUG-BLUE",
    "warehouse": "BER",
    "email": "ada@example.org",
    "shipment_id": "7K3M-9QXD-4WTE-BER",
    "step": "authorize#0",
    "reason": "as asked",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it is published. `version` is None where its publisher says none."""

    name: str
    type: str
    stream: str
    summary: str
    version: int | None
    schema: Mapping[str, Any]
    schemas: Mapping[str, Any]
    example: Any


def outgoing() -> list[Message]:
    """What the relay publishes, in the order of contexts and of each context's events."""
    return [_outgoing(entry) for entry in event_types(*EVENT_MODULES)]


def _outgoing(entry: EventType) -> Message:
    schema, schemas = _schema(entry.cls)
    context = context_of(entry.cls)
    summary = (getdoc(entry.cls) or "").partition("\n\n")[0].replace("\n", " ")
    return Message(
        name=entry.name,
        type=f"waybill.{context}.{entry.name}",
        stream=f"waybill.{context}",
        summary="" if summary.startswith(f"{entry.name}(") else summary,
        version=entry.version,
        schema=schema,
        schemas=schemas,
        example=example(schema, schemas),
    )


def incoming() -> list[Message]:
    """What the subscriber takes."""
    found = []
    for route in ROUTES:
        schema, schemas = _schema(route.data)
        summary = f"{(getdoc(route.data) or '').partition(chr(10))[0]} Becomes {route.command}."
        stream = INBOUND + route.name.partition(".")[0]
        found.append(Message(route.name, route.name, stream, summary, None, schema, schemas, dict(route.example)))
    return found


def _schema(kind: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    schema = TypeAdapter(kind).json_schema(ref_template=REFERENCE + "{model}")
    return schema, schema.pop("$defs", {})


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """A value that fits."""
    if reference := schema.get("$ref"):
        return example(schemas[reference.removeprefix(REFERENCE)], schemas, name)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return example(choices[0], schemas, name)
    if "enum" in schema or "const" in schema:
        return schema.get("const") or schema["enum"][0]
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {field: example(part, schemas, field) for field, part in fields.items()}
        case "array":
            return [example(part, schemas, name) for part in schema.get("prefixItems", [schema.get("items", {})])]
        case "integer" | "number":
            return NAMED.get(name, 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(schema, name)


def _text(schema: Mapping[str, Any], name: str) -> str:
    formats = {"uuid": UUID_EXAMPLE, "date-time": TIME_EXAMPLE}
    return formats.get(schema.get("format", "")) or str(NAMED.get(name, name or "text"))


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document."""
    out, coming = outgoing(), incoming()
    channels: dict[str, Any] = {}
    for message in (*out, *coming):
        channel = channels.setdefault(message.stream, {"address": message.stream, "messages": {}})
        channel["messages"][message.name] = {"$ref": f"#/components/messages/{message.name}"}
    sending = {message.stream for message in out}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Waybill",
            "version": "1",
            "description": "CloudEvents 1.0 on Redis Streams: an entry has a field per attribute, and `data`.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            stream: {
                "action": "send" if stream in sending else "receive",
                "channel": {"$ref": f"#/channels/{stream}"},
            }
            for stream in channels
        },
        "components": {
            "messages": {message.name: _message(message) for message in (*out, *coming)},
            "schemas": {name: part for message in (*out, *coming) for name, part in message.schemas.items()},
        },
    }


def _message(message: Message) -> dict[str, Any]:
    version = {} if message.version is None else {"x-schema-version": message.version}
    return {
        "name": message.type,
        "title": message.name,
        **({"summary": message.summary} if message.summary else {}),
        "contentType": "application/json",
        **version,
        "payload": message.schema,
        "examples": [{"payload": message.example}],
    }


HEAD: Final = """\
# Events between services

Made by `python -m ops.docs.events`; a test fails when it is not true any more. The same as an AsyncAPI 3 document,
with every schema: [asyncapi.json](asyncapi.json).

All are [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) on Redis Streams. An
entry has a field for each attribute, and `data`, which is JSON.

## Going out

The relay publishes the log, an event to the stream of its context, in the order of the log and at least once. `id`
is the event's own, `subject` the stream it stands in, `sequence` its version there, `position` its place in the
log, and `dataschema` ends with its schema version. Consume with a group, and remember ids for
`WAYBILL_INBOX_DAYS`. Personal fields come sealed (`sealed:1:…`, [privacy.md](privacy.md)): ask the API for them,
and drop what you keep of a customer when `CustomerErased` comes.
"""
COMING: Final = """
## Coming in

Publish with `XADD waybill.inbound.{context} * specversion 1.0 id … source … type … data …`. `source` and `id`
together name an event: published twice, it has one effect. Events about one thing (a product, an order) have
theirs in the order they were published. What cannot be handled is a dead letter, with the reason: see
[operations.md](operations.md).
"""


def page() -> str:
    return "\n".join([HEAD, *_table(outgoing()), COMING, *_table(incoming())]) + "\n"


def _table(messages: Sequence[Message]) -> Iterator[str]:
    yield "| type | stream | version | what it says | example of `data` |"
    yield "|---|---|---|---|---|"
    for each in messages:
        shown = json.dumps(each.example, ensure_ascii=False).replace("|", "\\|")
        summary = each.summary.replace("|", "\\|")
        yield f"| `{each.type}` | `{each.stream}` | {each.version or ''} | {summary} | `{shown}` |"


def files() -> Mapping[Path, str]:
    """Each file and what belongs into it."""
    return {
        DOCS / "events.md": page(),
        DOCS / "asyncapi.json": json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
