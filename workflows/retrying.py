"""The shape of what is tried again and again, with pauses that the step itself asks for, until it has worked."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy

WITHOUT_END: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Of the step itself, which fails only where our own database is away."""

Attempt = Callable[[], Awaitable[float | None]]
"""Gives the seconds after which it is to be asked again, or None when there is nothing left to do."""


class Retrying:
    """A workflow that is a loop of attempts. A signal of its own may tell it of more to do."""

    def __init__(self) -> None:
        self._told, self._hurried = True, False

    async def _until_done(self, attempt: Attempt) -> bool:
        """Whether all is done; False where the history is long, and a new run is to go on."""
        while True:
            self._told = False
            again = await attempt()
            if again is None and not self._told:
                return True
            await self._rest(again or 0)
            if workflow.info().is_continue_as_new_suggested():
                return False

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._hurried, timeout=seconds)
        self._hurried = False

    def _tell(self, *, hurried: bool) -> None:
        self._told, self._hurried = True, self._hurried or hurried
