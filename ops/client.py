"""The HTTP API as the CLI and the demo use it: the client everybody may have, repeating what is answered 503."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from waybill_client.client import WaybillClient
from waybill_client.errors import OutcomeUnknown, WaybillError

UNKNOWN_ATTEMPTS: Final = 10
"""Times a request is sent in all while the answer is 503."""

ApiProblem = WaybillError


class ApiClient(WaybillClient):
    """Every operation, typed; and `get`, `post`, `patch` and `put` for documents as they come."""

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The document at a path."""
        return await self._plain("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, object] | None = None, *, key: str | None = None) -> Any:
        """What a command answers."""
        return await self._plain("POST", path, json=body or {}, headers={"idempotency-key": key})

    async def patch(self, path: str, body: Mapping[str, object], *, key: str | None = None) -> Any:
        """What a change answers."""
        return await self._plain("PATCH", path, json=body, headers={"idempotency-key": key})

    async def put(self, path: str, body: Mapping[str, object], *, key: str | None = None) -> Any:
        """What a change answers."""
        return await self._plain("PUT", path, json=body, headers={"idempotency-key": key})

    async def _plain(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
        **sent: Any,
    ) -> dict[str, Any]:
        response = await self._send(self._request(method, path, query, headers) | sent)
        answer: dict[str, Any] = response.json() if response.content else {}
        return answer

    @retry(
        retry=retry_if_exception_type(OutcomeUnknown),
        wait=wait_fixed(1),
        stop=stop_after_attempt(UNKNOWN_ATTEMPTS),
        reraise=True,
    )
    async def _send(self, request: Mapping[str, Any]) -> httpx.Response:
        return await super()._send(request)
