"""The client's operations, one method for each of the OpenAPI document's."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

HEAD: Final = '''"""Every operation of the API, as a method."""

from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from uuid import UUID

from waybill_client import models
from waybill_client.transport import Transport, segment


class Operations(Transport):
    """What the API takes, by operation id. What is None is not sent, and the server's default holds."""
'''
LEFT_OUT: Final = frozenset({"fields", "if-none-match", "last-event-id"})
"""Parameters that take members out of an answer, or the answer itself: a typed answer is whole."""
FROM_OUTSIDE: Final = "/v1/webhooks/"
"""Paths that gateways and carriers call, in forms of their own."""
WIDTH: Final = 107
JSON: Final = "application/json"
FORMATS: Final = {"uuid": "UUID | str", "date-time": "datetime", "date": "date"}
TYPES: Final = {"string": "str", "integer": "int", "boolean": "bool", "number": "float"}
PYTHON_WORDS: Final = frozenset({"from", "in", "is", "not"})


def operations(document: Mapping[str, Any]) -> str:
    """The module's code. A document that it cannot be made from raises ValueError."""
    known = [
        Operation(verb.upper(), path, given)
        for path, verbs in document["paths"].items()
        for verb, given in verbs.items()
        if not path.startswith(FROM_OUTSIDE)
    ]
    return HEAD + "".join(each.code() + each.as_it_comes() for each in known)


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation."""

    place: str
    name: str
    type: str
    description: str

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Parameter":
        return cls(given["in"], given["name"], python_type(given["schema"]), given.get("description", ""))

    @property
    def python(self) -> str:
        name = self.name.lower().replace("-", "_")
        return f"{name}_" if name in PYTHON_WORDS else name


@dataclass(frozen=True)
class Operation:
    """One operation of the document, which knows how it is written as a method."""

    verb: str
    path: str
    given: Mapping[str, Any]

    @property
    def parameters(self) -> list[Parameter]:
        return [Parameter.of(each) for each in self.given.get("parameters", ()) if each["name"] not in LEFT_OUT]

    def code(self) -> str:
        """The method; without `async` where it gives a stream."""
        item = self._item(self._successes().get("200", {}))
        if item:
            head, gives = "def", f"AsyncIterator[{item}]"
            lines = [f"return self._lines({self._arguments(item)})"]
        else:
            answers = {status: self._model(response) for status, response in self._successes().items()}
            head, gives = "async def", " | ".join(dict.fromkeys(str(kind) for kind in answers.values()))
            table = ", ".join(f"{status}: {kind}" for status, kind in answers.items())
            call = f"await self._call({self._arguments('{' + table + '}')})"
            lines = [call] if gives == "None" else [f"answer: {gives} = {call}", "return answer"]
        return "\n" + "".join(
            f"    {line}\n" if line else "\n"
            for line in (
                f"{head} {self.given['operationId']}({self._signature()}) -> {gives}:",
                *f'    """{self._documentation()}"""'.split("\n"),
                *(f"    {line}" for line in lines),
            )
        )

    def as_it_comes(self) -> str:
        """A second method where the answer may be neither JSON nor lines of it, such as CSV: its bytes."""
        content = self._successes().get("200", {}).get("content", {})
        others = [kind for kind, each in content.items() if kind != JSON and "itemSchema" not in each]
        if not others or not self._item({"content": content}):
            return ""
        name = f"{self.given['operationId']}_bytes"
        told = f"The same as it comes, whatever its form: {', '.join(others)} too."
        lines = (
            f"def {name}({self._signature()}) -> AsyncIterator[bytes]:",
            f'    """{told}"""',
            f'    return self._bytes("{self.verb}", {self._url()}{self._sent()})',
        )
        return "\n" + "".join(f"    {line}\n" for line in lines)

    def _arguments(self, answers: str) -> str:
        return f'"{self.verb}", {self._url()}, {answers}{self._sent()}'

    def _successes(self) -> dict[str, Any]:
        return {status: each for status, each in self.given["responses"].items() if status < "300"}

    def _signature(self) -> str:
        within = [each for each in self.parameters if each.place == "path"]
        within.sort(key=lambda each: self.path.index("{" + each.name + "}"))
        given = ["self", *(f"{each.python}: {each.type}" for each in within)]
        if kind := self._body():
            required = self.given["requestBody"].get("required", False)
            given.append(f"body: {kind}" if required else f"body: {kind} | None = None")
        if named := [f"{each.python}: {each.type} | None = None" for each in self._named()]:
            given += ["*", *named]
        return ", ".join(given)

    def _named(self) -> list[Parameter]:
        return [each for each in self.parameters if each.place in ("query", "header")]

    def _body(self) -> str | None:
        content = self.given.get("requestBody")
        if content is None:
            return None
        if item := self._item(content):
            return f"Iterable[{item}]"
        return self._model(content)

    def _url(self) -> str:
        filled = re.sub(r"{(\w+)}", lambda name: "{segment(" + name[1] + ")}", self.path)
        return f'f"{filled}"' if filled != self.path else f'"{self.path}"'

    def _sent(self) -> str:
        sent = ", body=body" if self._body() else ""
        for place, argument in (("query", "query"), ("header", "headers")):
            if members := [f'"{each.name}": {each.python}' for each in self._named() if each.place == place]:
                sent += f", {argument}={{{', '.join(members)}}}"
        return sent

    def _documentation(self) -> str:
        told = self.given.get("description") or self.given["summary"] + "."
        described = [
            textwrap.fill(f"`{each.python}`: {each.description}", WIDTH, subsequent_indent="    ")
            for each in self._named()
            if each.description
        ]
        text = told.strip() + ("\n\n" + "\n".join(described) if described else "")
        text = text.replace("\\", "\\\\").replace('"""', "'''")
        return textwrap.indent(text, "    ").strip() + ("\n    " if "\n" in text else "")

    def _model(self, carrier: Mapping[str, Any]) -> str | None:
        content = carrier.get("content")
        if not content:
            return None
        if JSON not in content:
            raise ValueError(f"{self.path}: {', '.join(content)} is neither JSON nor a stream with an itemSchema")
        return python_type(content[JSON]["schema"])

    def _item(self, carrier: Mapping[str, Any]) -> str | None:
        schemas = (each.get("itemSchema") for each in carrier.get("content", {}).values())
        return next((python_type(schema) for schema in schemas if schema), None)


def python_type(schema: Mapping[str, Any]) -> str:
    """The type of a parameter or a body. ValueError where it would be made up."""
    if "$ref" in schema:
        return "models." + str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_alternatives(schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list[{python_type(schema['items'])}]"
    try:
        return FORMATS.get(schema.get("format", "")) or TYPES[schema["type"]]
    except KeyError:
        raise ValueError(f"give this schema a name or a type: {dict(schema)}") from None


def _alternatives(schemas: list[Mapping[str, Any]]) -> Iterator[str]:
    """All but null: what is None is not sent."""
    yield from (python_type(schema) for schema in schemas if schema.get("type") != "null")
