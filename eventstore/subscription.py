"""Reading the global log: what projectors, the relay and the live stream follow."""

from collections.abc import AsyncGenerator, Collection, Sequence
from typing import Any

import asyncpg

from eventstore.codec import Codec, CodecError
from eventstore.patience import Patience
from eventstore.postgres import read_metadata
from eventstore.segments import SEGMENTS
from eventstore.store import MAX_READ, LogPart, Recorded, StoredEvent, Undecodable
from eventstore.wakeup import SEQUENCED, notifications

# Positions follow (xid, seq), so that a range of the one is a range of the other: the log is looked up at the two
# ends only. The rows found must be as many as the positions, or the log is damaged. By its key the planner knows
# that the sequencer has one row; without, it takes a young log for small, and reads the whole of it for its end.
BOUNDS = """
    SELECT first.xid, first.seq, last.xid, last.seq, last.position
    FROM sequencer AS s
    LEFT JOIN log AS first ON first.position = $1 + 1
    LEFT JOIN log AS last ON last.position = least(s.position, $1 + $2)
    WHERE s.singleton AND s.position > $1
"""

READ = """
    SELECT stream_id, version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event WHERE (xid, seq) >= ($1, $2) AND (xid, seq) <= ($3, $4) ORDER BY xid, seq
"""

# The same for some segments. The others' rows are counted, as a position is an event's place in the range, but not
# sent; the last one is, so that there is a row to tell the number.
READ_PART = """
    SELECT f.* FROM (
        SELECT row_number() OVER (ORDER BY xid, seq) AS place, count(*) OVER () AS looked,
               crc32(convert_to(stream_id, 'UTF8')) % $5 = ANY ($6::bigint[]) AS wanted,
               stream_id, version, event_id, type, schema_version, recorded_at, metadata, data
        FROM event WHERE (xid, seq) >= ($1, $2) AND (xid, seq) <= ($3, $4)
    ) AS f
    WHERE f.wanted OR f.place = f.looked ORDER BY f.place
"""

HEAD = "SELECT position FROM sequencer"

POSITION_OF = """
    SELECT l.position FROM event AS e JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq
    WHERE e.stream_id = $1 AND e.version = $2
"""


class LogDamaged(Exception):
    """Positions are missing where the log must be gapless. Reading on would lose events: `waybill verify`."""


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

    async def read_part(self, *, after: int, limit: int, segments: Collection[int] | None) -> LogPart:
        """As the protocol says; looks at no more than `MAX_READ` positions a call. Raises LogDamaged."""
        if segments is None or len(segments) == SEGMENTS:
            events = await self.read_log(after=after, limit=limit)
            return LogPart(events, events[-1].position or after if events else after)
        return await self._patience.persist(lambda: self._read_part(after, min(limit, MAX_READ), list(segments)))

    async def _read_part(self, after: int, limit: int, segments: list[int]) -> LogPart:
        bounds = await self._pool.fetchrow(BOUNDS, after, limit)
        if bounds is None:
            return LogPart([], after)
        *ends, last = bounds
        rows = [] if None in ends else await self._pool.fetch(READ_PART, *ends, SEGMENTS, segments)
        looked = rows[-1]["looked"] if rows else 0
        if last is None or looked != last - after:
            raise LogDamaged(f"{looked} events lie between positions {after} and {last or after + limit}")
        events = [self._recorded(row[3:], after + row[0]) for row in rows if row[2]]
        return LogPart(events, last)

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

    def _recorded(self, row: Any, position: int) -> Recorded:
        stream_id, version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        event: object
        try:
            event = self._codec.decode(type_name, schema_version, data)
        except CodecError as error:
            event = Undecodable(str(error), schema_version, data)
        return Recorded(
            stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at, position
        )
