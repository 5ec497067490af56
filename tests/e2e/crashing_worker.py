"""Workers that kill themselves at one point of one step; see `main`.

`before`: an append that writes the step's N-th event is about to be made, so the outside effect exists and nothing
tells of it. `after`: the append is committed, and Temporal does not know yet.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from eventstore.store import Appended, EventStore, Recorded, StreamWrite
from ops.config import load_settings
from ops.services import run
from ops.worker import run_worker


class CrashingStore:
    """The real store, with SIGKILL at one append."""

    def __init__(self, store: EventStore, moment: str, prefix: str, number: int) -> None:
        self._store, self._moment, self._prefix, self._number = store, moment, prefix, number
        self._seen: dict[str, int] = {}

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        return await self._store.read_stream(stream_id, after=after, limit=limit)

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        return await self._store.version_of(stream_id, event_id)

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        here = self._is_the_one(writes)
        if here and self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        appended = await self._store.append(writes)
        if here:
            os.kill(os.getpid(), signal.SIGKILL)
        return appended

    def _is_the_one(self, writes: Sequence[StreamWrite]) -> bool:
        step = writes[0].events[0].metadata.get("step", "")
        if not step.startswith(self._prefix):
            return False
        self._seen[step] = self._seen.get(step, -1) + 1
        return self._seen[step] == self._number


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def work(moment: str, prefix: str, number: int) -> None:
    wrap = partial(CrashingStore, moment=moment, prefix=prefix, number=number)
    run(partial(run_worker, wrap=wrap), load_settings(), process="crashing-worker")


def main() -> None:
    """Fork a worker for every line `before|after PREFIX N`, and answer with how it ended.

    Forking spares each of them the seconds of importing; no thread runs here that a fork would lose.
    """
    for line in sys.stdin:
        moment, prefix, number = line.split()
        child = os.fork()
        if not child:
            die_with_parent()
            os.dup2(2, 1)  # the answers go through standard output; Temporal's core logs there
            work(moment, prefix, int(number))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
