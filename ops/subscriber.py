"""The subscriber process: what other services publish, as commands; what happened to orders, as webhooks."""

import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import asyncpg
import structlog
from redis.asyncio import Redis
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError

from eventstore.store import StoreOverloaded, StoreUnavailable, WrongExpectedVersion
from eventstore.vault import Vault
from messaging import inbox
from messaging.dead_letters import DeadLetters
from messaging.effects import CommandEffect
from messaging.routing import Routes
from messaging.subscriber import Subscriber, SubscriberLimits
from messaging.subscriptions import inbound_streams
from messaging.tasks import end
from messaging.webhooks.courier import Courier
from messaging.webhooks.effect import GROUP, LaneBusy, Retries, WebhookEffect, outbound_streams
from ops.bootstrap import command_gateway, connect_temporal, open_backend, utc_now
from ops.config import Settings
from ops.inbound import EventCommands
from ops.keys import master_keys
from ops.mails import MailWorkflows, keep_tidy, mail_subscriber, post
from ops.services import connect_redis, read_engine
from ops.webhooks import CONTEXTS, RetryWorkflows, open_courier, prune_log, sweep
from workflows.errors import CommandTimeout, CommandUnavailable

CONSUMER: Final = "waybill"
PRUNE_SECONDS: Final = 3600
# What says nothing about the event: it is waited out, however long that takes.
TRANSIENT: Final[tuple[type[Exception], ...]] = (
    CommandTimeout,
    CommandUnavailable,
    StoreOverloaded,
    StoreUnavailable,
    WrongExpectedVersion,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    exc.InterfaceError,
    exc.OperationalError,
    exc.TimeoutError,
    RPCError,
)

log = structlog.get_logger(__name__)


async def run_subscriber(settings: Settings, stop: asyncio.Event) -> None:
    """Consume until `stop`, and finish what is in hand."""
    async with AsyncExitStack() as stack:
        backend = await stack.enter_async_context(open_backend(settings, name="waybill-subscriber"))
        temporal = await connect_temporal(settings)
        engine = read_engine(settings)
        stack.push_async_callback(engine.dispose)
        redis = await stack.enter_async_context(connect_redis(settings))
        commands = EventCommands(command_gateway(settings, temporal, backend), backend.store)
        routes = Routes()
        letters = DeadLetters(redis, engine, limit=settings.dead_letters)
        subscriber = Subscriber(
            redis,
            partial(inbound_streams, redis, routes.contexts),
            CONSUMER,
            CommandEffect(engine, CONSUMER, routes, commands),
            letters,
            subscriber_limits(settings),
        )
        courier = await stack.enter_async_context(
            open_courier(settings, engine, backend.codec, Vault(backend.keys), master_keys(settings))
        )
        retries = RetryWorkflows(temporal)
        beside = [
            asyncio.create_task(prune_inbox(engine, settings)),
            asyncio.create_task(prune_log(courier.lanes, settings.webhook_log_days)),
            asyncio.create_task(sweep(courier.lanes, retries, pause=settings.webhook_sweep)),
        ]
        subscribers = [subscriber, webhook_subscriber(settings, redis, courier, retries, letters)]
        mails = post(settings, backend.store, Vault(backend.keys), engine)
        if mails is not None:
            again, limits = MailWorkflows(temporal), subscriber_limits(settings)
            subscribers.append(mail_subscriber(settings, redis, mails, again, letters, limits))
            beside.append(asyncio.create_task(keep_tidy(mails.log, again, settings.inbox_days + 1)))
        try:
            await asyncio.gather(*(each.run(stop) for each in subscribers))
        finally:
            await end(beside)


def webhook_subscriber(
    settings: Settings, redis: Redis, courier: Courier, retries: Retries, letters: DeadLetters
) -> Subscriber:
    """Reads what our own relay publishes. It trims nothing: the relay does."""
    limits = subscriber_limits(settings)
    return Subscriber(
        redis,
        lambda: outbound_streams(redis, CONTEXTS, settings.relay_partitions),
        GROUP,
        WebhookEffect(courier, retries),
        letters,
        replace(limits, keep=sys.maxsize, transient=(*limits.transient, LaneBusy)),
        group=GROUP,
        wanted=courier.endpoints.any,
    )


def subscriber_limits(settings: Settings) -> SubscriberLimits:
    return SubscriberLimits(
        in_flight=settings.subscriber_in_flight,
        attempts=settings.subscriber_attempts,
        lease=settings.subscriber_lease,
        keep=settings.stream_length,
        transient=TRANSIENT,
    )


async def prune_inbox(engine: AsyncEngine, settings: Settings) -> None:
    """Forget, now and then, what was handled longer ago than anything is published again."""
    while True:
        try:
            async with engine.begin() as connection:
                forgotten = await inbox.prune(connection, utc_now() - timedelta(days=settings.inbox_days + 1))
            log.info("the inbox is pruned", forgotten=forgotten)
        except (exc.SQLAlchemyError, OSError) as error:
            log.warning("the inbox is pruned later", error=type(error).__name__)
        await asyncio.sleep(PRUNE_SECONDS)
