"""The step of a webhook's retries: whatever waits for one endpoint of one order is sent, until something fails."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from temporalio import activity


@dataclass(frozen=True, slots=True)
class WebhookLane:
    """One order at one endpoint."""

    endpoint_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True)
class WebhookProgress:
    """`again`: seconds after which to try again; None when there is nothing left to do."""

    again: float | None


class WebhookSender(Protocol):
    """Sends in order, notes every attempt, and leaves a lane alone that another sender holds."""

    async def send_waiting(self, lane: WebhookLane) -> WebhookProgress: ...


@dataclass(frozen=True, slots=True)
class WebhookActivities:
    sender: WebhookSender

    @activity.defn
    async def send_webhooks(self, lane: WebhookLane) -> WebhookProgress:
        """Safe to repeat: an attempt whose outcome was lost is made again, under the same id."""
        return await self.sender.send_waiting(lane)
