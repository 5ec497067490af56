"""What the embedded stack cannot have is one clear line that names the setting to change."""

import os
import socket
import sys
from pathlib import Path

import pytest

from ops.devstack import DevStack, Endpoints
from ops.embedded.postgres import EmbeddedPostgres
from ops.process import LAUNCHER, Process, ProcessSpec, RunAs, StackError
from tests.conftest import stack_settings
from tests.ops.stacks import UP, lines_until_up, processes_of, start_elsewhere

NOBODY = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="changes users, which only root may")


async def _refusal(stack: DevStack) -> str:
    with pytest.raises(StackError) as refused:
        await stack.start()
    assert "\n" not in str(refused.value)
    return str(refused.value)


async def test_a_port_in_use(home: Path) -> None:
    settings = stack_settings(home)
    number = settings.temporal_ui_port
    with socket.create_server(("127.0.0.1", number)):
        line = await _refusal(DevStack(settings))
    assert line == f"WAYBILL_TEMPORAL_UI_PORT={number} is in use by another process; stop it or set another port"


async def test_one_port_for_two_servers(home: Path) -> None:
    settings = stack_settings(home)
    settings = settings.model_copy(update={"redis_port": settings.postgres_port})
    line = await _refusal(DevStack(settings))
    assert "WAYBILL_REDIS_PORT" in line
    assert "WAYBILL_POSTGRES_PORT" in line


async def test_data_of_another_postgres_version(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("16\n")
    line = await _refusal(DevStack(stack_settings(home)))
    assert "holds data of PostgreSQL 16, and this is 18" in line
    assert "WAYBILL_DATA_DIR" in line
    assert processes_of(home) == []


async def test_a_directory_that_is_something_else(home: Path) -> None:
    (home / "postgres").mkdir()
    assert "is no PostgreSQL data directory" in await _refusal(DevStack(stack_settings(home)))


async def test_a_file_in_the_place_of_the_data_directory(home: Path) -> None:
    (home / "data").touch()
    line = await _refusal(DevStack(stack_settings(home / "data")))
    assert line.startswith(f"WAYBILL_DATA_DIR={home}/data cannot be used: ")


async def test_a_pid_file_of_a_crash_whose_number_now_belongs_to_somebody_else(home: Path) -> None:
    part = EmbeddedPostgres(stack_settings(home), durable=False)
    await part.prepare()
    pid_file = home / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    await part.prepare()
    assert not pid_file.exists()


async def test_a_directory_one_may_not_write_to() -> None:
    line = await _refusal(DevStack(stack_settings(Path("/proc/waybill"))))  # closed to root too
    assert line.startswith("WAYBILL_DATA_DIR=/proc/waybill cannot be used: ")
    assert line.endswith("set it to a directory you may write to")


@AS_ROOT
def test_a_normal_user_needs_no_other_account(home: Path, endpoints: Endpoints) -> None:
    os.chown(home, NOBODY, NOBODY)
    who = ["--uid", str(NOBODY), "--gid", str(NOBODY), "--keep-access"]  # the interpreter may lie in root's home
    options = ["--parent", str(os.getpid()), "--death-signal", "9", *who]
    command = [sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", sys.executable]
    settings = stack_settings(home, temporal_address=endpoints.temporal_address)
    with start_elsewhere(settings, *command) as parent:
        assert lines_until_up(parent)[-1] == UP
        parent.terminate()
    assert processes_of(home) == []


@AS_ROOT
async def test_a_program_below_a_closed_directory_can_be_run_and_is_seen_to_be_there(home: Path) -> None:
    program = home / "program"
    program.write_text("#!/bin/sh\n[ $(id -u) != 0 ] && [ -x $0 ] && [ -r $0 ]\n")
    program.chmod(0o700)
    home.chmod(0o700)
    run_as = RunAs(NOBODY, NOBODY, keep_access=True)
    assert await Process(ProcessSpec("program", [str(program)], home / "log", run_as=run_as)).run() == 0


@AS_ROOT
async def test_root_below_a_closed_directory(home: Path, endpoints: Endpoints) -> None:
    home.chmod(0o700)
    async with DevStack(
        stack_settings(home / "deeper", temporal_address=endpoints.temporal_address), durable=False
    ):
        assert processes_of(home)
    assert processes_of(home) == []
