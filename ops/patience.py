"""Waiting for a dependency that is away: visibly; a service without end, a command that ends for a while."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from ops.config import Settings

T = TypeVar("T")
log = structlog.get_logger(__name__)

_limit: ContextVar[float | None] = ContextVar("limit", default=None)


class ServerAway(Exception):
    """A server did not answer for as long as a command waits; `str()` is one line for a person."""


def run_once(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Run what does its work and ends, as opposed to a service: it gives up on a server that stays away.

    Raises:
        ServerAway: a server was away for `WAYBILL_SERVER_WAIT` seconds.
    """

    async def bounded() -> T:
        _limit.set(settings.server_wait)
        return await work

    return asyncio.run(bounded())


def server_at(name: str, url: str) -> str:
    """A server for messages: its host and port alone, as the rest of the URL may hold a password."""
    where = urlsplit(url).netloc.rpartition("@")[2]
    return f"{name} at {where}" if where else name


async def wait_for(what: str, connect: Callable[[], Awaitable[T]]) -> T:
    """Call `connect` until it works; say what is waited for, and why, on every failure.

    Raises:
        ServerAway: within `run_once` alone.
    """
    limit, last = _limit.get(), "no answer"

    def say(state: RetryCallState) -> None:
        nonlocal last
        error = state.outcome.exception() if state.outcome else None
        last = str(error) or repr(error)
        if limit is None:
            log.warning(f"waiting for {what}", attempt=state.attempt_number, error=last)
        elif state.attempt_number == 1 and sys.stderr.isatty():  # standard output is the command's answer
            sys.stderr.write(f"waiting for {what}, {limit:g} s at most\n")

    bound = asyncio.timeout(limit)
    try:
        async with bound:
            return await _until_it_works(connect, say)
    except TimeoutError as error:
        if not bound.expired():
            raise
        why = " ".join(last.split())
        raise ServerAway(f"{what} did not answer for {limit:g} s (WAYBILL_SERVER_WAIT): {why}") from error


async def _until_it_works(connect: Callable[[], Awaitable[T]], say: Callable[[RetryCallState], None]) -> T:
    async for attempt in AsyncRetrying(
        wait=wait_exponential(multiplier=0.1, max=5),
        retry=retry_if_exception_type(Exception),
        before_sleep=say,
    ):
        with attempt:
            return await connect()
    raise AssertionError("unreachable")
