"""The processes under torture, and the hand that kills them."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from benchmarks.servers import Servers
from benchmarks.torture.parts import FAILED
from ops.process import Process, ProcessSpec

CREW = {"writer": 3, "sequencer": 2, "reader": 2, "relay": 1, "consumer": 1}
RECOVERY = 300.0  # seconds that PostgreSQL may take to read its log again after a kill


class Crew:
    """Writers, sequencers, readers, relay, consumer and both servers; whatever ends is started again."""

    def __init__(self, servers: Servers, home: Path) -> None:
        self.kills: Counter[str] = Counter()
        self._servers = servers
        self._parts = {
            f"{part}-{number}": Process(_spec(part, number, home))
            for part, count in CREW.items()
            for number in range(count)
        }
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        for name, process in self._parts.items():
            await process.start()
            self._keepers[name] = asyncio.create_task(self._keep(name, process))

    async def stop(self) -> None:
        for task in self._keepers.values():
            task.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for process in self._parts.values():
            if pid := process.pid:
                _kill(pid)
                await process.wait()

    @property
    def written(self) -> bool:
        """Whether all writers are done."""
        return all(task.done() for name, task in self._keepers.items() if name.startswith("writer"))

    def check(self) -> None:
        """Raise what a part found wrong, if one did."""
        for task in self._keepers.values():
            if task.done() and (error := task.exception()):
                raise error

    @property
    def victims(self) -> list[str]:
        return [*self._parts, *self._servers.processes, "postgres backend"]

    async def kill(self, victim: str, chance: random.Random) -> None:
        """SIGKILL it. A server is started again here; the others have their keepers."""
        if victim == "postgres backend":
            self.kills[victim] += self._kill_backend(chance)
        elif victim in self._servers.processes:
            await self._restart(victim)
        elif pid := self._parts[victim].pid:
            self.kills[victim.partition("-")[0]] += _kill(pid)

    async def _restart(self, name: str) -> None:
        """Kill a server with all its children at once, as when its container is taken away."""
        process = self._servers.processes[name]
        if process.pid is None:
            return
        for pid in (process.pid, *_children(process.pid)):
            _kill(pid)
        await process.wait()
        self.kills[name] += 1
        await process.start()

    def _kill_backend(self, chance: random.Random) -> int:
        """One backend alone: PostgreSQL then ends all others and recovers by itself."""
        pid = self._servers.processes["postgres"].pid
        children = _children(pid) if pid else []
        return _kill(chance.choice(children)) if children else 0

    async def _keep(self, name: str, process: Process) -> None:
        while (status := await process.wait()) != 0:
            if status == FAILED:
                raise RuntimeError(f"{name}: {process.last_words()} (log: {process.spec.log})")
            await asyncio.sleep(0.05)
            await process.start()


def _kill(pid: int) -> int:
    """Gives 0 when it had ended by itself."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _spec(part: str, number: int, home: Path) -> ProcessSpec:
    return ProcessSpec(
        name=f"{part}-{number}",
        command=[sys.executable, "-m", "benchmarks.torture.parts", part, str(home), str(number)],
        log=home / f"{part}-{number}.log",
        death_signal=signal.SIGKILL,
    )


async def torment(crew: Crew, seed: int, rounds: int, pause: float, say: Callable[[str], None]) -> None:
    """Kill one after the other, each once per round in a new order, until all is written or the rounds are over.

    `pause` is the shortest time in seconds between two kills; the longest is three times that. A round that was
    begun is brought to its end.
    """
    chance = random.Random(seed)
    while rounds and not crew.written:
        rounds -= 1
        for victim in chance.sample(crew.victims, len(crew.victims)):
            await asyncio.sleep(chance.uniform(pause, 3 * pause))
            crew.check()
            say(f"killing {victim}")
            await crew.kill(victim, chance)


def patient(servers: Servers) -> Servers:
    """The servers, given the time that recovery after a kill takes."""
    running = servers.processes
    for process in running.values():
        process.spec = replace(process.spec, start_timeout=RECOVERY)
    return Servers(servers.settings, running)
