"""The step of a mail's retries."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from temporalio import activity


@dataclass(frozen=True, slots=True)
class MailJob:
    """The mail about one event."""

    event_id: UUID


@dataclass(frozen=True, slots=True)
class MailProgress:
    """`again`: seconds after which to try again; None when there is nothing left to do."""

    again: float | None


class MailSender(Protocol):
    async def send_again(self, job: MailJob) -> MailProgress: ...


@dataclass(frozen=True, slots=True)
class MailActivities:
    sender: MailSender

    @activity.defn
    async def send_mail(self, job: MailJob) -> MailProgress:
        """Safe to repeat: a mail whose outcome was lost goes out again under the same Message-ID."""
        return await self.sender.send_again(job)
