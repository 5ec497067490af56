"""Webhooks out in tests: a receiver that listens on the loopback, and everything that sends to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from standardwebhooks import Webhook

from domain.orders.events import OrderConfirmed
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.privacy import MasterKeys
from eventstore.sequencer import sequence_all
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.vault import Vault
from messaging.inbound import InboundEvent
from messaging.webhooks.addresses import AddressRules
from messaging.webhooks.courier import Courier, Patience
from messaging.webhooks.effect import Retries, WebhookEffect
from messaging.webhooks.endpoints import Endpoint, Endpoints
from messaging.webhooks.lanes import Lanes
from messaging.webhooks.sending import Sender
from ops.bootstrap import codec
from ops.webhooks import EventDocument
from tests.support.memory_keys import MemoryKeys

LOOPBACK = ip_network("127.0.0.0/8")


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def item(self) -> Any:
        return orjson.loads(self.body)

    def verified_by(self, secret: str) -> bool:
        try:
            Webhook(secret).verify(self.body, self.headers)
        except Exception:
            return False
        return True


@dataclass
class Receiver:
    """Answers with what `answers` gives, 200 by default; `hold` keeps every answer back until it is set."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], str] = lambda _: "200 OK"
    extra: bytes = b""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.hold.set()

    def sequences(self, order_id: UUID | None = None) -> list[int]:
        items = [each.item for each in self.received]
        return [item["sequence"] for item in items if order_id is None or item["order_id"] == str(order_id)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                assert line.startswith(b"POST ")
                headers: dict[str, str] = {}
                while (line := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = line.decode().partition(":")
                    headers[name.strip().lower()] = value.strip()
                got = Received(headers, await reader.readexactly(int(headers["content-length"])))
                status = self.answer(got)
                self.received.append(got)
                self.arrived.set()
                await self.hold.wait()
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(self.extra)}\r\n".encode()
                writer.write(head + b"Location: http://127.0.0.1:1/\r\n\r\n" + self.extra)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        self.hold.set()
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    try:
        yield made
    finally:
        server.close()
        await made.close()


@dataclass
class Ensured:
    """`messaging.webhooks.effect.Retries` that notes whom it was asked for, and may pass it on."""

    lanes: list[tuple[UUID, UUID]] = field(default_factory=list)

    then: Retries | None = None

    async def ensure(self, endpoint_id: UUID, order_id: UUID, *, hurried: bool = False) -> None:
        self.lanes.append((endpoint_id, order_id))
        if self.then:
            await self.then.ensure(endpoint_id, order_id, hurried=hurried)


@dataclass
class Outbound:
    """Orders' events in a real log, and the courier that takes them out."""

    dsn: str
    pool: asyncpg.Pool
    engine: AsyncEngine
    store: PostgresEventStore
    courier: Courier
    vault: Vault
    keys: MemoryKeys
    retries: Ensured = field(default_factory=Ensured)

    @property
    def effect(self) -> WebhookEffect:
        return WebhookEffect(self.courier, self.retries)

    async def happens(self, order_id: UUID, *events: object) -> None:
        """Append, and give the events their places in the log."""
        numbered = tuple(NewEvent(uuid4(), event, {"step": "s", "actor": "customer:c-1"}) for event in events)
        await self.store.append((StreamWrite(f"order/{order_id}", Expected.ANY, numbered),))
        await sequence_all(self.dsn)

    async def told(self, order_id: UUID, kind: str = "waybill.orders.OrderConfirmed") -> None:
        """The subscriber reads an event of the order."""
        await self.effect.apply(InboundEvent(uuid4(), "/waybill/orders", kind, f"order/{order_id}", None, b"{}"))

    async def confirmed(self, order_id: UUID, times: int = 1) -> None:
        await self.happens(order_id, *(OrderConfirmed() for _ in range(times)))
        await self.told(order_id)

    async def endpoint(self, url: str, *types: str) -> tuple[Endpoint, str]:
        made = await self.courier.endpoints.create(
            uuid4(), url=url, description="", event_types=types, created_by="admin:eve"
        )
        assert made
        return await self.found(made.endpoint_id), made.secret

    async def found(self, endpoint_id: UUID) -> Endpoint:
        endpoint = await self.courier.endpoints.find(endpoint_id)
        assert endpoint
        return endpoint

    async def run(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement))


@asynccontextmanager
async def outbound(dsn: str, *, timeout: float = 30.0, **patience: Any) -> AsyncIterator[Outbound]:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))
    pool = await open_pool(dsn, size=2, name="tests-webhooks")
    store, keys = PostgresEventStore(pool, codec()), MemoryKeys()
    sender = Sender(AddressRules((LOOPBACK,)), timeout=timeout)
    vault = Vault(keys)
    courier = Courier(
        Endpoints(engine, MasterKeys([bytes(32)])),
        Lanes(engine, hold=60),
        sender,
        EventDocument(codec(), vault),
        lambda: datetime.now(UTC),
        Patience(**{"first_pause": 0.02, "longest_pause": 0.05, **patience}),
    )
    try:
        yield Outbound(dsn, pool, engine, store, courier, vault, keys)
    finally:
        await sender.aclose()
        await store.close()
        await pool.close()
        await engine.dispose()
