"""What the subscriber does with an event that a customer is written to about: the first attempt.

What fails is handed to a workflow, and the event is acknowledged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from messaging.inbound import InboundEvent
from messaging.mails.kinds import KINDS, MailKind
from messaging.mails.post import Post

GROUP: Final = "mails"
ORDER: Final = "order/"
CONTEXTS: Final = tuple(sorted({event.__module__.split(".")[1] for event in KINDS}))
"""Whose streams are read."""


class MailRetries(Protocol):
    async def ensure(self, event_id: UUID) -> None:
        """Let a workflow look after the mail: the one that runs, or a new one. Safe to repeat."""
        ...


@dataclass(frozen=True, slots=True)
class MailEffect:
    """A `messaging.effects.Effect`; the log of mails is its inbox.

    Args:
        kinds: What is written about, by the event's type.
        latest: An event longer ago is no news any more: a shop that begins to send mails, or whose Redis was
            filled again, does not write about last year's orders.
    """

    post: Post
    retries: MailRetries
    kinds: Mapping[str, MailKind]
    now: Callable[[], datetime]
    latest: timedelta

    def lane(self, event: InboundEvent) -> str:
        return event.subject or event.source

    async def apply(self, event: InboundEvent) -> None:
        kind = self.kinds.get(event.type.rpartition(".")[2])
        subject = event.subject or ""
        if kind is None or not subject.startswith(ORDER):
            return
        if event.time is not None and event.time < self.now() - self.latest:
            return
        event_id = UUID(event.identity)
        if not await self.post.first(event_id, UUID(subject.removeprefix(ORDER)), kind):
            await self.retries.ensure(event_id)
