"""The log of mails in memory."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from messaging.mails.log import Mail, MailState


class FakeMails:
    def __init__(self) -> None:
        self.known: list[Mail] = []

    async def page(
        self,
        *,
        state: MailState | None,
        order_id: UUID | None,
        before: tuple[datetime, UUID] | None,
        most: int,
    ) -> Sequence[Mail]:
        found = [
            mail
            for mail in self.known
            if state in (None, mail.state)
            and order_id in (None, mail.order_id)
            and (before is None or (mail.first_at, mail.event_id) < before)
        ]
        return found[:most]
