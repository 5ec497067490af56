"""How often a caller may ask: sliding windows of a minute in Redis, counted by `limits` (ADR 0023).

A caller is an issuer's subject in a role; one without a token is its address. Redis holds digests of both. When it
cannot be asked the request goes through: it is better to serve too much than nothing.
"""

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.strategies import RateLimiter
from prometheus_client import CollectorRegistry, Counter
from starlette.requests import HTTPConnection

from api.auth import Principal, Role
from api.errors import Problem

log = structlog.get_logger(__name__)

WINDOW: Final = 60  # seconds
ANSWERED: Final = "waybill.rate"
"""Where a request's scope holds the headers that its answer gets."""

PATIENCE: Final = 0.25  # seconds that Redis may take to count
REST: Final = 1.0  # seconds for which it is not asked again after it could not be

RATED: Final = (*Role, "anonymous")

Headers = Mapping[str, str]


class RateMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.refused = Counter(
            "waybill_rate_limited_requests", "Requests refused with 429", ("policy",), registry=registry
        )
        self.uncounted = Counter(
            "waybill_rate_uncounted_requests",
            "Requests let through because Redis could not be asked",
            registry=registry,
        )


@dataclass(slots=True)
class Rates:
    """Requests a minute by role, and `anonymous`. A role that is not there is not limited."""

    limiter: RateLimiter
    per_minute: Mapping[str, int]
    metrics: RateMetrics = field(default_factory=lambda: RateMetrics(CollectorRegistry()))
    patience: float = PATIENCE
    _resting_until: float = 0.0

    async def count(self, connection: HTTPConnection, caller: Principal | None) -> None:
        """Count a request, and leave the headers that tell what remains for its answer.

        Raises Problem (`too-many-requests`), with Retry-After.
        """
        policy = caller.role if caller else "anonymous"
        limit = self.per_minute.get(policy, 0)
        if not limit:
            return
        if time.monotonic() < self._resting_until:
            self.metrics.uncounted.inc()
            return
        item = RateLimitItemPerMinute(limit, namespace=policy)
        try:
            async with asyncio.timeout(self.patience):
                allowed, stats = await self._hit(item, _digest(connection, caller))
        except Exception as error:  # whatever it is: who asks must not suffer from a counter
            self._rest(error)
            return
        after = min(WINDOW, max(1, math.ceil(stats[0] - time.time())))
        headers = told(policy, limit, stats[1] if allowed else 0, after)
        connection.scope[ANSWERED] = headers
        if not allowed:
            self.metrics.refused.labels(policy).inc()
            detail = f"{limit} requests a minute are accepted of {_who(caller)}"
            raise Problem("too-many-requests", detail, headers={"Retry-After": str(after)})

    async def _hit(self, item: RateLimitItemPerMinute, who: str) -> tuple[bool, tuple[float, int]]:
        allowed = await self.limiter.hit(item, who)
        return allowed, await self.limiter.get_window_stats(item, who)

    def _rest(self, error: Exception) -> None:
        self.metrics.uncounted.inc()
        self._resting_until = time.monotonic() + REST
        log.warning("requests are not counted, and let through", error=repr(error))


def told(policy: str, limit: int, remaining: int, reset: int) -> Headers:
    """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
    return {
        "RateLimit-Policy": f'"{policy}";q={limit};w={WINDOW}',
        "RateLimit": f'"{policy}";r={remaining};t={reset}',
    }


def _who(caller: Principal | None) -> str:
    return f"the role {caller.role}" if caller else "callers without a token"


def _digest(connection: HTTPConnection, caller: Principal | None) -> str:
    client = connection.client
    parts = (caller.issuer, caller.subject) if caller else (client.host if client else "",)
    return sha256("|".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:32]
