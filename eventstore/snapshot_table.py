"""`eventstore.snapshots.SnapshotTable` on Postgres."""

import asyncpg

from eventstore.patience import Patience
from eventstore.snapshots import EVERY, Snapshot

READ = "SELECT version, data FROM snapshot WHERE stream_id = $1 AND schema_version = $2"

# While releases change over, each keeps its own; the one that is not written any more goes once it is far behind.
WRITE = """
    WITH outdated AS (
        DELETE FROM snapshot WHERE stream_id = $1 AND schema_version <> $3 AND version < $2::bigint - $5::bigint
    )
    INSERT INTO snapshot (stream_id, version, schema_version, data) VALUES ($1, $2, $3, $4)
    ON CONFLICT (stream_id, schema_version) DO UPDATE SET version = excluded.version, data = excluded.data
    WHERE snapshot.version < excluded.version
"""
FAR_BEHIND = 10 * EVERY
WRITE_TIMEOUT = 30.0  # nobody waits for it


class PostgresSnapshots:
    """Pool from `eventstore.connections.open_pool`; `patience` as of the store."""

    def __init__(self, pool: asyncpg.Pool, *, patience: float = 10.0) -> None:
        self._pool, self._patience = pool, Patience(patience)

    async def read(self, stream_id: str, schema_version: int) -> Snapshot | None:
        row = await self._patience.persist(lambda: self._pool.fetchrow(READ, stream_id, schema_version))
        return Snapshot(stream_id, row["version"], schema_version, row["data"]) if row else None

    async def write(self, snapshot: Snapshot) -> None:
        given = (snapshot.stream_id, snapshot.version, snapshot.schema_version, snapshot.data)
        await self._pool.execute(WRITE, *given, FAR_BEHIND, timeout=WRITE_TIMEOUT)
