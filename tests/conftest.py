"""Settings and servers of every suite.

Hypothesis has no deadline (machines differ) and repeats the same examples in CI. One embedded stack serves a whole
run: it is started by the first test that asks for it, on free ports, in a directory of its own.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings
from pydantic import SecretStr

from ops.config import Settings
from ops.devstack import DevStack, Endpoints
from ops.embedded.ports import free_ports
from ops.embedded.postgres import sibling_dsn
from ops.migrate import migrate
from tests.support.ports import own_ports

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

TEMPLATE = "template_waybill"
MASTER_KEY = "d2F5YmlsbC1kZXZlbG9wbWVudC1tYXN0ZXIta2V5LTE="

NewDatabase = Callable[[], AbstractAsyncContextManager[str]]


def stack_settings(data_dir: Path, **changes: object) -> Settings:
    """Settings of an embedded stack on free ports, whatever outside servers the environment names."""
    embedded = dict.fromkeys(("database_url", "simulator_database_url", "redis_url", "temporal_address"))
    names = [name for name in Settings.model_fields if name.endswith("_port")]
    numbers = dict(zip(names, free_ports(len(names), among=own_ports()), strict=True))
    given = {"data_dir": data_dir, "master_keys": MASTER_KEY, **embedded, **numbers}
    return Settings.model_validate({**given, **changes})


def short_directory() -> Path:
    """A new directory that others may pass through, as the embedded PostgreSQL of root does."""
    path = Path(tempfile.mkdtemp(prefix="waybill-"))
    path.chmod(0o711)
    return path


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[DevStack]:
    """The running stack of this test run; its workflows' clocks can be moved."""
    home = short_directory()
    stack = DevStack(stack_settings(home), time_skipping=True, durable=False)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def endpoints(stack: DevStack) -> Endpoints:
    """Where the stack of this test run answers."""
    return stack.endpoints


@pytest.fixture(scope="session")
async def new_database(endpoints: Endpoints) -> NewDatabase:
    """Makes fresh databases at the present schema: `async with new_database() as dsn`."""
    template, maintenance = (
        sibling_dsn(endpoints.database_dsn, TEMPLATE),
        sibling_dsn(endpoints.database_dsn, "postgres"),
    )
    await _execute(maintenance, f"CREATE DATABASE {TEMPLATE}")
    await migrate(template)

    @asynccontextmanager
    async def fresh() -> AsyncIterator[str]:
        name = f"test_{uuid4().hex}"
        await _execute(maintenance, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        try:
            yield sibling_dsn(maintenance, name)
        finally:
            await _execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")

    return fresh


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[str]:
    """The DSN of a fresh database, for one test."""
    async with new_database() as dsn:
        yield dsn


@pytest.fixture(scope="module")
async def module_database(new_database: NewDatabase) -> AsyncIterator[str]:
    """The DSN of a fresh database, for all tests of a module."""
    async with new_database() as dsn:
        yield dsn


@pytest.fixture
def test_settings(stack: DevStack, database: str) -> Settings:
    """Settings pointed at the stack of this test run and a fresh database; `model_copy(update=…)` changes one."""
    return stack.settings.model_copy(update={"database_url": SecretStr(database)})


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
