"""One supervised process: how it is started, when it counts as ready, how it is stopped."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

LAUNCHER = Path(__file__).with_name("launch.py")
PROBE_PAUSE = 0.04
PROBE_TIMEOUT = 5.0
LOG_LIMIT = 16 * 1024 * 1024
STARTING_UP = "the database system is starting up"  # PostgreSQL's answer to an early probe tells nothing
TELLING = ("FATAL", "PANIC", "ERROR", "Error", "error", "cannot")

Say = Callable[[str], None]
Probe = Callable[[], Awaitable[object]]


class StackError(Exception):
    """A process or server that cannot be had; `str()` is one line that says what to change."""


@dataclass(frozen=True, slots=True)
class RunAs:
    """The user a process gives up root for; `keep_access` lets it into directories closed to that user."""

    uid: int
    gid: int
    keep_access: bool = False

    def options(self) -> list[str]:
        return ["--uid", str(self.uid), "--gid", str(self.gid)] + ["--keep-access"] * self.keep_access


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What to run. `ready` raises until the process answers; `env` is its whole environment.

    `stop_signal` asks it to end, SIGKILL follows after `stop_timeout` seconds. `death_signal` is what the kernel
    sends it when this process dies, however it dies. A start that fails is tried `start_attempts` times.
    """

    name: str
    command: Sequence[str]
    log: Path
    ready: Probe | None = None
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path | None = None
    run_as: RunAs | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    start_timeout: float = 120.0
    start_attempts: int = 1


class Process:
    """A started process. The thread that starts it must outlive it, as Linux goes by that thread's end."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            StackError: it ended, or did not answer in time; the line names its log.
        """
        for left in reversed(range(self.spec.start_attempts)):
            try:
                await self._start_once()
            except StackError:
                if not left:
                    raise
                await asyncio.sleep(0.3)
            else:
                return

    async def wait(self) -> int:
        """Wait for its end; gives the exit status, negative for a signal."""
        assert self._process is not None
        return await self._process.wait()

    async def run(self) -> int:
        """Start it and wait for its end, as for a tool that does its work and is done."""
        try:
            await self._spawn()
            return await self.wait()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Ask it to end, and kill it after the time limit."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(self.spec.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), self.spec.stop_timeout)
        except TimeoutError:
            process.kill()
            await process.wait()

    def last_words(self) -> str:
        """The most telling line it logged since it was started."""
        with self.spec.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - 8192))
            lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
        lines = [line for line in lines if line and STARTING_UP not in line]
        telling = [line for line in lines if any(word in line for word in TELLING)]
        return (telling or lines or ["nothing was logged"])[-1][:240]

    async def _start_once(self) -> None:
        await self._spawn()
        try:
            await self._until_ready()
        except BaseException:
            await self.stop()
            raise

    async def _spawn(self) -> None:
        spec = self.spec
        options = ["--parent", str(os.getpid()), "--death-signal", str(int(spec.death_signal))]
        options += spec.run_as.options() if spec.run_as else []
        with _open_log(spec.log) as log:
            self._log_start = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", *spec.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(spec.env),
                cwd=spec.cwd,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops all in order
            )

    async def _until_ready(self) -> None:
        spec, deadline = self.spec, time.monotonic() + self.spec.start_timeout
        why: object = "no answer"
        while time.monotonic() < deadline:
            if self.pid is None:
                raise StackError(f"{spec.name} ended while starting: {self.last_words()} (log: {spec.log})")
            try:
                if spec.ready:
                    await asyncio.wait_for(spec.ready(), PROBE_TIMEOUT)
            except Exception as error:  # whatever a client raises while its server is not up yet
                why = str(error) or type(error).__name__
                await asyncio.sleep(PROBE_PAUSE)
            else:
                return
        raise StackError(f"{spec.name} did not answer within {spec.start_timeout:.0f} s: {why} (log: {spec.log})")


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def describe_exit(status: int) -> str:
    """How a process ended, in words: `exit status 3`, `killed by SIGKILL`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
