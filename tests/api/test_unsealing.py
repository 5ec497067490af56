"""Sealed text is opened in whatever leaves the API: whole answers, streams and WebSocket messages."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.unsealing import Unsealing
from domain.identifiers import Address
from eventstore.vault import Vault
from tests.support.memory_keys import MemoryKeys

ADDRESS = Address('Ada "A"', "Unter den Linden 1", "Berlin", "10117", "DE")


async def sent(vault: Vault, kind: str, messages: Sequence[Message]) -> list[Any]:
    """What a client gets when an application sends these."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    got: list[Any] = []

    async def send(message: Message) -> None:
        got.append(message)

    state = SimpleNamespace(state=SimpleNamespace(dependencies=SimpleNamespace(vault=vault)))
    await Unsealing(app)({"type": kind, "app": state}, receive, send)
    return got


def start(length: int | None = None) -> Message:
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def body(text: str, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": text.encode(), "more_body": more}


@pytest.fixture
def vault() -> Vault:
    return Vault(MemoryKeys())


async def test_a_whole_answer_has_the_length_of_what_was_opened(vault: Vault) -> None:
    sealed = f'{{"city": "{(await vault.seal("c-1", ADDRESS)).city}"}}'

    first, answer = await sent(vault, "http", [start(len(sealed)), body(sealed)])

    assert answer["body"] == b'{"city": "Berlin"}'
    assert first["headers"] == [(b"content-length", b"18")]


async def test_a_stream_begins_at_once_and_each_of_its_parts_is_opened(vault: Vault) -> None:
    address = await vault.seal("c-1", ADDRESS)
    parts = [body(": hello", more=True), body(f'data: {{"city": "{address.city}"}}', more=True)]
    parts += [body(f'data: {{"name": "{address.name}"}}', more=True), body("")]

    got = await sent(vault, "http", [start(), *parts])

    opened = [b": hello", b'data: {"city": "Berlin"}', b'data: {"name": "Ada \\"A\\""}', b""]
    assert got[0]["headers"] == []
    assert [message["body"] for message in got[1:]] == opened


async def test_a_web_sockets_messages_are_opened(vault: Vault) -> None:
    city = (await vault.seal("c-1", ADDRESS)).city
    messages: list[Message] = [
        {"type": "websocket.accept"},
        {"type": "websocket.send", "text": f'{{"city": "{city}"}}'},
        {"type": "websocket.send", "bytes": b"raw"},
    ]

    got = await sent(vault, "websocket", messages)

    assert got == [messages[0], {"type": "websocket.send", "text": '{"city": "Berlin"}'}, messages[2]]
