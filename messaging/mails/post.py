"""The post: sees one event's mail through, once, whoever asks and however often.

What keeps it to one is the log, and for the moment between a server's yes and the log's note the Message-ID, which
is the event's: a mail that is sent again after a kill is the same mail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol, cast
from uuid import UUID

from domain.errors import NotAllowed
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from eventstore.store import StreamReader
from eventstore.vault import Vault
from messaging.mails.kinds import MailKind
from messaging.mails.log import MailLog, MailState
from messaging.mails.sending import Attempt
from messaging.mails.writing import Occasion, Writer
from messaging.webhooks.courier import Patience


class Sender(Protocol):
    async def send(self, mail: EmailMessage) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class Skipped:
    """There is nobody to write to."""

    reason: str


@dataclass(frozen=True, slots=True)
class Post:
    store: StreamReader
    vault: Vault
    log: MailLog
    writer: Writer
    sender: Sender
    now: Callable[[], datetime]
    patience: Patience

    async def first(self, event_id: UUID, order_id: UUID, kind: MailKind) -> bool:
        """Try for the first time; whether all is done. False leaves the mail to a workflow."""
        known = await self.log.find(event_id)
        if known is not None:
            return known.state is not MailState.RETRYING
        return await self._try(event_id, order_id, kind, failures=0) is None

    async def again(self, event_id: UUID) -> float | None:
        """Try once more; gives seconds until the next time, or None when all is done."""
        known = await self.log.find(event_id)
        if known is None or known.state is not MailState.RETRYING:
            return None
        expired = (self.now() - known.first_at).total_seconds() > self.patience.give_up
        kind = MailKind(known.kind)
        return await self._try(event_id, known.order_id, kind, failures=known.attempts, last=expired)

    async def _try(
        self, event_id: UUID, order_id: UUID, kind: MailKind, *, failures: int, last: bool = False
    ) -> float | None:
        mail = await self._written(event_id, order_id, kind)
        if isinstance(mail, Skipped):
            await self.log.note(event_id, order_id, kind, MailState.SKIPPED, attempts=0, reason=mail.reason)
            return None
        attempt = await self.sender.send(mail)
        state = MailState.SENT if attempt.outcome == "sent" else MailState.FAILED
        retried = attempt.outcome == "failed" and not last
        if retried:
            state = MailState.RETRYING
        await self.log.note(event_id, order_id, kind, state, attempts=1, reason=attempt.reason)
        return self.patience.pause_after(failures + 1) if retried else None

    async def _written(self, event_id: UUID, order_id: UUID, kind: MailKind) -> EmailMessage | Skipped:
        """The mail about the event, from the order as it was then."""
        stored = await self.store.read_stream(f"order/{order_id}")
        found = next((recorded for recorded in stored if recorded.event_id == event_id), None)
        if found is None:
            return Skipped("event-not-found")
        record = fold_record(cast(OrderStreamEvent, each.event) for each in stored[: found.version])
        now = fold_record((cast(OrderStreamEvent, each.event) for each in stored[found.version :]), record)
        if not _still_true(kind, now):
            return Skipped("no-longer-so")
        if record.order.placed.email is None:
            return Skipped("no-address")
        try:
            placed = await self.vault.open(record.order.placed)
        except NotAllowed:
            return Skipped("customer-erased")
        return self.writer.write(Occasion(event_id, kind, found.event, found.recorded_at, record, placed))


def _still_true(kind: MailKind, now: OrderRecord) -> bool:
    """Whether there is still something for the customer to do, where it is asked for something."""
    if kind is MailKind.PAYMENT_NEEDED:
        first = now.order.status is OrderStatus.PLACED and now.payment_status is PaymentStatus.FAILED
        return first or now.payment.lapsing
    return kind is not MailKind.DECISION_WANTED or now.order.decision is not None
