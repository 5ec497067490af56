"""Group commit: concurrent appends of one process share transactions.

There is no timer. A batch leaves as soon as a slot is free, with everything that is ready then: an idle process
commits at once, a busy one in groups. Requests that share a stream go one after another, in the order they
came, because the second one's result depends on the first one's.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eventstore.store import StoreOverloaded, StoreUnavailable

Request = TypeVar("Request")
Result = TypeVar("Result")

WORTH_SPLITTING = 16
"""Batches below this weight are not made smaller: a transaction costs as much as some ten events in it."""

Commit = Callable[[Sequence[Request]], Awaitable[Sequence[Result | Exception]]]
"""Commits a batch whose requests share no stream; gives one result or exception per request, in order."""


@dataclass(eq=False, slots=True)
class _Pending(Generic[Request, Result]):
    request: Request
    streams: frozenset[str]
    weight: int
    answer: asyncio.Future[Result]
    behind: int = 0  # streams on which another request goes first


class GroupCommit(Generic[Request, Result]):
    """A queue of requests in front of `commit`.

    Args:
        commit: Writes one batch. It outlives the callers: cancelling one never stops a batch.
        batch: Most requests in a batch.
        weight: Most weight in a batch of several requests; one alone may weigh more.
        queue: Most requests waiting or in flight; more are refused.
        in_flight: Most batches being committed at once.
    """

    def __init__(
        self, commit: Commit[Request, Result], *, batch: int, queue: int, in_flight: int, weight: int = 2000
    ) -> None:
        self._commit = commit
        self._batch, self._queue, self._in_flight, self._weight = batch, queue, in_flight, weight
        self._lines: dict[str, deque[_Pending[Request, Result]]] = {}  # per stream; the first may go
        self._ready: deque[_Pending[Request, Result]] = deque()
        self._ready_weight = 0
        self._running: set[asyncio.Task[None]] = set()
        self._size = 0
        self._start_scheduled = False
        self._closed = False

    async def submit(self, request: Request, streams: frozenset[str], weight: int = 1) -> Result:
        """Queue a request and wait for its result; raises its exception. `weight` is its share of a batch's cost.

        Raises:
            StoreOverloaded: the queue is full.
            StoreUnavailable: closed.
        """
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if self._size >= self._queue:
            raise StoreOverloaded(self._size, self._queue)
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        pending = _Pending(request, streams, weight, answer)
        self._enter(pending)
        return await answer

    async def close(self) -> None:
        """Refuse new requests and wait for the ones that were taken."""
        self._closed = True
        while self._size:
            self._start()
            await asyncio.wait(self._running) if self._running else await asyncio.sleep(0)

    def _enter(self, pending: _Pending[Request, Result]) -> None:
        self._size += 1
        for stream in pending.streams:
            if line := self._lines.get(stream):
                line.append(pending)
                pending.behind += 1
            else:
                self._lines[stream] = deque((pending,))
        if not pending.behind:
            self._make_ready(pending)

    def _leave(self, pending: _Pending[Request, Result]) -> None:
        self._size -= 1
        for stream in pending.streams:
            line = self._lines[stream]
            line.popleft()
            if not line:
                del self._lines[stream]
                continue
            line[0].behind -= 1
            if not line[0].behind:
                self._make_ready(line[0])

    def _make_ready(self, pending: _Pending[Request, Result]) -> None:
        self._ready.append(pending)
        self._ready_weight += pending.weight
        if not self._start_scheduled:
            # At the end of this turn of the loop, so that everything submitted in it shares the batch.
            self._start_scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._start_scheduled = False
        while self._ready and (free := self._in_flight - len(self._running)):
            # Callers answered together ask again together. Dealt out over the free slots they keep all slots busy,
            # this process and the database working at the same time; in one batch they would take turns.
            batch = self._take(max(WORTH_SPLITTING, -(-self._ready_weight // free)))
            if batch:
                task = asyncio.get_running_loop().create_task(self._run(batch))
                self._running.add(task)

    def _take(self, share: int) -> list[_Pending[Request, Result]]:
        """The next batch: up to `share` in weight, and the limits."""
        batch: list[_Pending[Request, Result]] = []
        room = min(share, self._weight)
        while self._ready and len(batch) < self._batch and (room >= self._ready[0].weight or not batch):
            pending = self._ready.popleft()
            self._ready_weight -= pending.weight
            if pending.answer.cancelled():  # nobody waits and nothing was sent
                self._leave(pending)
            else:
                batch.append(pending)
                room -= pending.weight
        return batch

    async def _run(self, batch: list[_Pending[Request, Result]]) -> None:
        task = asyncio.current_task()
        results: Sequence[Result | Exception] = []
        try:
            results = await self._commit([pending.request for pending in batch])
        except Exception as error:
            results = [error] * len(batch)
        except asyncio.CancelledError:
            results = [StoreUnavailable("the store was stopped")] * len(batch)
            raise
        finally:
            if task is not None:
                self._running.discard(task)
            for pending, result in zip(batch, results, strict=True):
                _answer(pending.answer, result)
                self._leave(pending)
            self._start()


def _answer(answer: asyncio.Future[Result], result: Result | Exception) -> None:
    if answer.done():  # its caller was cancelled; the append stands all the same
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
