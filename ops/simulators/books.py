"""The simulators' database: waiting for it, laying out its tables, and the pool of connections to it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import structlog

# asyncpg's classes are generic to the type checker only, and FastAPI reads annotations at run time.
if TYPE_CHECKING:
    Books: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Books, Connection = asyncpg.Pool, asyncpg.Connection

SCHEMA = Path(__file__).parent / "schema"
SCHEMA_LOCK = 0x57_42_53_49_4D  # "WBSIM"
LOCK_TIMEOUT_MS = 2000  # how long a twin waits for the one in flight; below any sensible gateway timeout
COMMAND_TIMEOUT = 10.0
RETRY_SECONDS = 1.0

NOT_THERE_YET = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidCatalogNameError,
)

log = structlog.get_logger("waybill.simulators")


async def wait_for_database(dsn: str) -> None:
    """Return once the database accepts a connection; say every second that it does not yet.

    Raises:
        asyncpg.PostgresError: it answers, and waiting would not help (a wrong password, say).
    """
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
        except NOT_THERE_YET as error:
            await log.awarning("waiting_for_database", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            await connection.close()
            return


@asynccontextmanager
async def open_books(dsn: str, size: int, schema: Sequence[str]) -> AsyncIterator[Books]:
    """A pool of at most `size` connections, after the named schema files were applied."""
    settings = {"timezone": "UTC", "lock_timeout": str(LOCK_TIMEOUT_MS)}
    async with asyncpg.create_pool(
        dsn, min_size=1, max_size=size, command_timeout=COMMAND_TIMEOUT, server_settings=settings
    ) as pool:
        await _lay_out(pool, schema)
        yield pool


async def _lay_out(pool: Books, schema: Sequence[str]) -> None:
    # Processes started together must not create the same tables at once; the lock is held to the commit.
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SCHEMA_LOCK)
        for name in ("common", *schema):
            await connection.execute(await asyncio.to_thread((SCHEMA / f"{name}.sql").read_text))
