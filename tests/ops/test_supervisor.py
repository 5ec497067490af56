"""The supervisor with small processes: restart, giving up, stopping in order and by force, what it says."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from ops import supervisor as module
from ops.process import Process, ProcessSpec, StackError
from ops.supervisor import Supervisor

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
SLEEP = "print('up', flush=True); import time; time.sleep(60)"


def _python(name: str, log: Path, code: str, *, stop_timeout: float = 5.0) -> ProcessSpec:
    async def ready() -> None:
        if "up" not in log.read_text():
            raise ConnectionRefusedError("not up yet")

    command = [sys.executable, "-c", code]
    return ProcessSpec(name, command, log, ready=ready, stop_timeout=stop_timeout, start_timeout=5)


async def test_a_process_that_dies_is_started_again_and_both_are_said(tmp_path: Path) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    supervisor = Supervisor(said.put_nowait)
    process = await supervisor.start(_python("sleeper", tmp_path / "log", SLEEP))
    first = process.pid
    assert first
    os.kill(first, signal.SIGKILL)
    assert await said.get() == "sleeper ended (killed by SIGKILL), starting it again"
    assert (await said.get()).startswith("sleeper is back after ")
    second = process.pid
    assert second not in {first, None}
    await supervisor.stop()
    assert supervisor.processes == {}
    assert not psutil.pid_exists(second or 0)


async def test_one_that_keeps_failing_is_given_up_with_its_log_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    said: list[str] = []
    supervisor = Supervisor(said.append)
    log = tmp_path / "log"
    spec = ProcessSpec("brief", [sys.executable, "-c", "raise SystemExit(3)"], log, ready=None)
    await supervisor.start(spec)
    assert await asyncio.wait_for(supervisor.given_up(), 20) == "brief"
    assert said[0] == "brief ended (exit status 3), starting it again"
    assert said[-1] == f"brief failed 5 times within 60 s and stays down; its log says why: {log}"
    await supervisor.stop()


async def test_one_that_ends_while_starting_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    supervisor = Supervisor(lambda line: None)
    spec = _python("broken", log, "print('chatter'); raise SystemExit('error: no such thing')")
    with pytest.raises(StackError, match=r"broken ended while starting: error: no such thing \(log: "):
        await supervisor.start(spec)
    assert supervisor.processes == {}


async def test_one_that_never_answers_is_stopped(tmp_path: Path) -> None:
    async def ready() -> None:
        raise ConnectionRefusedError("nobody listens")

    log = tmp_path / "log"
    process = Process(ProcessSpec("mute", [sys.executable, "-c", SLEEP], log, ready=ready, start_timeout=0.5))
    with pytest.raises(StackError, match=r"mute did not answer within 0 s: nobody listens"):
        await process.start()
    assert process.pid is None


async def test_a_command_that_does_not_exist_is_one_clear_line(tmp_path: Path) -> None:
    spec = _python("absent", tmp_path / "log", "")
    missing = ProcessSpec("absent", ["/nowhere/absent"], spec.log, ready=spec.ready)
    with pytest.raises(StackError, match="cannot start /nowhere/absent: No such file or directory"):
        await Supervisor(lambda line: None).start(missing)


async def test_stopping_goes_backwards_and_kills_what_does_not_listen(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda line: None)
    first = await supervisor.start(_python("first", tmp_path / "first", SLEEP))
    second = await supervisor.start(_python("second", tmp_path / "second", STUBBORN, stop_timeout=0.3))
    stopping = asyncio.create_task(supervisor.stop())
    await asyncio.sleep(0.1)
    assert [process.pid is None for process in (first, second)] == [False, False]
    await stopping
    assert [process.pid is None for process in (first, second)] == [True, True]


async def test_the_log_is_set_aside_when_it_grows_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.process.LOG_LIMIT", 10)
    log = tmp_path / "log"
    log.write_text("much too long\n")
    assert await Process(ProcessSpec("tool", [sys.executable, "-c", "print('new')"], log)).run() == 0
    assert log.read_text() == "new\n"
    assert (tmp_path / "log.1").read_text() == "much too long\n"
