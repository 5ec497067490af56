"""For what runs and watches the process: is it alive, can it work, what did it do."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel, ConfigDict

from api.consuming import consuming_metrics
from api.dependencies import Deps, ReadinessCheck
from api.lag import LagMetrics
from api.openapi import problems
from api.rest.representations import answer

router = APIRouter(tags=["health"])

CHECK_TIMEOUT: Final = 2.0  # seconds


_READY: Final[dict[str, Any]] = {"ok": True, "dependencies": {"database": {"ok": True, "detail": "reached"}}}
_AWAY: Final[dict[str, Any]] = {
    "ok": False,
    "dependencies": {"database": {"ok": False, "detail": "no answer in 2 s"}},
}


class AliveOut(BaseModel):
    ok: bool


class DependencyOut(BaseModel):
    ok: bool
    detail: str


class ReadyOut(BaseModel):
    """Each dependency by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [_READY, _AWAY]})

    ok: bool
    dependencies: dict[str, DependencyOut]


@router.get("/livez", response_model=AliveOut, openapi_extra=problems(example={"ok": True}))
async def check_alive() -> Response:
    """The process answers. Says nothing of what it depends on."""
    return answer(AliveOut(ok=True))


@router.get(
    "/readyz",
    response_model=ReadyOut,
    responses={503: {"model": ReadyOut, "description": "A dependency is down"}},
    openapi_extra=problems(example=_READY),
)
async def check_ready(deps: Deps) -> Response:
    """Whether everything that requests need can be reached."""
    checked = await asyncio.gather(*map(_check, deps.readiness.values()))
    found = dict(zip(deps.readiness, checked, strict=True))
    ok = all(item.ok for item in checked)
    return answer(ReadyOut(ok=ok, dependencies=found), 200 if ok else 503)


async def _check(check: ReadinessCheck) -> DependencyOut:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            await check()
    except TimeoutError:
        return DependencyOut(ok=False, detail=f"no answer within {CHECK_TIMEOUT:g} s")
    except Exception as error:  # whatever it is, the dependency is down; messages may hold addresses
        return DependencyOut(ok=False, detail=type(error).__name__)
    return DependencyOut(ok=True, detail="reached")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, deps: Deps) -> Response:
    """This process's own measurements, and the log's state as far as it can be asked for."""
    lag: LagMetrics = request.app.state.lag
    await lag.refresh(deps.queries)
    beside = await asyncio.gather(_log_metrics(deps), consuming_metrics(deps.messaging))
    return Response(b"".join((generate_latest(deps.registry), *beside)), media_type=CONTENT_TYPE_LATEST)


async def _log_metrics(deps: Deps) -> bytes:
    if deps.watermark is None:
        return b""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            found = await deps.watermark()
    except TimeoutError:
        return b""  # a series that ends says it better than a number that is not true any more
    except deps.outages:
        return b""
    registry = CollectorRegistry()
    Gauge("waybill_log_head", "Last position of the log", registry=registry).set(found.head)
    Gauge("waybill_log_waiting_events", "Events without a position yet", registry=registry).set(found.waiting)
    age = Gauge("waybill_log_waiting_seconds", "Age of the oldest event without a position", registry=registry)
    age.set(found.seconds)
    if holder := found.holder:
        held = Gauge(
            "waybill_log_held_seconds",
            "Age of the transaction that holds the log back",
            ("database", "application", "pid", "state"),
            registry=registry,
        )
        labels = (holder.database, holder.application or "", str(holder.pid or ""), holder.state)
        held.labels(*labels).set(holder.seconds)
    return generate_latest(registry)
