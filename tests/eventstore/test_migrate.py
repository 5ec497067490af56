"""Migrating twice, and from several processes at once."""

import asyncio
from uuid import uuid4

from ops.migrate import MIGRATION_LOCK, migrate
from tests.eventstore.conftest import connection_to
from tests.eventstore.samples import until_blocked


async def test_migrating_is_repeatable_and_takes_turns(server):
    name = f"migrated_{uuid4().hex}"
    async with connection_to(f"{server}/postgres") as admin:
        await admin.execute(f"CREATE DATABASE {name}")
    async with connection_to(f"{server}/{name}") as holder:
        await holder.execute("SELECT pg_advisory_lock($1, $2)", *MIGRATION_LOCK)
        both = asyncio.gather(migrate(f"{server}/{name}"), migrate(f"{server}/{name}"))
        await until_blocked(holder, 2)
        assert await holder.fetchval("SELECT to_regclass('event')") is None
        await holder.execute("SELECT pg_advisory_unlock($1, $2)", *MIGRATION_LOCK)
        await both
        await migrate(f"{server}/{name}")
        assert await holder.fetchval("SELECT count(*) FROM waybill_alembic") == 1
        assert await holder.fetchval("SELECT count(*) FROM sequencer") == 1
    async with connection_to(f"{server}/postgres") as admin:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
