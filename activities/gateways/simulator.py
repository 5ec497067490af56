"""Clients of the simulated payment gateway and carrier.

A definite refusal is one that names its code in an answer of 402, 404, 409 or 422. Everything else that is not a
success (no answer, a broken one, a twin in flight, 5xx, an answer of something in between) is `Unknown`.

Keys are unique in all of a gateway but step keys only within an order, so the order's id goes in front of them.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import aiohttp
import orjson

from activities.gateways.protocol import (
    AlreadyDispatched,
    Booking,
    Declined,
    Parcel,
    PaymentEffect,
    Refused,
    Unknown,
)
from domain.errors import DomainError
from domain.money import Money
from domain.shipping.events import TrackingStatus

DEFINITE = frozenset({402, 404, 409, 422})
IN_FLIGHT = "in_flight"
ALREADY_DISPATCHED = "already_dispatched"
PAGE = 500
CONNECTIONS = 64
IDLE_SECONDS = 20.0


class _Http:
    """One pool of connections to one gateway; gives JSON objects, and raises the gateways' errors."""

    def __init__(self, base_url: str, timeout: float) -> None:
        self._base_url, self._timeout = base_url.rstrip("/"), aiohttp.ClientTimeout(total=timeout)
        self._opened: aiohttp.ClientSession | None = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:  # a session belongs to the loop that it is made in
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
            )
        return self._opened

    async def aclose(self) -> None:
        if self._opened:
            await self._opened.close()

    async def post(self, path: str, key: str, body: object) -> dict[str, Any]:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return await self._call("POST", path, data=orjson.dumps(body), headers=headers)

    async def get(self, path: str, query: Mapping[str, str | int | None] | None = None) -> dict[str, Any]:
        params = {name: value for name, value in (query or {}).items() if value is not None}
        return await self._call("GET", path, params=params)

    async def pages(self, path: str, query: Mapping[str, str | int | None]) -> AsyncIterator[dict[str, Any]]:
        """All items of a keyset-paged list, from its first page on."""
        cursor: str | None = None
        while True:
            page = await self.get(path, {**query, "limit": PAGE, "cursor": cursor})
            if not isinstance(page.get("items"), list):
                raise Unknown(f"GET {path}: not a page of a list")
            for item in page["items"]:
                yield item
            if (cursor := page.get("next_cursor")) is None:
                return

    async def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        url = f"{self._base_url}{path}"
        try:
            async with self._session.request(method, url, allow_redirects=False, **request) as response:
                status, content = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unknown(f"{method} {path}: no answer ({type(error).__name__})") from None
        answer = _object(content)
        if 200 <= status < 300 and answer is not None:
            return answer
        raise _error(method, path, status, answer)


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def _error(method: str, path: str, status: int, answer: dict[str, Any] | None) -> Unknown | Refused:
    error = (answer or {}).get("error")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    if status not in DEFINITE or code in ("", IN_FLIGHT):
        return Unknown(f"{method} {path}: HTTP {status} {code}".rstrip())
    assert isinstance(error, dict)
    kind = Declined if status == 402 else AlreadyDispatched if code == ALREADY_DISPATCHED else Refused
    return kind(code.replace("_", "-"), str(error.get("message", "")))


def _scoped(order_id: UUID, key: str) -> str:
    return f"{order_id}/{key}"


