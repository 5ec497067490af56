"""Stacks in processes of their own, for tests of what a stack leaves behind; run by path with a data directory."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from ops.config import Settings
from ops.devstack import DevStack
from ops.process import StackError

UP = "up"
ROOT = Path(__file__).parents[2]


def start_elsewhere(settings: Settings, *command: str) -> subprocess.Popen[str]:
    """Run a stack in another process; its lines come on standard output, `up` once it answers."""
    ports = {name: getattr(settings, name) for name in Settings.model_fields if name.endswith("_port")}
    env = {f"WAYBILL_{name.upper()}": str(port) for name, port in ports.items()}
    env |= {"WAYBILL_DATA_DIR": str(settings.data_dir), "PYTHONPATH": str(ROOT)}
    if settings.temporal_address:
        env["WAYBILL_TEMPORAL_ADDRESS"] = settings.temporal_address
    return subprocess.Popen(
        [*(command or [sys.executable]), str(Path(__file__))],
        env={**os.environ, **env},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lines_until_up(process: subprocess.Popen[str]) -> list[str]:
    """What it said until it was up or ended."""
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.strip())
        if lines[-1] == UP:
            break
    return lines


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """All that runs on a stack's data: the servers name it in their command, or stand in it."""
    found = []
    for process in psutil.process_iter():
        try:
            about = [*process.cmdline(), process.cwd()]
        except (psutil.Error, OSError):
            continue
        if process.pid != os.getpid() and any(str(data_dir) in part for part in about):
            found.append(process)
    return found


async def _serve() -> int:
    settings = Settings()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    try:
        async with DevStack(settings, on_event=print, durable=False):
            print(UP, flush=True)
            await stopped.wait()
    except StackError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_serve()))
