"""Serving an app in this process, and handles to what is under test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from activities.gateways.protocol import Parcel, PaymentEffect, TrackingUpdate
from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from activities.gateways.tracking import verify_tracking_webhook
from domain.money import Money
from ops.config import Settings
from ops.simulators.serve import server_of

SECRET = "whsec_dGVzdHMta2V5LW9mLXRoZS1jYXJyaWVy"


EMPTY = "TRUNCATE carrier.booking, carrier.webhook, carrier.pause, simulator.answer, simulator.fault"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def settings_of(dsn: str, **others: Any) -> Settings:
    return Settings(
        simulator_database_url=dsn,
        payments_port=free_port(),
        carrier_port=free_port(),
        carrier_webhook_secret=SECRET,
        **others,
    )


@contextlib.asynccontextmanager
async def served(app: FastAPI, settings: Settings, port: int) -> AsyncIterator[uvicorn.Server]:
    """The app on a real socket. Its signals stay pytest's: they are captured by `serve`, not by `_serve`."""
    server = server_of(app, settings, port)
    task = asyncio.create_task(server._serve())
    await eventually(lambda: _true(server.started or task.done()))
    assert server.started
    try:
        yield server
    finally:
        server.should_exit = True
        await task


async def _true(value: bool) -> bool:
    return value


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Return as soon as `condition` holds; fails if it never does."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def parcel_of(order_id: UUID, reference: str = "shipment-1", recipient: str = "Ada Byron") -> Parcel:
    return Parcel(
        reference, order_id, "BER", [("CHAIR", 2)], recipient, "12 Elm Row", None, "Ulm", None, "89073", "DE"
    )


@dataclass(frozen=True)
class PaymentsUnderTest:
    gateway: SimulatedPaymentGateway
    http: httpx.AsyncClient
    settings: Settings

    async def authorized(self, order_id: UUID, minor: int = 5000, method: str = "sim_ok") -> PaymentEffect:
        return await self.gateway.authorize(order_id, "authorize#1", method=method, amount=eur(minor))

    async def fault(self, **fault: Any) -> None:
        answer = await self.http.post(
            "/control/faults", json={k: str(v) if k == "order_id" else v for k, v in fault.items()}
        )
        assert answer.status_code == 201, answer.text

    async def has_effect(self, order_id: UUID, key: str) -> bool:
        return await self.gateway.find(order_id, key) is not None

    async def outage(self, mode: str, **more: Any) -> None:
        assert (await self.http.post("/control/outage", json={"mode": mode, **more})).status_code == 200

    async def change(self, kind: str, payment: PaymentEffect, minor: int, key: str | None = None) -> PaymentEffect:
        """Make an effect of any kind but authorization; a new key unless one is given."""
        key, order_id = key or f"{kind}#{uuid4()}", payment.order_id
        if kind == "capture":
            return await self.gateway.capture(order_id, key, payment=payment.payment, amount=eur(minor))
        if kind == "refund":
            return await self.gateway.refund(order_id, key, payment=payment.payment, amount=eur(minor))
        return await self.gateway.void(order_id, key, payment=payment.payment)


@dataclass
class Hook:
    """Listens for webhooks. `status` is what it answers; `told` what it took, `refused` how many it did not."""

    url: str
    status: int = 204
    told: list[TrackingUpdate] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    refused: int = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def listening(cls) -> AsyncIterator["Hook"]:
        port = free_port()
        hook = cls(f"http://127.0.0.1:{port}")
        async with served(hook.app(), Settings(), port):
            yield hook

    def forget(self) -> None:
        self.status, self.refused = 204, 0
        self.told.clear()
        self.ids.clear()

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/webhooks/carriers/simulated")
        async def receive(request: Request) -> Response:
            update = verify_tracking_webhook(SECRET, request.headers, await request.body())
            if self.status >= 300:
                self.refused += 1
            else:
                self.told.append(update)
                self.ids.append(request.headers["webhook-id"])
            return Response(status_code=self.status)

        return app

    async def has_been_told(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.told) >= count

        await eventually(enough)

    def of(self, order_id: UUID) -> list[tuple[int, str]]:
        return [(update.sequence, update.status.value) for update in self.told if update.order_id == order_id]


@dataclass(frozen=True)
class CarrierUnderTest:
    carrier: SimulatedCarrier
    http: httpx.AsyncClient
    settings: Settings
    hook: Hook
    books: asyncpg.Connection

    async def emptied(self) -> "CarrierUnderTest":
        await self.books.execute(EMPTY)
        return self

    async def control(self, path: str, **body: Any) -> None:
        answer = await self.http.post(f"/control/{path}", json=body)
        assert answer.is_success, answer.text

    async def state(self) -> dict[str, Any]:
        return dict((await self.http.get("/control")).json())
