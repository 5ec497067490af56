"""How other services' events fare, as metrics, taken when they are asked for."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from api.dead_letters import Messaging
from messaging.subscriptions import RouteCount, Subscription

log = structlog.get_logger(__name__)

TIMEOUT: Final = 2.0  # seconds
GAUGES: Final = (
    ("waybill_subscriber_lag_events", "Events of the stream that are not read yet", "lag"),
    ("waybill_subscriber_pending_events", "Events that are read, and neither handled nor dead", "pending"),
    ("waybill_subscriber_reading", "Whether a subscriber reads the stream now: 1 or 0", "consumed"),
)


async def consuming_metrics(messaging: Messaging) -> bytes:
    """Of Redis and of PostgreSQL, each as far as it can be asked: better no series than an old value."""
    registry = CollectorRegistry()
    await asyncio.gather(_of_redis(messaging, registry), _of_postgres(messaging, registry))
    return generate_latest(registry)


async def _of_redis(messaging: Messaging, registry: CollectorRegistry) -> None:
    try:
        async with asyncio.timeout(TIMEOUT):
            streams, routes = await messaging.subscriptions.list(), await messaging.subscriptions.routes()
    except Exception as error:  # the other metrics are wanted most when something is down
        log.warning("no subscriptions to tell", error=type(error).__name__)
    else:
        _streams(streams, registry)
        _routes(routes, registry)


async def _of_postgres(messaging: Messaging, registry: CollectorRegistry) -> None:
    try:
        async with asyncio.timeout(TIMEOUT):
            letters = await messaging.letters.by_stream()
    except Exception as error:
        log.warning("no dead letters to tell", error=type(error).__name__)
    else:
        _letters(letters, registry)


def _streams(streams: Sequence[Subscription], registry: CollectorRegistry) -> None:
    for name, text, attribute in GAUGES:
        gauge = Gauge(name, text, ["stream"], registry=registry)
        for each in streams:
            gauge.labels(each.stream).set(getattr(each, attribute))


def _routes(routes: Sequence[RouteCount], registry: CollectorRegistry) -> None:
    text = "Events handled, tried again and given up, by type; the type is empty where nothing handles them"
    counter = Counter("waybill_subscriber_events", text, ["stream", "type", "outcome"], registry=registry)
    for each in routes:
        counter.labels(each.stream, each.type, each.outcome).inc(each.count)


def _letters(letters: Mapping[str, int], registry: CollectorRegistry) -> None:
    gauge = Gauge("waybill_dead_letters", "Dead letters that nobody has settled", ["stream"], registry=registry)
    for stream, count in letters.items():
        gauge.labels(stream).set(count)