class SimulatedPaymentGateway:
    """A `PaymentGateway` over HTTP. `timeout` in seconds is that of a whole call."""

    def __init__(self, base_url: str, timeout: float) -> None:
        self._http = _Http(base_url, timeout)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def authorize(self, order_id: UUID, key: str, *, method: str, amount: Money) -> PaymentEffect:
        body = {"order_id": order_id, "method": method, "amount": _amount(amount)}
        return _effect(await self._http.post("/v1/authorizations", _scoped(order_id, key), body))

    async def capture(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        return await self._change(order_id, key, f"{payment}/captures", {"amount": _amount(amount)})

    async def void(self, order_id: UUID, key: str, *, payment: str) -> PaymentEffect:
        return await self._change(order_id, key, f"{payment}/void", {})

    async def refund(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect:
        return await self._change(order_id, key, f"{payment}/refunds", {"amount": _amount(amount)})

    async def find(self, order_id: UUID, key: str) -> PaymentEffect | None:
        query = {"order_id": str(order_id), "idempotency_key": _scoped(order_id, key)}
        found = [_effect(item) async for item in self._http.pages("/v1/effects", query)]
        return found[0] if found else None

    async def abandon(self, order_id: UUID, key: str) -> PaymentEffect | None:
        await self._http.post("/v1/abandonments", _scoped(order_id, key), {"order_id": order_id})
        return await self.find(order_id, key)  # nothing can be added behind this look

    async def effects(self) -> AsyncIterator[PaymentEffect]:
        async for item in self._http.pages("/v1/effects", {}):
            yield _effect(item)

    async def list_effects(self, order_id: UUID | None = None) -> Sequence[PaymentEffect]:
        query = {"order_id": str(order_id) if order_id else None}
        return [_effect(item) async for item in self._http.pages("/v1/effects", query)]

    async def _change(self, order_id: UUID, key: str, path: str, body: object) -> PaymentEffect:
        return _effect(await self._http.post(f"/v1/authorizations/{path}", _scoped(order_id, key), body))


class SimulatedCarrier:
    """A `Carrier` over HTTP. `timeout` as for the payment gateway."""

    def __init__(self, base_url: str, timeout: float) -> None:
        self._http = _Http(base_url, timeout)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def book(self, key: str, parcel: Parcel) -> Booking:
        return _booking(await self._http.post("/v1/bookings", _scoped(parcel.order_id, key), asdict(parcel)))

    async def cancel(self, key: str, *, booking: str) -> None:
        # A booking belongs to one order, so it scopes the key as well as the order would.
        await self._http.post(f"/v1/bookings/{booking}/cancel", f"{booking}/{key}", {})

    async def find(self, order_id: UUID, key: str) -> Booking | None:
        query = {"order_id": str(order_id), "idempotency_key": _scoped(order_id, key)}
        found = [_booking(item) async for item in self._http.pages("/v1/bookings", query)]
        return found[0] if found else None

    async def abandon(self, order_id: UUID, key: str) -> Booking | None:
        await self._http.post("/v1/abandonments", _scoped(order_id, key), {"order_id": order_id})
        return await self.find(order_id, key)

    async def track(self, booking: str) -> Booking:
        return _booking(await self._http.get(f"/v1/bookings/{booking}"))

    async def forget(self, order_id: UUID) -> None:
        await self._http.post("/v1/erasures", _scoped(order_id, "forget"), {"order_id": order_id})

    async def list_bookings(self, order_id: UUID | None = None) -> Sequence[Booking]:
        query = {"order_id": str(order_id) if order_id else None}
        return [_booking(item) async for item in self._http.pages("/v1/bookings", query)]


def _amount(money: Money) -> dict[str, object]:
    return {"minor": money.minor, "currency": money.currency}


def _effect(item: Mapping[str, Any]) -> PaymentEffect:
    try:
        order_id = UUID(item["order_id"])
        return PaymentEffect(
            kind=item["kind"],
            reference=item["reference"],
            payment=item["payment"],
            order_id=order_id,
            idempotency_key=item["idempotency_key"].removeprefix(_scoped(order_id, "")),
            amount=Money(item["amount"]["minor"], item["amount"]["currency"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, DomainError) as error:
        raise Unknown(f"the gateway's answer does not read as an effect ({type(error).__name__})") from None


def _booking(item: Mapping[str, Any]) -> Booking:
    try:
        order_id = UUID(item["order_id"])
        return Booking(
            reference=item["reference"],
            shipment_id=item["shipment_id"],
            order_id=order_id,
            idempotency_key=item["idempotency_key"].removeprefix(_scoped(order_id, "")),
            tracking_number=item["tracking_number"],
            status=TrackingStatus(item["status"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unknown(f"the carrier's answer does not read as a booking ({type(error).__name__})") from None
