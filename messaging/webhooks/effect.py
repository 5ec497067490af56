"""What the subscriber does with an event of an order: the first attempt at each endpoint that takes it.

What fails is handed to a workflow of that endpoint and order. The event is acknowledged when each endpoint has it,
or the workflow does.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from redis.asyncio import Redis

from messaging.envelopes import STREAMS, stream_name
from messaging.inbound import INBOUND, InboundEvent
from messaging.webhooks.courier import Courier
from messaging.webhooks.endpoints import ACTIVE
from messaging.webhooks.lanes import Wanted

GROUP: Final = "webhooks"
ORDER: Final = "order/"
FAILING: Final = 5
"""Attempts in a row that failed, after which an endpoint's orders go to their workflows at once: one that answers
nothing must not keep the subscriber waiting, once for every order."""


class LaneBusy(Exception):
    """Another sender has the order just now: the event waits."""


class Retries(Protocol):
    async def ensure(self, endpoint_id: UUID, order_id: UUID, *, hurried: bool = False) -> None:
        """Let a workflow look after it: the one that runs once more, or a new one. Safe to repeat.

        Args:
            hurried: It is not to wait for its next attempt.
        """
        ...


@dataclass(frozen=True, slots=True)
class WebhookEffect:
    """A `messaging.effects.Effect`. There is no inbox: how far each order is at each endpoint tells as much."""

    courier: Courier
    retries: Retries

    def lane(self, event: InboundEvent) -> str:
        return event.subject or event.source

    async def apply(self, event: InboundEvent) -> None:
        subject = event.subject or ""
        if not subject.startswith(ORDER):
            return
        order_id = UUID(subject.removeprefix(ORDER))
        wanted = await self.courier.lanes.want(order_id, event.type.rpartition(".")[2])
        taken = await asyncio.gather(
            *(self._take(order_id, lane) for lane in wanted if lane.waiting), return_exceptions=True
        )
        failures = [each for each in taken if isinstance(each, BaseException)]
        if failures:
            raise failures[0]

    async def _take(self, order_id: UUID, lane: Wanted) -> None:
        endpoint = await self.courier.endpoints.find(lane.endpoint_id)
        if endpoint is None or endpoint.state != ACTIVE:
            return
        if not lane.retrying and endpoint.failures >= FAILING:
            await self.courier.lanes.hand_over(lane.endpoint_id, order_id)
        elif not lane.retrying and not await self._fails(lane.endpoint_id, order_id):
            return
        await self.retries.ensure(lane.endpoint_id, order_id)

    async def _fails(self, endpoint_id: UUID, order_id: UUID) -> bool:
        while True:
            drive = await self.courier.drive(endpoint_id, order_id)
            if drive.outcome == "busy":
                raise LaneBusy
            if drive.outcome != "more":
                return drive.outcome == "failed"


async def outbound_streams(redis: Redis, contexts: Sequence[str], partitions: int) -> Sequence[str]:
    """The streams that the relay publishes orders' events to, and any left from another number of partitions."""
    if partitions == 1:
        found = {stream_name(context, "", 1) for context in contexts}
    else:
        found = {f"{STREAMS}{context}.{number}" for context in contexts for number in range(partitions)}
    async for name in redis.scan_iter(match=f"{STREAMS}*", count=1000, _type="stream"):
        text = name.decode()
        if not text.startswith(INBOUND) and text.removeprefix(STREAMS).partition(".")[0] in contexts:
            found.add(text)
    return sorted(found)
