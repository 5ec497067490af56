"""Migrating twice, and from several processes at once."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from ops.embedded.postgres import sibling_dsn
from ops.migrate import MIGRATION_LOCK, migrate
from tests.eventstore.samples import until_blocked


@pytest.fixture
async def empty_database(connection: asyncpg.Connection, database: str) -> AsyncIterator[str]:
    name = f"empty_{uuid4().hex}"
    await connection.execute(f"CREATE DATABASE {name}")
    yield sibling_dsn(database, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_migrating_is_repeatable_and_takes_turns(empty_database: str) -> None:
    holder = await asyncpg.connect(empty_database)
    await holder.execute("SELECT pg_advisory_lock($1, $2)", *MIGRATION_LOCK)
    both = asyncio.gather(migrate(empty_database), migrate(empty_database))
    await until_blocked(holder, 2)
    assert await holder.fetchval("SELECT to_regclass('event')") is None
    await holder.execute("SELECT pg_advisory_unlock($1, $2)", *MIGRATION_LOCK)
    await both
    await migrate(empty_database)
    assert await holder.fetchval("SELECT count(*) FROM waybill_alembic") == 1
    assert await holder.fetchval("SELECT count(*) FROM sequencer") == 1
    await holder.close()
