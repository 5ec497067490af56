"""Reading the global log: what projectors, the relay and the live stream follow."""

import zlib
from collections.abc import AsyncGenerator, Sequence

import asyncpg

from eventstore.codec import Codec, CodecError
from eventstore.patience import Patience
from eventstore.postgres import read_metadata
from eventstore.store import Recorded, StoredEvent, Undecodable
from eventstore.wakeup import SEQUENCED, notifications

SEGMENTS = 64
MAX_READ = 10_000

# Positions follow (xid, seq), so that a range of the one is a range of the other: the log is looked up at the two
# ends only. The rows found must be as many as the positions, or the log is damaged.
BOUNDS = """
    SELECT first.xid, first.seq, last.xid, last.seq, last.position
    FROM sequencer AS s
    LEFT JOIN log AS first ON first.position = $1 + 1
    LEFT JOIN log AS last ON last.position = least(s.position, $1 + $2)
    WHERE s.position > $1
"""

READ = """
    SELECT stream_id, version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event WHERE (xid, seq) >= ($1, $2) AND (xid, seq) <= ($3, $4) ORDER BY xid, seq
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
        return await self._patience.persist(lambda: self._read(after, min(limit, MAX_READ)))

    async def _read(self, after: int, limit: int) -> Sequence[Recorded]:
        rows = await self._rows(after, limit)
        return list(map(self._recorded, rows, range(after + 1, after + 1 + len(rows))))

    async def read_stored(self, *, after: int, limit: int) -> Sequence[StoredEvent]:
        """As `read_log`, and nothing is decoded."""
        rows = await self._patience.persist(lambda: self._rows(after, min(limit, MAX_READ)))
        return [StoredEvent(position, *row) for position, row in enumerate(rows, after + 1)]

    async def _rows(self, after: int, limit: int) -> Sequence[asyncpg.Record]:
        bounds = await self._pool.fetchrow(BOUNDS, after, limit)
        if bounds is None:
            return []
        *ends, last = bounds
        rows: Sequence[asyncpg.Record] = [] if None in ends else await self._pool.fetch(READ, *ends)
        if last is None or len(rows) != last - after:
            raise LogDamaged(f"{len(rows)} events lie between positions {after} and {last or after + limit}")
        return rows

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

    def _recorded(self, row: asyncpg.Record, position: int) -> Recorded:
        stream_id, version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        event: object
        try:
            event = self._codec.decode(type_name, schema_version, data)
        except CodecError as error:
            event = Undecodable(str(error), schema_version, data)
        return Recorded(
            stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at, position
        )
