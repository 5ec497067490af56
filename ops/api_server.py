"""The API process: the app, wired to the gateway, the read models and the keys."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta

import asyncpg
import uvicorn
from fastapi import FastAPI
from jwt import PyJWKClient
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy import exc
from temporalio.client import Client

from activities.gateways.credit import METHOD
from api.app import create_app
from api.auth import RemoteKeys, StaticKeys, TokenVerifier
from api.dead_letters import Messaging
from api.dependencies import ApiDependencies, ReadinessCheck
from api.live import Feed
from api.owners import Owners
from api.rates import RATED, RateMetrics, Rates
from api.rules import ApiRules, Screening
from domain.returns.events import ReturnTerms
from domain.rma import ReturnRules
from eventstore.history import PostgresHistory
from eventstore.sequencer import watermark
from eventstore.store import StoreUnavailable
from eventstore.subscription import PostgresLog
from eventstore.vault import Vault
from messaging.dead_letters import DeadLetters
from messaging.mails.log import MailLog
from messaging.routing import Routes
from messaging.subscriptions import Subscriptions
from ops.audit_trail import PostgresTrail, lost_counter
from ops.bootstrap import Backend, command_gateway, connect_temporal, open_backend, step_policies
from ops.config import Settings
from ops.exports import PostgresExports
from ops.identity import dev_issuer
from ops.keys import master_keys
from ops.services import read_engine
from ops.stripe_inbox import StripeInbox
from ops.webhooks import open_courier, webhooks
from readmodels.control import Control
from readmodels.insight_queries import InsightModels
from readmodels.queries import ReadModels
from workflows.case_commands import CaseCommands
from workflows.drafts import DraftCommands
from workflows.refund_commands import RefundCommands

FEED_POLL = 1.0  # seconds; a notification comes sooner
KEEP_ALIVE_SECONDS = 60  # longer than clients keep an idle connection, so that none is closed under a new request
SHUTDOWN_SECONDS = 8
REDIS_TIMEOUT = 2
OUTAGES = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    StoreUnavailable,
    exc.InterfaceError,
    exc.OperationalError,
    exc.TimeoutError,
    RedisConnectionError,
    RedisTimeoutError,
)


async def run_api(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the API until `stop` is set."""
    async with AsyncExitStack() as stack:
        backend = await stack.enter_async_context(open_backend(settings, name="waybill-api"))
        temporal = await connect_temporal(settings)
        engine = read_engine(settings)
        stack.push_async_callback(engine.dispose)
        redis = Redis.from_url(
            settings.redis_dsn, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT
        )
        stack.push_async_callback(redis.aclose)
        log = PostgresLog(backend.pool, backend.codec, dsn=settings.dsn, poll=FEED_POLL)
        feed = Feed(log, Owners(backend.store))
        vault, registry = Vault(backend.keys), CollectorRegistry()
        courier = await stack.enter_async_context(
            open_courier(settings, engine, backend.codec, vault, master_keys(settings))
        )
        trail = PostgresTrail(engine, settings.audit_days, lost_counter(registry).inc)
        app = create_app(
            ApiDependencies(
                gateway=command_gateway(settings, temporal, backend),
                cases=CaseCommands(temporal, settings.placing_timeout),
                refunds=RefundCommands(
                    temporal, backend.store, vault, settings.placing_timeout, step_policies(settings)
                ),
                drafts=DraftCommands(backend.store, vault),
                rates=request_rates(settings, redis, registry),
                registry=registry,
                stripe=stripe_inbox(settings, temporal),
                queries=ReadModels(engine),
                insight=InsightModels(engine),
                projections=Control(engine),
                vault=vault,
                keys=backend.keys,
                history=PostgresHistory(backend.pool, backend.codec),
                verifier=token_verifier(settings),
                rules=api_rules(settings),
                readiness=_readiness(backend, temporal, redis),
                feed=feed,
                carrier_secrets={"simulated": settings.carrier_webhook_secret.get_secret_value()},
                messaging=Messaging(
                    DeadLetters(redis, engine, limit=settings.dead_letters),
                    Subscriptions(redis, Routes().contexts),
                ),
                webhooks=webhooks(settings, courier),
                trail=trail,
                exports=PostgresExports(engine, settings.export_days),
                mails=MailLog(engine),
                outages=OUTAGES,
                watermark=lambda: watermark(backend.pool),
            )
        )
        following = asyncio.create_task(feed.run())
        stack.push_async_callback(_ended, following)
        stack.push_async_callback(_ended, asyncio.create_task(trail.run()))
        server = _server(app, settings)
        serving = asyncio.create_task(server.serve())
        told = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, told], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        told.cancel()
        await serving


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def stripe_inbox(settings: Settings, temporal: Client) -> StripeInbox | None:
    secret = settings.stripe_webhook_secret
    return StripeInbox(temporal, secret.get_secret_value()) if secret else None


def request_rates(settings: Settings, redis: Redis, registry: CollectorRegistry) -> Rates:
    storage = RedisStorage(
        f"async+{settings.redis_dsn}",
        implementation="redispy",
        key_prefix="waybill:rate",
        connection_pool=redis.connection_pool,  # type: ignore[arg-type]
    )
    per_minute = {name: getattr(settings, f"rate_{name}") for name in RATED}
    return Rates(SlidingWindowCounterRateLimiter(storage), per_minute, RateMetrics(registry))


def token_verifier(settings: Settings) -> TokenVerifier:
    """Keys from the issuer's JWKS where there is one, else the development issuer's."""
    url = settings.jwks_url
    keys = RemoteKeys(PyJWKClient(url)) if url else StaticKeys(dev_issuer(settings).jwks())
    return TokenVerifier(keys, issuer=settings.jwt_issuer, audience=settings.jwt_audience)


def api_rules(settings: Settings) -> ApiRules:
    return ApiRules(
        currencies=settings.currencies,
        shipping=settings.shipping_fees,
        tax_rates=settings.tax_rates,
        max_lines=settings.max_lines_per_order,
        max_quantity=settings.max_quantity_per_line,
        max_order_value=settings.max_order_value,
        max_body_bytes=settings.max_body_bytes,
        read_wait=settings.read_wait,
        payment_methods=settings.payment_methods | {METHOD} if settings.payment_gateway == "simulator" else None,
        introspection=settings.graphql_introspection,
        graphiql=settings.graphql_ide,
        request_timeout=settings.request_timeout,
        compress_from=settings.compress_from,
        cors_origins=settings.cors_origins,
        screening=Screening(
            total=settings.screening_total,
            orders=settings.screening_orders,
            window=settings.screening_window,
            open_total=settings.screening_open_total,
            new_country=settings.screening_new_country,
        ),
        returns=ReturnRules(
            window=timedelta(days=settings.return_window_days),
            terms=ReturnTerms(settings.restocking_fee, settings.refund_shipping, settings.return_labels),
            auto_approve=settings.return_auto_approve,
        ),
    )


def _readiness(backend: Backend, temporal: Client, redis: Redis) -> Mapping[str, ReadinessCheck]:
    return {
        "postgres": lambda: backend.pool.fetchval("SELECT 1"),
        "temporal": temporal.service_client.check_health,
        "redis": redis.ping,
    }


class _Server(uvicorn.Server):
    """Uvicorn, with the signals left to the process."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    return _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            lifespan="on",
        )
    )
