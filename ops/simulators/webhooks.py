"""Pushing tracking news to Waybill: signed by Standard Webhooks, with a rest while nobody answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import orjson
import structlog
from standardwebhooks import Webhook

from activities.gateways.protocol import TrackingUpdate
from ops.config import Settings

PATH = "/v1/webhooks/carriers/simulated"
CONCURRENCY = 16
PUSH_TIMEOUT = 10.0  # seconds
MAX_ATTEMPTS = 5  # of a push that is refused by a definite 4xx, before it is dead
RETRIED_4XX = frozenset({408, 409, 425, 429})
AWAY = frozenset({502, 503, 504})
FIRST_BACKOFF, LONGEST_BACKOFF = 0.2, 10.0  # seconds, of one push
FIRST_REST, LONGEST_REST = 0.1, 2.0  # seconds, of all pushes while the receiver is away

log = structlog.get_logger("waybill.simulators")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a push went. `error` is None when it was taken; `retry_at` is None when there is no further attempt."""

    booking: str
    sequence: int
    error: str | None = None
    retry_at: datetime | None = None


class Receiver:
    """The one who is told. While it is away a single push probes for it, so that a backlog costs nothing."""

    def __init__(self, session: aiohttp.ClientSession, url: str, secret: str) -> None:
        self._session, self._url, self._signer = session, url, Webhook(secret)
        self._away = 0
        self._rest_until = 0.0

    @classmethod
    @asynccontextmanager
    async def reached(cls, settings: Settings) -> AsyncIterator["Receiver"]:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONCURRENCY),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=PUSH_TIMEOUT),
        ) as session:
            url = f"{settings.api_base_url.rstrip('/')}{PATH}"
            yield cls(session, url, settings.carrier_webhook_secret.get_secret_value())

    def slots(self, in_flight: int) -> int:
        """How many pushes may be started now."""
        if self._away:
            return 1 if not in_flight and self.rest() <= 0 else 0
        return CONCURRENCY - in_flight

    def rest(self) -> float:
        """Seconds until the next probe while the receiver is away; infinite while it is there."""
        return self._rest_until - asyncio.get_running_loop().time() if self._away else float("inf")

    async def push(self, update: TrackingUpdate, attempts: int) -> Outcome:
        """Push once, after `attempts` attempts before this one."""
        body = orjson.dumps(update, default=str)  # asyncpg's UUIDs are a subclass, which orjson does not write
        try:
            async with self._session.post(
                self._url, data=body, headers=self._headers(update, body), allow_redirects=False
            ) as response:
                status = response.status
                await response.read()  # so that the connection is kept
        except (aiohttp.ClientError, TimeoutError) as error:
            self._note(away=True)
            return _failed(update, attempts, type(error).__name__, final=False)
        self._note(away=status in AWAY)
        if 200 <= status < 300:
            return Outcome(update.booking, update.sequence)
        final = status < 500 and status not in RETRIED_4XX and attempts + 1 >= MAX_ATTEMPTS
        return _failed(update, attempts, f"HTTP {status}", final=final)

    def _headers(self, update: TrackingUpdate, body: bytes) -> dict[str, str]:
        # The id is the same at every attempt (Standard Webhooks: the receiver may use it to drop repeats).
        message, now = f"msg_{update.booking}_{update.sequence}", datetime.now(UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message, now, body.decode()),
        }

    def _note(self, *, away: bool) -> None:
        if not away:
            self._away = 0
            return
        if not self._away:
            log.warning("webhook_receiver_away")
        self._away += 1
        rest = min(FIRST_REST * 2.0 ** min(self._away, 10), LONGEST_REST)
        self._rest_until = asyncio.get_running_loop().time() + rest


def _failed(update: TrackingUpdate, attempts: int, error: str, *, final: bool) -> Outcome:
    if final:
        log.warning("webhook_dead", booking=update.booking, sequence=update.sequence, error=error)
        return Outcome(update.booking, update.sequence, error)
    backoff = timedelta(seconds=min(FIRST_BACKOFF * 2.0 ** min(attempts, 10), LONGEST_BACKOFF))
    return Outcome(update.booking, update.sequence, error, datetime.now(UTC) + backoff)
