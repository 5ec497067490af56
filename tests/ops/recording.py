"""An API that notes what it is asked, and answers with an example: what the command line is tested against."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from ops.client import ApiClient

Answers = Mapping[str, Any]


class Recorder:
    """`answers`: a document by the end of a path, or of `POST /v1/…`; the longest end that fits counts.

    `creating`: ends of what is answered 201, in the same way.
    """

    def __init__(self, answers: Answers, creating: tuple[str, ...] = ("/place",)) -> None:
        self.answers = answers
        self.creating = creating
        self.asked: list[tuple[str, str, Any]] = []
        self.keys: list[str | None] = []

    def run(self, command: Callable[[ApiClient], Awaitable[None]], role: str = "operator") -> None:
        """In the place of `with_api`."""

        async def main() -> None:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self._answer)) as http:
                await command(ApiClient("http://waybill.test", http=http))

        asyncio.run(main())

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        given = json.loads(request.content) if request.content else dict(request.url.params)
        self.asked.append((request.method, path, given))
        self.keys.append(request.headers.get("idempotency-key"))
        asked = f"{request.method} {path}"
        end = max((each for each in self.answers if asked.endswith(each)), key=len)
        return httpx.Response(201 if asked.endswith(self.creating) else 200, json=self.answers[end])
