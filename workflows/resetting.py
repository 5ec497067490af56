"""A run that somebody reset in Temporal: what it did after that point stands in the stream, and not in the run."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from temporalio import workflow

R = TypeVar("R")


class Life(Generic[R]):
    """The work of a run, which a reset ends: the workflow then goes on as another run, from its stream.

    `going_on` tells whether there is anything yet that another run would take up.
    """

    def __init__(self, going_on: Callable[[], bool] = lambda: True) -> None:
        self._going_on = going_on
        self._task: asyncio.Task[R] | None = None
        self.was_reset = False
        workflow.register_random_seed_callback(self._end)  # a run that was reset gets another seed

    def begin(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        self._task = asyncio.create_task(work)
        if self.was_reset:
            self._task.cancel()
        return self._task

    async def or_anew(self, work: Coroutine[Any, Any, R], given: object) -> R:
        """Live to the end; after a reset, go on as another run that is given this."""
        life = self.begin(work)
        await workflow.wait_condition(life.done)
        if self.was_reset:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(given)
        return await life

    def _end(self, _seed: int) -> None:
        if self._going_on():
            self.was_reset = True
            if self._task is not None:
                self._task.cancel()
