"""Going on while the database is away: for reads, and for writes that may be repeated."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from eventstore.connections import is_lost
from eventstore.store import StoreUnavailable

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0

T = TypeVar("T")


class Patience:
    """Repeats idempotent work while the database is away, up to `seconds` from when it was lost.

    Once they are over, each piece of work is tried once and fails at once: a long queue must not wait out the time
    limit batch by batch. A success ends that, and so does a pause: trouble after it is new trouble.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._away_since: float | None = None
        self._last_failure = 0.0

    async def persist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work and give its result; raises its errors.

        Raises:
            StoreUnavailable: the database stayed away.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                done = await work()
                self._away_since = None
                return done
            except Exception as error:
                if not is_lost(error):
                    raise
                self._give_up_or_log(error, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _give_up_or_log(self, error: Exception, pause: float) -> None:
        now = asyncio.get_running_loop().time()
        if self._away_since is None or now - self._last_failure > self._seconds:
            self._away_since = now
        self._last_failure = now
        if now + pause > self._away_since + self._seconds:
            raise StoreUnavailable(f"the database is away: {error!r}") from error
        log.warning("database away, trying again", error=repr(error), seconds=pause)
