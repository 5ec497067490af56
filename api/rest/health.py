"""For what runs and watches the process: is it alive, can it work, what did it do."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.dependencies import Deps, ReadinessCheck
from api.lag import LagMetrics
from api.openapi import problems
from api.rest.representations import answer

router = APIRouter(tags=["health"])

CHECK_TIMEOUT: Final = 2.0  # seconds


class AliveOut(BaseModel):
    ok: bool


class DependencyOut(BaseModel):
    ok: bool
    detail: str


class ReadyOut(BaseModel):
    """Each dependency by name."""

    ok: bool
    dependencies: dict[str, DependencyOut]


_READY: Final = {"ok": True, "dependencies": {"database": {"ok": True, "detail": "reached"}}}


@router.get("/livez", response_model=AliveOut, openapi_extra=problems(example={"ok": True}))
async def alive() -> Response:
    """The process answers. Says nothing of what it depends on."""
    return answer(AliveOut(ok=True))


@router.get(
    "/readyz",
    response_model=ReadyOut,
    responses={503: {"model": ReadyOut, "description": "A dependency is down"}},
    openapi_extra=problems(example=_READY),
)
async def ready(deps: Deps) -> Response:
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
    lag: LagMetrics = request.app.state.lag
    await lag.refresh(deps.queries)
    return Response(generate_latest(deps.registry), media_type=CONTENT_TYPE_LATEST)
