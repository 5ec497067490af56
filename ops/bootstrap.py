"""The composition root: builds what every process is given. Nothing else opens a connection or reads a clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from temporalio.client import Client
from temporalio.service import GrpcCompression

from domain.catalog import events as catalog_events
from domain.credit import events as credit_events
from domain.customers import events as customer_events
from domain.drafts import events as draft_events
from domain.inventory import events as inventory_events
from domain.orders import events as order_events
from domain.orders.events import Decision
from domain.payments import events as payment_events
from domain.reconciliation import events as reconciliation_events
from domain.returns import events as return_events
from domain.shipping import events as shipping_events
from domain.shipping.events import LostAnswer
from eventstore.codec import Codec
from eventstore.connections import CONNECT_TIMEOUT, open_pool
from eventstore.customer_keys import PostgresCustomerKeys
from eventstore.postgres import PostgresEventStore
from eventstore.snapshot_table import PostgresSnapshots
from eventstore.snapshots import Snapshots
from eventstore.types import codec_of, event_types
from eventstore.vault import Vault
from messaging.envelopes import Envelopes
from ops.config import Settings
from ops.keys import master_keys
from ops.patience import server_at, wait_for
from ops.payloads import DATA_CONVERTER
from workflows.contracts import StepPolicies
from workflows.gateway import CommandGateway

EVENT_MODULES = (
    catalog_events,
    credit_events,
    customer_events,
    draft_events,
    inventory_events,
    order_events,
    payment_events,
    reconciliation_events,
    return_events,
    shipping_events,
)


def utc_now() -> datetime:
    return datetime.now(UTC)


def codec() -> Codec:
    """The codec of every event Waybill has ever written."""
    return codec_of(*EVENT_MODULES)


def envelopes() -> Envelopes:
    return Envelopes(event_types(*EVENT_MODULES), codec())


def step_policies(settings: Settings) -> StepPolicies:
    return StepPolicies(
        attempts=settings.step_attempts,
        initial_interval=settings.step_initial_interval,
        max_interval=settings.step_max_interval,
        timeout=settings.step_timeout,
        tracking_poll=settings.tracking_poll_interval,
        decide_within=settings.decision_deadline,
        decide_default=Decision(settings.decision_default),
        restock_poll=settings.restock_poll_interval,
        unpaid_expiry=settings.unpaid_expiry,
        authorization_lifetime=settings.authorization_lifetime * 86_400,
        renew_before=min(settings.authorization_renewal, settings.authorization_lifetime / 2) * 86_400,
        deliver_within=settings.delivery_deadline * 86_400,
        on_lost=None if settings.on_lost == "ask" else LostAnswer(settings.on_lost),
    )


async def connect_temporal(settings: Settings) -> Client:
    """Wait for Temporal, visibly, and connect.

    Payloads on the loopback are not worth compressing; across machines they are.
    """
    local = settings.temporal_target.startswith(("127.", "localhost:"))
    return await wait_for(
        f"Temporal at {settings.temporal_target}",
        lambda: Client.connect(
            settings.temporal_target,
            namespace=settings.temporal_namespace,
            data_converter=DATA_CONVERTER,
            grpc_compression=GrpcCompression.NONE if local else GrpcCompression.GZIP,
        ),
    )


async def connect_database(settings: Settings, dsn: str, *, name: str) -> asyncpg.Pool:
    """Wait for Postgres, visibly, and open a pool."""
    return await wait_for(
        server_at("PostgreSQL", dsn), lambda: open_pool(dsn, size=settings.database_pool, name=name)
    )


async def await_database(settings: Settings) -> None:
    """Wait for Postgres, visibly: for what then opens a connection of its own."""
    at = server_at("PostgreSQL", settings.dsn)
    await (await wait_for(at, lambda: asyncpg.connect(settings.dsn, timeout=CONNECT_TIMEOUT))).close()


@dataclass(frozen=True, slots=True)
class Backend:
    """What a process that appends is made of."""

    pool: asyncpg.Pool
    codec: Codec
    store: PostgresEventStore
    snapshots: Snapshots
    keys: PostgresCustomerKeys


@asynccontextmanager
async def open_backend(settings: Settings, *, name: str) -> AsyncIterator[Backend]:
    masters = master_keys(settings)
    pool = await connect_database(settings, settings.dsn, name=name)
    events = codec()
    store = PostgresEventStore(
        pool,
        events,
        append_batch=settings.append_batch,
        append_queue=settings.append_queue,
        in_flight=settings.append_in_flight,
    )
    snapshots = Snapshots(PostgresSnapshots(pool))
    keys = PostgresCustomerKeys(pool, masters, keep=settings.customer_key_seconds)
    try:
        async with keys.following(settings.dsn):
            yield Backend(pool, events, store, snapshots, keys)
    finally:
        await snapshots.close()
        await store.close()
        await pool.close()


def command_gateway(settings: Settings, temporal: Client, backend: Backend) -> CommandGateway:
    return CommandGateway(
        temporal=temporal,
        store=backend.store,
        snapshots=backend.snapshots,
        vault=Vault(backend.keys),
        policies=step_policies(settings),
        warehouses=settings.warehouse_codes,
        timeout=settings.placing_timeout,
    )
