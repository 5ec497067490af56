"""What is generated is what is committed; and the document it comes from is good enough for that."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from api.app import described
from api.openapi import schema_name
from ops.docs.client import PACKAGE, files, lenient
from ops.docs.client_methods import operations, python_type

DOCUMENT = described().openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]


def every_operation() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb} {path}", operation


OPERATIONS = dict(every_operation())


def test_the_committed_client_is_the_documents() -> None:
    for name, content in files().items():
        assert (PACKAGE / name).read_text() == content, f"{name} is not what the API says: run `make client`"


def test_no_two_operations_have_one_id() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]

    assert sorted(ids) == sorted(set(ids)), "name the routes' functions apart: they are the client's methods"


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    assert OPERATIONS[name].get("description"), "give the route's function a docstring"


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_examples_that_fit(name: str) -> None:
    operation = OPERATIONS[name]
    given = [("request", operation["requestBody"])] if "requestBody" in operation else []
    for place, carrier in [*given, *operation["responses"].items()]:
        for kind, content in carrier.get("content", {}).items():
            found = _examples(content)
            assert found, f"{place} ({kind}) has no example"
            for example in found if kind.endswith("json") and "schema" in content else ():
                jsonschema.validate(example, {**content["schema"], "components": DOCUMENT["components"]})


def _examples(content: dict[str, Any]) -> list[Any]:
    own = [content["example"]] if "example" in content else []
    own += [example["value"] for example in content.get("examples", {}).values()]
    schema = content.get("schema", {})
    references = [each.get("$ref", "").rpartition("/")[2] for each in (schema, *schema.get("anyOf", ()))]
    return own or [example for name in references for example in SCHEMAS.get(name, {}).get("examples", ())]


def test_models_are_named_as_callers_would() -> None:
    assert schema_name("OrderOut") == "Order"
    assert schema_name("PageOut_OrderSummaryOut_") == "OrderSummaryPage"
    assert schema_name("ListOut_EventOut_") == "EventList"
    assert schema_name("OrderBody") == "OrderBody"


def test_members_that_are_called_as_rules_are_stay() -> None:
    schema = {"type": "object", "title": "X", "properties": {"title": {"type": "string", "maxLength": 3}}}

    assert lenient(schema) == {"type": "object", "properties": {"title": {"type": "string"}}}


def test_a_type_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(ValueError, match="give this schema a name or a type"):
        python_type({"type": "object", "properties": {}})


def test_an_answer_that_is_no_json_must_say_what_its_items_are() -> None:
    answer = {"200": {"content": {"text/csv": {"schema": {"type": "string"}}}}}
    document = {"paths": {"/v1/x": {"get": {"operationId": "x", "summary": "X", "responses": answer}}}}

    with pytest.raises(ValueError, match="/v1/x: text/csv is neither JSON nor a stream"):
        operations(document)
