"""Sends what waits for one endpoint of one order, event after event, until nothing does or an attempt fails."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid4

import structlog

from eventstore.store import StoredEvent
from messaging.webhooks.endpoints import ACTIVE, Endpoint, Endpoints
from messaging.webhooks.lanes import Claimed, Lanes
from messaging.webhooks.sending import GONE, Attempt, Message, Sender

MOST: Final = 50
BUSY_PAUSE: Final = 1.0
TEST_TYPE: Final = "webhook.test"

Render = Callable[[StoredEvent], Awaitable[bytes]]
"""An event as receivers read it. It may be asked for again, and must say the same until the customer is erased."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Drive:
    """What came of it.

    `done`: nothing waits. `more`: there is more to send. `failed`: try again after `pause` seconds, on and on.
    `busy`: another sender has the lane. `over`: the endpoint is paused or deleted, and nothing is to be done.
    """

    outcome: Literal["done", "more", "failed", "busy", "over"]
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How failing is dealt with.

    `first_pause`, `longest_pause`: seconds between attempts, doubling. `give_up`: seconds after which an event
    that still fails pauses its endpoint. `most_failures`: in a row at one endpoint, which pause it too.
    """

    first_pause: float = 5.0
    longest_pause: float = 3600.0
    give_up: float = 259_200.0
    most_failures: int = 1000

    def pause_after(self, failures: int) -> float:
        """A little of it is chance, so that the orders of a receiver that was away do not all come at once."""
        pause = min(self.first_pause * 2.0 ** min(failures - 1, 30), self.longest_pause)
        return pause * random.uniform(0.8, 1.0)  # noqa: S311 - nothing secret


@dataclass(frozen=True, slots=True)
class Courier:
    endpoints: Endpoints
    lanes: Lanes
    sender: Sender
    render: Render
    now: Callable[[], datetime]
    patience: Patience = Patience()

    async def drive(self, endpoint_id: UUID, order_id: UUID, *, retrying: bool = False) -> Drive:
        """Send what waits. `retrying`: the caller comes back when it is told to, and nobody else needs to."""
        endpoint = await self.endpoints.find(endpoint_id)
        if endpoint is None or endpoint.state != ACTIVE:
            await self.lanes.rest(endpoint_id, order_id)
            return Drive("over")
        lane = await self.lanes.claim(endpoint_id, order_id, retrying=retrying)
        if lane is None:
            there = await self.lanes.exists(endpoint_id, order_id)
            return Drive("busy", BUSY_PAUSE) if there else Drive("over")
        return await self._send(endpoint, lane)

    async def test(self, endpoint: Endpoint, body: bytes) -> Attempt:
        """Send a message that is no event, once, whatever the endpoint's state."""
        message = Message(f"msg_test_{uuid4().hex}", body)
        secrets = await self.endpoints.secrets(endpoint.endpoint_id)
        attempt = await self.sender.send(endpoint.url, message, secrets, self.now())
        await self.lanes.log_test(endpoint.endpoint_id, TEST_TYPE, message, attempt)
        return attempt

    async def _send(self, endpoint: Endpoint, lane: Claimed) -> Drive:
        after, failures = lane.delivered, lane.failures
        for event in await self.lanes.events(lane.order_id, after=after, most=MOST):
            if not endpoint.takes(event.type):
                ours = await self.lanes.passed(lane, event.version)
            else:
                message = Message(f"msg_{event.event_id}", await self.render(event))
                secrets = await self.endpoints.secrets(endpoint.endpoint_id)
                attempt = await self.sender.send(endpoint.url, message, secrets, self.now())
                lane = Claimed(lane.endpoint_id, lane.order_id, lane.claim, after, failures)
                if not attempt.succeeded:
                    return await self._failed(lane, event, message, attempt)
                ours, failures = await self.lanes.delivered(lane, event, message, attempt), 0
            if not ours:  # a replay goes further back, or the claim ran out
                return Drive("busy", BUSY_PAUSE)
            after = event.version
        if await self.lanes.finish(lane):
            return Drive("done")
        await self.lanes.let_go(lane)
        return Drive("more")

    async def _failed(self, lane: Claimed, event: StoredEvent, message: Message, attempt: Attempt) -> Drive:
        pause = self.patience.pause_after(lane.failures + 1)
        failure = await self.lanes.failed(
            lane, event, message, attempt, pause=pause, give_up=self.patience.give_up
        )
        reason = None
        if attempt.status == GONE:
            reason = "gone"
        elif failure.expired:
            reason = "gave-up"
        elif failure.in_a_row >= self.patience.most_failures:
            reason = "failures"
        if reason is None:
            return Drive("failed", pause)
        if await self.lanes.pause(lane.endpoint_id, reason):
            log.error("a webhook endpoint is paused", endpoint=str(lane.endpoint_id), reason=reason)
        await self.lanes.rest(lane.endpoint_id, lane.order_id)
        return Drive("over")
