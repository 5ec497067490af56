"""Keeps processes running: one that dies is started again, with a line that says so, until it fails too often.

Used for the embedded servers and for Waybill's own processes alike.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from ops.process import Process, ProcessSpec, Say, StackError, describe_exit

MAX_FAILURES = 5
FAILURE_WINDOW = 60.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


class ManagedProcess:
    """One process that is started again whenever it ends by itself."""

    def __init__(self, spec: ProcessSpec, say: Say, give_up: Callable[[str], None]) -> None:
        self.spec = spec
        self._say = say
        self._give_up = give_up
        self._process = Process(spec)
        self._failures: deque[float] = deque(maxlen=MAX_FAILURES)
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id, or nothing while it is down."""
        return self._process.pid

    async def start(self) -> None:
        """Start it, wait until it answers, and watch over it from then on.

        Raises:
            StackError: it ended, or did not answer in time.
        """
        await self._process.start()
        self._watch = asyncio.create_task(self._keep_running(), name=f"supervise {self.spec.name}")

    async def stop(self) -> None:
        """Stop watching and stop it: by its signal, then by SIGKILL after its time limit."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait([self._watch])
            self._watch = None
        await self._process.stop()

    async def _keep_running(self) -> None:
        while True:
            status = await self._process.wait()
            self._say(f"{self.spec.name} ended ({describe_exit(status)}), starting it again")
            if not await self._revive():
                return

    async def _revive(self) -> bool:
        began = time.monotonic()
        while not self._failed_too_often():
            await asyncio.sleep(min(FIRST_PAUSE * 2 ** (len(self._failures) - 1), LONGEST_PAUSE))
            try:
                await self._process.start()
            except (StackError, OSError) as error:
                self._say(str(error))
            else:
                self._say(f"{self.spec.name} is back after {time.monotonic() - began:.1f} s")
                return True
        self._say(
            f"{self.spec.name} failed {MAX_FAILURES} times within {FAILURE_WINDOW:.0f} s and stays down;"
            f" its log says why: {self.spec.log}"
        )
        self._give_up(self.spec.name)
        return False

    def _failed_too_often(self) -> bool:
        now = time.monotonic()
        while self._failures and now - self._failures[0] > FAILURE_WINDOW:
            self._failures.popleft()
        self._failures.append(now)
        return len(self._failures) == MAX_FAILURES


class Supervisor:
    """A group of processes, started as they are given and stopped together in reverse order.

    Args:
        say: takes one line for a person whenever a process dies, comes back or is given up.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._processes: dict[str, ManagedProcess] = {}
        self._given_up: asyncio.Queue[str] = asyncio.Queue()

    @property
    def processes(self) -> dict[str, ManagedProcess]:
        """All of them by name, in the order they were started."""
        return dict(self._processes)

    async def start(self, spec: ProcessSpec) -> ManagedProcess:
        """Start a process, wait until it answers, and keep it running.

        Raises:
            StackError: it ended or did not answer in time; nothing of it is left running.
        """
        if spec.name in self._processes:
            raise ValueError(f"{spec.name} is already started")
        process = ManagedProcess(spec, self._say, self._given_up.put_nowait)
        self._processes[spec.name] = process
        try:
            await process.start()
        except BaseException as error:
            del self._processes[spec.name]
            if isinstance(error, OSError):
                raise StackError(f"{spec.name} cannot be started: {error}") from error
            raise
        return process

    async def stop(self, name: str | None = None) -> None:
        """Stop all, the last started first, or the one of that name. Safe to call twice."""
        for each in [name] if name else list(reversed(self._processes)):
            await self._processes[each].stop()
            del self._processes[each]

    async def given_up(self) -> str:
        """Wait until some process failed for good, and give its name."""
        return await self._given_up.get()
