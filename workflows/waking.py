"""What wakes an order's workflow by itself. Who only has to act by some time rides on that, and sets no timer."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, TimeoutError, TimeoutType  # noqa: A004 - Temporal's name of it

R = TypeVar("R")


class Timers:
    """When the timers end that the workflow waits for. A timer costs history, and every order pays for it."""

    def __init__(self) -> None:
        self._ends: list[datetime] = []

    @contextmanager
    def during(self, within: timedelta) -> Iterator[None]:
        """A wait of so long is under way."""
        end = workflow.now() + within
        self._ends.append(end)
        try:
            yield
        finally:
            self._ends.remove(end)

    def end_by(self, time: datetime) -> bool:
        """Whether one of them ends by then."""
        return any(end <= time for end in self._ends)


async def until_taken(call: Callable[[], Awaitable[R]]) -> R:
    """Make a call again for as long as its service takes none: a call that waited in its queue did nothing."""
    while True:
        try:
            return await call()
        except ActivityError as failure:
            if not _waited_in_vain(failure):
                raise


def _waited_in_vain(failure: ActivityError) -> bool:
    cause = failure.cause
    return isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START
