"""A client of the HTTP API, as the CLI and the demo use it: the same door as everyone's."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

UNKNOWN_ATTEMPTS = 10
"""Times a request is sent in all while the answer is 503."""


class ApiProblem(Exception):
    """The API refused, or cannot be reached; `str()` is what to tell a person."""


class OutcomeUnknown(ApiProblem):
    """503: not known, or not possible, for now. The same request under the same key is safe to repeat."""


class ApiClient:
    """JSON in and out; repeats what is answered 503. Use as an async context manager."""

    def __init__(self, base_url: str, token: str, *, timeout: float = 15.0) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=timeout, headers={"Authorization": f"Bearer {token}"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value is not None}
        return await self._call("GET", path, params=given)

    async def post(self, path: str, body: Mapping[str, object] | None = None, *, key: str | None = None) -> Any:
        return await self._call("POST", path, json=body or {}, headers={"Idempotency-Key": key or str(uuid4())})

    async def patch(self, path: str, body: Mapping[str, object], *, key: str | None = None) -> Any:
        return await self._call("PATCH", path, json=body, headers={"Idempotency-Key": key or str(uuid4())})

    async def put(self, path: str, body: Mapping[str, object], *, key: str | None = None) -> Any:
        return await self._call("PUT", path, json=body, headers={"Idempotency-Key": key or str(uuid4())})

    async def events(self, order_id: str) -> AsyncIterator[dict[str, Any]]:
        """The order's events as they come, until it has ended."""
        seen = 0
        while True:
            page = await self.get(f"/v1/orders/{order_id}/events", after=seen)
            for event in page["items"]:
                seen = event["version"]
                yield event
            if any(event["type"] in ("OrderCompleted", "OrderCancelled") for event in page["items"]):
                return
            await asyncio.sleep(0.15)

    @retry(
        retry=retry_if_exception_type(OutcomeUnknown),
        wait=wait_fixed(1),
        stop=stop_after_attempt(UNKNOWN_ATTEMPTS),
        reraise=True,
    )
    async def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            response = await self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ApiProblem(f"the API at {self._http.base_url} does not answer: {error!r}") from error
        if response.is_success:
            answer: dict[str, Any] = response.json() if response.content else {}
            return answer
        unknown = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        raise (OutcomeUnknown if unknown else ApiProblem)(_explain(response))


def _explain(response: httpx.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return f"{response.status_code}: {response.text[:200]}"
    lines = [f"{response.status_code} {problem.get('title')}: {problem.get('detail')}"]
    lines += [f"  {item.get('pointer')}: {item.get('detail')}" for item in problem.get("errors", [])]
    return "\n".join(lines)
