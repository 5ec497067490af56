"""What a consumer does with an event, once: by SQL, in one transaction with the inbox, or by a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from messaging import inbox
from messaging.inbound import InboundEvent
from messaging.routing import CommandSender, Routes


class Effect(Protocol):
    """Applied at least once to every event, in the order of its lane."""

    def lane(self, event: InboundEvent) -> str:
        """Events of one lane are handled one after the other, in the order they were published.

        Raises:
            Rejected: nobody can handle the event.
        """
        ...

    async def apply(self, event: InboundEvent) -> None:
        """Take the effect, or find that it was taken. Raises Rejected, DomainError, or what went wrong."""
        ...


@dataclass(frozen=True, slots=True)
class SqlEffect:
    """`change` writes to the database that holds the inbox; both commit, or neither does."""

    engine: AsyncEngine
    consumer: str
    change: Callable[[AsyncConnection, InboundEvent], Awaitable[None]]

    def lane(self, event: InboundEvent) -> str:
        return event.subject or event.source

    async def apply(self, event: InboundEvent) -> None:
        async with self.engine.begin() as connection:
            if await inbox.record(connection, self.consumer, event.event_id):
                await self.change(connection, event)


@dataclass(frozen=True, slots=True)
class CommandEffect:
    """A command whose id is the event's, which the command's own stream deduplicates; the inbox row follows.

    Where the process dies between the two, the command is sent again and changes nothing. The inbox spares it
    that, and is what remembers a command that had nothing to change.
    """

    engine: AsyncEngine
    consumer: str
    routes: Routes
    sender: CommandSender

    def lane(self, event: InboundEvent) -> str:
        return self.routes.parse(event).key

    async def apply(self, event: InboundEvent) -> None:
        parsed = self.routes.parse(event)
        async with self.engine.connect() as connection:
            if await inbox.is_recorded(connection, self.consumer, event.event_id):
                return
        await parsed.send(self.sender, key=event.event_id.hex, actor=f"event:{event.source}")
        async with self.engine.begin() as connection:
            await inbox.record(connection, self.consumer, event.event_id)
