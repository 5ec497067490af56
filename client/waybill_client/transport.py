"""Requests and answers: what the generated operations are made of."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from waybill_client.errors import OutcomeUnknown, ProblemError, UnexpectedAnswer, Unreachable

M = TypeVar("M", bound=BaseModel)

TIMEOUT: Final = 15.0
KEY: Final = "idempotency-key"
PROBLEM: Final = "application/problem+json"


class Transport:
    """A connection to one Waybill, for one caller; an async context manager. Raises WaybillError.

    `token` is a bearer token; `http` an httpx client of the caller's own (its proxies, certificates, timeouts),
    which stays open.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = TIMEOUT,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._http = http or httpx.AsyncClient(timeout=timeout)
        self._owned = http is None
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owned:
            await self._http.aclose()

    async def _call(
        self,
        method: str,
        path: str,
        answers: Mapping[int, Any],
        *,
        body: BaseModel | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Any:
        """The document of the answer's status, a model or a union of models; None for a status that has none."""
        request = self._request(method, path, query, headers)
        if body is not None:
            request.update(content=_json(body), headers=request["headers"] | {"content-type": "application/json"})
        response = await self._send(request)
        if response.status_code not in answers:
            raise UnexpectedAnswer(f"{method} {path}: {response.status_code} is no documented answer")
        model = answers[response.status_code]
        return None if model is None else _read(_adapter(model), response.content)

    async def _lines(
        self,
        method: str,
        path: str,
        item: type[M],
        *,
        body: Iterable[BaseModel] | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> AsyncIterator[M]:
        """JSON Lines, or the data of server-sent events, as they come."""
        request = self._request(method, path, query, headers)
        if body is not None:
            lines = b"".join(_json(line) + b"\n" for line in body)
            request.update(content=lines, headers=request["headers"] | {"content-type": "application/jsonl"})
        async with self._stream(request) as response:
            events = response.headers.get("content-type", "").startswith("text/event-stream")
            async for line in _split(response.aiter_text()):
                if not events and line:
                    yield _read(_adapter(item), line)
                elif line.startswith("data:"):
                    yield _read(_adapter(item), line.removeprefix("data:"))

    async def _bytes(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> AsyncIterator[bytes]:
        """The body as it comes, decompressed."""
        async with self._stream(self._request(method, path, query, headers)) as response:
            async for chunk in response.aiter_bytes():
                yield chunk

    async def _send(self, request: Mapping[str, Any]) -> httpx.Response:
        """One exchange. What repeats requests overrides this: the request holds its key already."""
        try:
            response = await self._http.request(**request)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        return _checked(response)

    @asynccontextmanager
    async def _stream(self, request: Mapping[str, Any]) -> AsyncIterator[httpx.Response]:
        try:
            async with self._http.stream(**request) as response:
                if not response.is_success:
                    await response.aread()
                yield _checked(response)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None,
        headers: Mapping[str, str | None] | None,
    ) -> dict[str, Any]:
        given = {name: value for name, value in (headers or {}).items() if value is not None}
        if headers is not None and KEY in headers:
            given.setdefault(KEY, str(uuid4()))
        params = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        sent = {"method": method, "url": self._base + path, "headers": self._headers | given}
        return sent | {"params": params} if params else sent  # empty ones would take the path's own query away

    def _unreachable(self, error: httpx.HTTPError) -> Unreachable:
        return Unreachable(f"the API at {self._base} does not answer: {error!r}")


async def _split(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
    """Lines as JSON Lines and event streams have them. `aiter_lines` would also end them at U+2028 and U+0085,
    which stand in JSON as they are."""
    rest = ""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            yield line.removesuffix("\r")
    if rest:
        yield rest


def segment(value: object) -> str:
    """A value as one segment of a path."""
    return quote(str(value), safe="")


def _text(value: object) -> Any:
    if isinstance(value, list | tuple):
        return [_text(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _json(body: BaseModel) -> bytes:
    """Members that were not given are left out: in a change, that is not the same as null."""
    return body.model_dump_json(exclude_unset=True, by_alias=True).encode()


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _read(model: TypeAdapter[Any], content: bytes | str) -> Any:
    try:
        return model.validate_json(content)
    except ValidationError as error:
        raise UnexpectedAnswer(f"the answer is not what is documented: {error}") from error


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    status = response.status_code
    if response.headers.get("content-type", "").partition(";")[0] != PROBLEM:
        raise UnexpectedAnswer(f"{status}: {response.text[:200]}")
    kind = OutcomeUnknown if status == HTTPStatus.SERVICE_UNAVAILABLE else ProblemError
    raise kind(response.json(), status)
