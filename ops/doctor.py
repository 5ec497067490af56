"""`waybill doctor`: looks at everything Waybill depends on, and says what is wrong and what to do."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg
import httpx
from redis.asyncio import Redis
from rich.console import Console
from temporalio.client import Client

from eventstore.sequencer import watermark
from messaging.webhooks.endpoints import PAUSED, Endpoints
from ops.config import Settings
from ops.keys import master_keys
from ops.search_attributes import check_search_attributes
from ops.services import read_engine
from readmodels.queries import ReadModels

PATIENCE = 3.0
MIN_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `detail` says what was found, or what is wrong."""

    name: str
    healthy: bool
    detail: str


async def examine(settings: Settings) -> Sequence[Finding]:
    """Every finding, each within a few seconds whatever is down."""
    looks: dict[str, Callable[[], Awaitable[str]]] = {
        "Python": _python,
        "disk": lambda: _disk(settings),
        "PostgreSQL": lambda: _postgres(settings.dsn),
        "sequencer": lambda: _sequencer(settings),
        "read models": lambda: _read_models(settings),
        "webhooks": lambda: _webhooks(settings),
        "simulators' database": lambda: _postgres(settings.simulator_dsn),
        "Temporal": lambda: _temporal(settings),
        "Redis": lambda: _redis(settings),
        "API": lambda: _http(f"{settings.api_base_url}/readyz"),
        "payment gateway": lambda: _http(f"{settings.payments_base_url}/livez"),
        "carrier": lambda: _http(f"{settings.carrier_base_url}/livez"),
    }
    return await asyncio.gather(*(_look(name, look) for name, look in looks.items()))


async def _look(name: str, look: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(name, healthy=True, detail=await asyncio.wait_for(look(), PATIENCE))
    except TimeoutError:
        return Finding(name, healthy=False, detail=f"no answer within {PATIENCE:.0f} s")
    except Exception as error:  # whatever is wrong is the finding
        return Finding(name, healthy=False, detail=str(error) or type(error).__name__)


async def _python() -> str:
    return sys.version.split()[0]


async def _disk(settings: Settings) -> str:
    place = settings.data_dir if settings.data_dir.exists() else settings.data_dir.parent
    free = shutil.disk_usage(place).free
    if free < MIN_FREE_BYTES:
        raise OSError(f"only {free // 1_000_000} MB are free on {place}")
    return f"{free // 1_000_000_000} GB free on {place}"


async def _postgres(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        version: str = await connection.fetchval("SHOW server_version")
        held = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            " AND state_change < now() - interval '10 seconds'"
        )
    finally:
        await connection.close()
    return f"{version}, {held} transactions idle for more than 10 s"


async def _sequencer(settings: Settings) -> str:
    async with asyncpg.create_pool(settings.dsn, min_size=1, max_size=1) as pool:
        found = await watermark(pool)
    text = f"head {found.head}, {found.waiting} waiting, oldest for {found.seconds:.1f} s"
    if found.seconds > PATIENCE:
        raise RuntimeError(f"{text}; held back by {found.holder or 'no sequencer running'}")
    return text


async def _read_models(settings: Settings) -> str:
    engine = read_engine(settings)
    try:
        lags = await ReadModels(engine).lag()
    finally:
        await engine.dispose()
    behind = max(lags, key=lambda lag: lag.seconds)
    text = f"{behind.projection} is furthest behind, {behind.events} events, {behind.seconds:.1f} s"
    if parked := [f"{lag.projection} has {lag.parked} keys parked" for lag in lags if lag.parked]:
        raise RuntimeError(f"{', '.join(parked)}: see `waybill projections parked`; {text}")
    if behind.seconds > PATIENCE:
        raise RuntimeError(f"{text}; is a projector running?")
    return text


async def _webhooks(settings: Settings) -> str:
    engine = read_engine(settings)
    try:
        endpoints = await Endpoints(engine, master_keys(settings)).list()
    finally:
        await engine.dispose()
    if paused := [f"{each.endpoint_id} ({each.paused_reason})" for each in endpoints if each.state == PAUSED]:
        raise RuntimeError(f"paused endpoints: {', '.join(paused)}")
    return f"{len(endpoints)} endpoints, none paused"


async def _temporal(settings: Settings) -> str:
    client = await Client.connect(settings.temporal_target, namespace=settings.temporal_namespace)
    await check_search_attributes(client)
    return f"namespace {client.namespace} has the search attributes"


async def _redis(settings: Settings) -> str:
    redis = Redis.from_url(settings.redis_dsn)
    try:
        return f"version {(await redis.info('server'))['redis_version']}"
    finally:
        await redis.aclose()


async def _http(url: str) -> str:
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        response = await client.get(url)
    if not response.is_success:
        raise RuntimeError(f"{url} answers {response.status_code}: {response.text[:200]}")
    return url


def report(findings: Sequence[Finding], console: Console) -> bool:
    """Print them; whether all is well."""
    for finding in findings:
        mark = "[green]ok[/]   " if finding.healthy else "[red]wrong[/]"
        console.print(f"{mark} {finding.name}: ", end="")
        console.print(finding.detail, markup=False)
    return all(finding.healthy for finding in findings)
