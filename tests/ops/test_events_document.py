"""`docs/events.md` and `docs/asyncapi.json` say what the code does, and their examples fit their schemas."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from messaging.routing import ROUTES
from ops.bootstrap import codec
from ops.docs.events import Message, asyncapi, files, incoming, outgoing

DOCUMENT = asyncapi()


@pytest.mark.parametrize(("path", "text"), files().items(), ids=lambda given: getattr(given, "name", ""))
def test_the_files_are_what_the_code_makes(path: Path, text: str) -> None:
    assert path.read_text() == text, "run: .venv/bin/python -m ops.docs.events"


@pytest.mark.parametrize("message", outgoing(), ids=lambda message: message.name)
def test_an_outgoing_example_is_an_event(message: Message) -> None:
    assert message.version
    event = codec().decode(message.name, message.version, json.dumps(message.example))
    assert type(event).__name__ == message.name


@pytest.mark.parametrize("message", incoming(), ids=lambda message: message.name)
def test_an_incoming_example_is_taken(message: Message) -> None:
    route = next(route for route in ROUTES if route.name == message.name)
    route.data.model_validate_json(json.dumps(message.example))


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_each_example_fits_its_schema(name: str) -> None:
    message = DOCUMENT["components"]["messages"][name]
    schema = {**message["payload"], "components": DOCUMENT["components"]}
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(message["examples"][0]["payload"])


def test_every_reference_leads_somewhere_and_every_message_has_a_channel() -> None:
    def references(value: Any) -> Any:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if "$ref" in value else [])
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    listed = {name for channel in DOCUMENT["channels"].values() for name in channel["messages"]}
    assert listed == set(DOCUMENT["components"]["messages"])
    assert DOCUMENT["asyncapi"].startswith("3.")
    assert set(DOCUMENT["operations"]) == set(DOCUMENT["channels"])
    assert {operation["action"] for operation in DOCUMENT["operations"].values()} == {"send", "receive"}
