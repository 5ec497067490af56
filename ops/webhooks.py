"""Webhooks out, put together: the courier, its document, the workflows of its retries, and what keeps it tidy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, get_args
from uuid import UUID

import orjson
import structlog
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.contracts import TaskQueue
from activities.webhooks import WebhookLane, WebhookProgress
from api.auth import Principal, Role
from api.outbound import Webhooks
from api.rest.history import EventOut
from domain.record import OrderStreamEvent
from eventstore.codec import Codec, CodecError
from eventstore.postgres import read_metadata
from eventstore.privacy import MasterKeys
from eventstore.store import StoredEvent
from eventstore.types import event_types
from eventstore.vault import Vault
from messaging.envelopes import UNDECODABLE, context_of
from messaging.webhooks.addresses import AddressRules
from messaging.webhooks.courier import Courier, Patience
from messaging.webhooks.effect import Retries
from messaging.webhooks.endpoints import Endpoints
from messaging.webhooks.lanes import Lanes
from messaging.webhooks.sending import Sender
from ops.bootstrap import EVENT_MODULES, utc_now
from ops.config import Settings
from readmodels.timeline import to_json
from readmodels.views import TimelineEntry
from workflows.webhooks import WebhookWorkflow, webhook_workflow_id

HOLD_MARGIN: Final = 30.0  # seconds that a claim outlasts the longest attempt
SWEPT: Final = 200
PRUNE_SECONDS: Final = 3600.0
CONTEXTS: Final = tuple(sorted({context_of(entry.cls) for entry in event_types(*EVENT_MODULES)} | {UNDECODABLE}))
RECEIVER: Final = Principal("waybill", "webhooks", Role.SERVICE)
"""Receivers see an order's events as a service does that reads them."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EventDocument:
    """The item of `GET /v1/orders/{order_id}/events`, with the order's id and the number within the order.

    Personal fields are opened, or read `erased`.
    """

    codec: Codec
    vault: Vault

    async def __call__(self, event: StoredEvent) -> bytes:
        metadata = read_metadata(event.metadata)
        entry = TimelineEntry(
            position=event.position,
            version=event.version,
            type=event.type,
            recorded_at=event.recorded_at,
            step=metadata.get("step"),
            actor=metadata.get("actor"),
            data=self._data(event),
        )
        item = EventOut.of(entry, RECEIVER).model_dump(mode="json")
        order_id = event.stream_id.removeprefix("order/")
        document = orjson.dumps({**item, "order_id": order_id, "sequence": event.version})
        return (await self.vault.open_json(document.decode())).encode()

    def _data(self, event: StoredEvent) -> str:
        try:
            return to_json(self.codec.decode(event.type, event.schema_version, event.data))
        except CodecError:  # an event of a later version of ours: its type and number are told
            log.warning("a webhook of an event that is not known here", type=event.type)
            return "{}"


@dataclass(frozen=True, slots=True)
class RetryWorkflows:
    """`messaging.webhooks.effect.Retries` on Temporal."""

    temporal: Client

    async def ensure(self, endpoint_id: UUID, order_id: UUID, *, hurried: bool = False) -> None:
        await self.temporal.start_workflow(
            WebhookWorkflow.run,
            WebhookLane(endpoint_id, order_id),
            id=webhook_workflow_id(endpoint_id, order_id),
            task_queue=TaskQueue.WEBHOOKS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal="look",
            start_signal_args=[hurried],
        )


@dataclass(frozen=True, slots=True)
class LaneSender:
    """`activities.webhooks.WebhookSender` by the courier."""

    courier: Courier

    async def send_waiting(self, lane: WebhookLane) -> WebhookProgress:
        drive = await self.courier.drive(lane.endpoint_id, lane.order_id, retrying=True)
        ended = drive.outcome in ("done", "over")
        return WebhookProgress(None if ended else drive.pause)


@asynccontextmanager
async def open_courier(
    settings: Settings, engine: AsyncEngine, codec: Codec, vault: Vault, masters: MasterKeys
) -> AsyncIterator[Courier]:
    sender = Sender(address_rules(settings), timeout=settings.webhook_timeout)
    try:
        yield Courier(
            Endpoints(engine, masters, most=settings.webhook_endpoints),
            Lanes(engine, hold=settings.webhook_timeout + HOLD_MARGIN),
            sender,
            EventDocument(codec, vault),
            utc_now,
            patience(settings),
        )
    finally:
        await sender.aclose()


def webhooks(settings: Settings, courier: Courier) -> Webhooks:
    """What the API offers of it."""
    return Webhooks(
        courier.endpoints,
        courier.lanes,
        courier.test,
        address_rules(settings).check_url,
        frozenset(each.__name__ for each in get_args(OrderStreamEvent)),
        settings.webhook_key_overlap,
    )


def address_rules(settings: Settings) -> AddressRules:
    return AddressRules(tuple(ip_network(each) for each in sorted(settings.webhook_allowed_networks)))


def patience(settings: Settings) -> Patience:
    return Patience(
        first_pause=settings.webhook_first_pause,
        longest_pause=settings.webhook_longest_pause,
        give_up=settings.webhook_give_up,
        most_failures=settings.webhook_failures,
    )


async def sweep(lanes: Lanes, retries: Retries, *, pause: float) -> None:
    """Take up, again and again, what waits and nobody sends: after a resume, a replay, or a loss."""

    async def once() -> None:
        while due := await lanes.due(most=SWEPT):
            for endpoint_id, order_id in due:
                await retries.ensure(endpoint_id, order_id, hurried=True)

    await _repeat("webhooks are taken up later", once, pause)


async def prune_log(lanes: Lanes, days: int) -> None:
    """Forget old attempts, now and then."""

    async def once() -> None:
        await lanes.prune(seconds=days * 86_400.0)

    await _repeat("the log of webhooks is pruned later", once, PRUNE_SECONDS)


async def _repeat(otherwise: str, once: Callable[[], Awaitable[None]], pause: float) -> None:
    while True:
        try:
            await once()
        except (exc.SQLAlchemyError, RPCError, OSError) as error:
            log.warning(otherwise, error=type(error).__name__)
        await asyncio.sleep(pause)
