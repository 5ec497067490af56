"""`eventstore.time_travel.StreamHistory` on Postgres."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import asyncpg

from eventstore.codec import Codec
from eventstore.patience import Patience
from eventstore.postgres import read_metadata
from eventstore.store import Recorded
from eventstore.time_travel import AsOf, AtPosition, AtTime, AtVersion, NotReached

TO_VERSION = """
    SELECT version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event WHERE stream_id = $1 AND version <= $2 ORDER BY version
"""

# Events without a position sort behind every one that has one.
TO_POSITION = """
    SELECT e.version, e.event_id, e.type, e.schema_version, e.recorded_at, e.metadata, e.data
    FROM event AS e, log AS l
    WHERE e.stream_id = $1 AND l.position = $2 AND (e.xid, e.seq) <= (l.xid, l.seq) ORDER BY e.version
"""

# Up to the first later one: where a clock was set back, what is read stays a beginning of the stream.
TO_TIME = """
    SELECT version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event WHERE stream_id = $1 AND version < coalesce(
        (SELECT min(version) FROM event WHERE stream_id = $1 AND recorded_at > $2), 9223372036854775807
    ) ORDER BY version
"""

HEAD = "SELECT position FROM sequencer"
NOW = "SELECT clock_timestamp()"

POSITION_OF = """
    SELECT l.position FROM event AS e LEFT JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq
    WHERE e.stream_id = $1 AND e.version = $2
"""


class PostgresHistory:
    """`eventstore.time_travel.StreamHistory`.

    Args:
        pool: From `eventstore.connections.open_pool`.
        codec: Knows every event that is read.
        patience: Seconds a read goes on trying while the database is away.
    """

    def __init__(self, pool: asyncpg.Pool, codec: Codec, *, patience: float = 10.0) -> None:
        self._pool, self._codec, self._patience = pool, codec, Patience(patience)

    async def read_stream_as_of(self, stream_id: str, as_of: AsOf) -> Sequence[Recorded]:
        match as_of:
            case AtVersion(version):
                rows = await self._fetch(TO_VERSION, stream_id, version)
                if len(rows) < version:
                    raise NotReached(f"version {version} of {stream_id}", f"its version is {len(rows)}")
            case AtPosition(position):
                await self._check_position(position)
                rows = await self._fetch(TO_POSITION, stream_id, position)
            case AtTime(time):
                await self._check_time(time)
                rows = await self._fetch(TO_TIME, stream_id, time)
            case _:
                assert_never(as_of)
        return [self._recorded(stream_id, row) for row in rows]

    async def position_of(self, stream_id: str, version: int) -> int | None:
        rows = await self._fetch(POSITION_OF, stream_id, version)
        if not rows:
            raise NotReached(f"version {version} of {stream_id}", "there is no such event")
        position: int | None = rows[0][0]
        return position

    async def _check_position(self, position: int) -> None:
        head: int = (await self._fetch(HEAD))[0][0]
        if position > head:
            raise NotReached(f"position {position}", f"the log's last is {head}")

    async def _check_time(self, time: datetime) -> None:
        """By the database's clock, which is also the one that stamps events."""
        now: datetime = (await self._fetch(NOW))[0][0]
        if time > now:
            raise NotReached(time.isoformat(), f"it is {now.isoformat()}")

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        return await self._patience.persist(lambda: self._pool.fetch(query, *values))

    def _recorded(self, stream_id: str, row: asyncpg.Record) -> Recorded:
        version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        event = self._codec.decode(type_name, schema_version, data)
        return Recorded(stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at)
