"""Reading the global log: what projectors, the relay and the live stream follow."""

import zlib
from collections.abc import AsyncGenerator, Sequence

import asyncpg

from eventstore.codec import Codec, CodecError
from eventstore.patience import Patience
from eventstore.postgres import read_metadata
from eventstore.store import Recorded, Undecodable
from eventstore.wakeup import SEQUENCED, notifications

SEGMENTS = 64
MAX_READ = 10_000

# The lateral join with OFFSET keeps to one index look-up per row, whatever the planner believes of a young table.
READ_LOG = """
    SELECT l.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.recorded_at,
           e.metadata, e.data
    FROM log AS l CROSS JOIN LATERAL (
        SELECT * FROM event AS e WHERE e.xid = l.xid AND e.seq = l.seq OFFSET 0
    ) AS e
    WHERE l.position > $1 ORDER BY l.position LIMIT $2
"""

HEAD = "SELECT position FROM sequencer"

POSITION_OF = """
    SELECT l.position FROM event AS e JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq
    WHERE e.stream_id = $1 AND e.version = $2
"""


class LogDamaged(Exception):
    """Positions are missing where the log must be gapless. Reading on would lose events: `waybill verify`."""


def segment_of(key: str, segments: int = SEGMENTS) -> int:
    """The segment of a stream id or partition key: the same for ever, in every process."""
    return zlib.crc32(key.encode()) % segments


class PostgresLog:
    """`eventstore.store.LogReader` on Postgres.

    Args:
        pool: From `eventstore.connections.open_pool`.
        codec: Events it does not know are returned as `Undecodable`.
        dsn: The same database, for a listening connection per `wakeups()`.
        poll: Seconds between two wake-ups without a notification.
        patience: Seconds a read goes on trying while the database is away, before it raises StoreUnavailable.
    """

    def __init__(
        self, pool: asyncpg.Pool, codec: Codec, *, dsn: str, poll: float = 0.05, patience: float = 10.0
    ) -> None:
        self._pool, self._codec, self._dsn, self._poll = pool, codec, dsn, poll
        self._patience = Patience(patience)

    async def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        """As the protocol says; gives at most `MAX_READ` events a call. Raises LogDamaged."""
        rows = await self._patience.persist(lambda: self._pool.fetch(READ_LOG, after, min(limit, MAX_READ)))
        if rows and rows[-1][0] != after + len(rows):
            raise LogDamaged(f"{len(rows)} events lie between positions {after} and {rows[-1][0]}")
        return [self._recorded(row) for row in rows]

    async def head(self) -> int:
        position: int = await self._patience.persist(lambda: self._pool.fetchval(HEAD))
        return position

    async def position_of(self, stream_id: str, version: int) -> int | None:
        """The position of a stream's event; None while the sequencer has not reached it or it does not exist."""
        found: int | None
        found = await self._patience.persist(lambda: self._pool.fetchval(POSITION_OF, stream_id, version))
        return found

    async def wakeups(self) -> AsyncGenerator[None, None]:
        async for _ in notifications(self._dsn, SEQUENCED, self._poll, "waybill-log-reader"):
            yield

    def _recorded(self, row: asyncpg.Record) -> Recorded:
        position, stream_id, version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        event: object
        try:
            event = self._codec.decode(type_name, schema_version, data)
        except CodecError as error:
            event = Undecodable(str(error), schema_version, data)
        return Recorded(
            stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at, position
        )
