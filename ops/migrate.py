"""Bringing a database to the present schema: `waybill migrate`, and every start of the embedded stack."""

from importlib.resources import files

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

MIGRATION_LOCK = (0x5742, 1)  # two-key advisory locks are Waybill's singletons; one-key locks are streams


async def migrate(dsn: str) -> None:
    """Run every migration that the database lacks, each once.

    Safe to call again and from several processes at once: they take turns. The migrations of one call commit
    together or not at all.

    Args:
        dsn: `postgresql://…`, an existing database.
    """
    lock = await asyncpg.connect(dsn)
    try:
        await lock.execute("SELECT pg_advisory_lock($1, $2)", *MIGRATION_LOCK)
        # Every DSN that asyncpg reads is taken, which a SQLAlchemy URL is not.
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn), poolclass=NullPool
        )
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
        await engine.dispose()
    finally:
        await lock.close()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("eventstore") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
