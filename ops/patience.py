"""Waiting for a dependency that is away: visibly, and without end."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

T = TypeVar("T")
log = structlog.get_logger(__name__)


async def wait_for(what: str, connect: Callable[[], Awaitable[T]]) -> T:
    """Call `connect` until it works; say what is waited for, and why, on every failure."""

    def say(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning(f"waiting for {what}", attempt=state.attempt_number, error=str(error) or repr(error))

    async for attempt in AsyncRetrying(
        wait=wait_exponential(multiplier=0.1, max=5),
        retry=retry_if_exception_type(Exception),
        before_sleep=say,
    ):
        with attempt:
            return await connect()
    raise AssertionError("unreachable")
