"""The semantic lock of an order: one change at a time, however many steps it takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.interceptor import to_application_error
    from domain.errors import NotAllowed

PATIENCE: Final = timedelta(seconds=2)


class Turn:
    """A lock, taken: `async with` gives it back."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


class Turns:
    """Changes of one order, in the order in which they were asked for. They never interleave."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._beside = asyncio.Lock()  # for those who do not wait for a change that takes long
        self._present: str | None = None
        self._long = False

    @property
    def under_way(self) -> bool:
        return self._lock.locked() or self._beside.locked()

    @asynccontextmanager
    async def one(
        self, name: str, *, patience: timedelta | None = PATIENCE, long: bool = False, beside: bool = False
    ) -> AsyncIterator[None]:
        """Hold the order for one change.

        Args:
            name: What is shown to those who come meanwhile.
            patience: How long to wait for the change that is under way; None for as long as it takes.
            long: Whether it may wait for somebody outside, or for an operator.
            beside: Whether it may come between the steps of a long one, as an operator's answer must.

        Raises:
            ApplicationError: `order-busy`: another change took longer than that.
        """
        if beside and self._long:
            async with self._beside:
                yield
            return
        await self._acquire(patience)
        self._present, self._long = name, long
        try:
            yield
        finally:
            self._present, self._long = None, False
            self._lock.release()

    async def _acquire(self, patience: timedelta | None) -> None:
        if patience is None or not self._lock.locked():  # a timer costs history, so that none is set for nothing
            await self._lock.acquire()
            return
        try:
            await asyncio.wait_for(self._lock.acquire(), patience.total_seconds())
        except TimeoutError:
            raise to_application_error(
                NotAllowed(
                    f"another change of the order is under way ({self._present}); try again when it is done",
                    code="order-busy",
                    details={"change": self._present},
                )
            ) from None
