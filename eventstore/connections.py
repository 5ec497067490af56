"""Connections as the event store needs them: pools, and what counts as losing one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

CONNECT_TIMEOUT = 5.0

SINGLETONS = 0x5742
"""First key of Waybill's two-key advisory locks: 1 migration, 2 sequencer. One-key locks are streams."""

LOST = (
    OSError,  # refused, reset, timed out (TimeoutError is one)
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, crashed, starting up, terminated
    asyncpg.InsufficientResourcesError,  # too many connections for now
    asyncpg.InternalClientError,
)


def is_lost(error: BaseException) -> bool:
    """Whether a new connection, some time later, may fare better."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return False
    if isinstance(error, asyncpg.InterfaceError):  # "connection is closed"; but not bad arguments
        return not isinstance(error, ValueError)
    return isinstance(error, LOST)


async def _keep(_: asyncpg.Connection) -> None:
    """Replace asyncpg's reset between users of a connection, which is a round trip: nobody leaves state behind."""


async def open_pool(dsn: str, *, size: int, name: str = "waybill-store") -> asyncpg.Pool:
    """Open a pool for the event store. Raises what asyncpg raises when the database is away.

    Its connections are not reset between uses: do not lend it to code that leaves session state behind.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT,
        reset=_keep,
        max_inactive_connection_lifetime=0,
        server_settings={
            "application_name": name,
            "default_transaction_isolation": "read committed",
            "jit": "off",
        },
    )


@asynccontextmanager
async def connected(dsn: str, name: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of one's own, to listen and hold locks. The server notices within 30 s when we vanish."""
    settings = {"application_name": name, "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5"}
    settings |= {"tcp_keepalives_count": "4", "jit": "off"}
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT, server_settings=settings)
    try:
        yield connection
    finally:
        connection.terminate() if connection.is_closed() else await _close(connection)


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=1.0)
    except Exception:  # it is going away either way
        connection.terminate()
