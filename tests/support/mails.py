"""Mails in tests: an SMTP server that says what it is told to, and everything that sends to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.orders.events import OrderPlaced
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.vault import Vault
from messaging.inbound import InboundEvent
from messaging.mails.effect import MailEffect, MailRetries
from messaging.mails.kinds import wanted_kinds
from messaging.mails.log import MailLog
from messaging.mails.post import Post, Sender
from messaging.mails.sending import SmtpSender
from messaging.mails.writing import Writer
from messaging.webhooks.courier import Patience
from tests.support import samples
from tests.support.memory_keys import MemoryKeys
from tests.support.memory_store import MemoryEventStore


@dataclass
class MailServer:
    """`answer` gives the reply to a recipient, `accepted` what it was given. An aiosmtpd handler."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[], str] = lambda: "250 OK"
    at_data: Callable[[], str] = lambda: "250 OK"
    asked: int = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked += 1
        reply = self.answer()
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        reply = self.at_data()
        if reply.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=default))
        return reply


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    made = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(made, hostname="tests.invalid", loop=loop), "127.0.0.1", 0)
    made.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made


@dataclass
class Ensured:
    """`messaging.mails.effect.MailRetries` that notes what it was asked for, and may pass it on."""

    mails: list[UUID] = field(default_factory=list)
    then: MailRetries | None = None

    async def ensure(self, event_id: UUID) -> None:
        self.mails.append(event_id)
        if self.then:
            await self.then.ensure(event_id)


@dataclass
class Mailing:
    """Orders' events in a store in memory, their mails' log in a real one."""

    store: MemoryEventStore
    keys: MemoryKeys
    vault: Vault
    engine: AsyncEngine
    post: Post
    retries: Ensured = field(default_factory=Ensured)
    kinds: Any = field(default_factory=lambda: wanted_kinds(payment_awaited=True))
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def effect(self) -> MailEffect:
        return MailEffect(self.post, self.retries, self.kinds, self.now, timedelta(days=3))

    async def placed(self, *events: object, placed: OrderPlaced = samples.PLACED) -> UUID:
        """An order with these events after its placing, under an id of its own."""
        sealed = await self.vault.seal(placed.customer_id, placed)
        order_id = uuid4()
        numbered = tuple(NewEvent(uuid4(), event, {}) for event in (sealed, *events))
        await self.store.append((StreamWrite(f"order/{order_id}", Expected.ANY, numbered),))
        return order_id

    def told(self, order_id: UUID, nr: int = -1) -> InboundEvent:
        """What the subscriber reads of an order's event, by default the last."""
        recorded = self.store.streams[f"order/{order_id}"][nr]
        context = type(recorded.event).__module__.split(".")[1]
        kind = f"waybill.{context}.{type(recorded.event).__name__}"
        identity = str(recorded.event_id)
        return InboundEvent(
            uuid4(), f"/waybill/{context}", kind, f"order/{order_id}", recorded.recorded_at, b"{}", identity
        )


@asynccontextmanager
async def mailing(dsn: str, sender: Sender | str, **patience: Any) -> AsyncIterator[Mailing]:
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://", 1))
    store, keys = MemoryEventStore(), MemoryKeys()
    vault = Vault(keys)
    made = Post(
        store,
        vault,
        MailLog(engine),
        Writer("Shop <orders@shop.example>"),
        SmtpSender(sender, timeout=5) if isinstance(sender, str) else sender,
        lambda: datetime.now(UTC),
        Patience(**{"first_pause": 0.02, "longest_pause": 0.05, **patience}),
    )
    try:
        yield Mailing(store, keys, vault, engine, made)
    finally:
        await engine.dispose()
