"""Sealed personal data is opened here, on the way out, and nowhere else in the API.

Whoever may see an order may see whom it goes to. What is inside carries sealed text, so that no read model, no
cache and no log of ours has anything to forget.
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit import noting
from api.dependencies import ApiDependencies

MARK: Final = b"sealed:1:"


class Unsealing:
    """Opens the sealed strings of JSON answers, event streams and WebSocket messages; or shows `erased`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        deps: ApiDependencies = scope["app"].state.dependencies
        start: Message | None = None

        async def opened(message: Message) -> None:
            nonlocal start
            if message["type"] == "websocket.send" and message.get("text"):
                noting().opened |= MARK.decode() in message["text"]
                await send({**message, "text": await deps.vault.open_json(message["text"])})
                return
            if message["type"] == "http.response.start":
                start = message  # kept until the length of the body is known
                return
            if message["type"] == "http.response.body" and MARK in message.get("body", b""):
                noting().opened = True
                body = (await deps.vault.open_json(message["body"].decode())).encode()
                message = {**message, "body": body}
                if start is not None and not message.get("more_body"):
                    MutableHeaders(scope=start)["content-length"] = str(len(body))
            if start is not None:
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, opened)
