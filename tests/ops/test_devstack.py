"""The embedded stack as its users see it: it answers, it heals, it keeps its data, it leaves nothing behind."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from ops.devstack import DevStack, Endpoints
from ops.embedded import postgres, redis, temporal
from ops.embedded.lock import stop_running
from ops.process import StackError
from tests.conftest import stack_settings
from tests.ops.stacks import UP, lines_until_up, processes_of, start_elsewhere


async def test_every_part_answers_with_the_version_that_was_promised(endpoints: Endpoints) -> None:
    assert (await postgres.probe(endpoints.database_dsn)).startswith("18.")
    assert (await postgres.probe(endpoints.simulator_dsn)).startswith("18.")
    assert (await redis.probe(endpoints.redis_url)).startswith("8.")
    assert (await temporal.probe(endpoints.temporal_address, "default")).startswith("1.32")
    reader, writer = await asyncio.open_connection(*endpoints.temporal_ui_url.removeprefix("http://").split(":"))
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert b"200" in await reader.readline()
    writer.close()


async def test_closed_workflows_are_kept_for_a_month(endpoints: Endpoints) -> None:
    client = await Client.connect(endpoints.temporal_address)
    about = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    assert about.config.workflow_execution_retention_ttl.ToTimedelta() == temporal.RETENTION


async def test_everything_listens_on_loopback_alone(stack: DevStack) -> None:
    pids = [process.pid for process in stack.supervisor.processes.values()]
    listening = [
        connection.laddr.ip
        for pid in pids
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


async def test_data_is_there_after_a_restart_and_no_process_in_between(home: Path) -> None:
    settings = stack_settings(home)
    async with DevStack(settings, durable=False) as endpoints:
        await _write(endpoints)
    assert processes_of(home) == []
    async with DevStack(settings, durable=False) as endpoints:
        assert await _read(endpoints) == ("kept", b"kept")
    assert processes_of(home) == []


async def test_a_part_that_is_killed_comes_back_and_that_is_said(home: Path) -> None:
    said: list[str] = []
    stack = DevStack(stack_settings(home), on_event=said.append, durable=False)
    async with stack as endpoints:
        await _write(endpoints)
        for process in stack.supervisor.processes.values():
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
        await _until(lambda: sum(" is back " in line for line in said) == 3)
        assert await _read(endpoints) == ("kept", b"kept")
    ended = [line for line in said if "killed by SIGKILL" in line]
    assert {line.split()[0] for line in ended} == {"postgres", "redis", "temporal"}


async def test_nothing_outlives_a_parent_that_is_killed_and_the_next_start_works(home: Path) -> None:
    settings = stack_settings(home)
    with start_elsewhere(settings) as parent:
        assert lines_until_up(parent)[-1] == UP
        assert len(processes_of(home)) > 3
        parent.kill()
    began = time.monotonic()
    async with DevStack(settings) as endpoints:
        assert await postgres.probe(endpoints.database_dsn)
    assert processes_of(home) == []
    assert time.monotonic() - began < 15


async def test_a_second_stack_on_the_same_data_is_refused_and_the_first_can_be_told_to_stop(
    home: Path, endpoints: Endpoints
) -> None:
    settings = stack_settings(home, temporal_address=endpoints.temporal_address)
    with start_elsewhere(settings) as parent:
        assert lines_until_up(parent)[-1] == UP
        with pytest.raises(StackError, match=rf"\(pid {parent.pid}\) already runs on {home}; .*WAYBILL_DATA_DIR"):
            await DevStack(settings).start()
        assert await asyncio.to_thread(stop_running, home) == parent.pid
    assert parent.returncode == 0
    assert processes_of(home) == []
    assert stop_running(home) is None


async def test_outside_servers_are_waited_for_and_nothing_is_embedded(
    home: Path, endpoints: Endpoints, database: str
) -> None:
    said: list[str] = []
    outside = {
        "database_url": SecretStr(database),
        "redis_url": SecretStr(endpoints.redis_url),
        "temporal_address": endpoints.temporal_address,
    }
    stack = DevStack(stack_settings(home).model_copy(update=outside), on_event=said.append)
    async with stack as given:
        assert given.database_dsn == database
        assert given.temporal_ui_url == ""
        assert (await postgres.probe(given.simulator_dsn)).startswith("18.")
        assert stack.supervisor.processes == {}
        assert list(home.iterdir()) == []
    assert len([line for line in said if line.startswith("using 127.0.0.1:")]) == 3


async def test_an_outside_server_that_is_away_is_named_without_its_password(
    home: Path, endpoints: Endpoints
) -> None:
    said: list[str] = []
    settings = stack_settings(home, server_wait=0.6, temporal_address=endpoints.temporal_address)
    away = SecretStr(f"postgresql://waybill:secret@127.0.0.1:{settings.postgres_port}/waybill")
    stack = DevStack(settings.model_copy(update={"database_url": away}), on_event=said.append)
    with pytest.raises(StackError, match=r"WAYBILL_DATABASE_URL: .* did not answer within 1 s") as refused:
        await stack.start()
    assert any("waiting for 127.0.0.1" in line for line in said)
    assert not any("secret" in line for line in [*said, str(refused.value)])


async def _write(endpoints: Endpoints) -> None:
    connection = await asyncpg.connect(endpoints.database_dsn)
    await connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
    await connection.close()
    async with Redis.from_url(endpoints.redis_url) as client:
        await client.set("note", "kept")


async def _read(endpoints: Endpoints) -> tuple[object, object]:
    connection = await asyncpg.connect(endpoints.database_dsn)
    text = await connection.fetchval("SELECT text FROM note")
    await connection.close()
    async with Redis.from_url(endpoints.redis_url) as client:
        return text, await client.get("note")


async def _until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
