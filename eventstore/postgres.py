"""The event store on Postgres: group-committed appends and stream reads."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import orjson
import structlog

from eventstore.append import APPEND, APPEND_CAREFULLY, AppendRequest, arguments, prepare, results
from eventstore.codec import Codec
from eventstore.group_commit import GroupCommit
from eventstore.patience import Patience
from eventstore.store import Appended, Recorded, StreamWrite
from eventstore.wakeup import Waker

log = structlog.get_logger(__name__)

READ_STREAM = """
    SELECT version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT $3
"""

VERSION_OF = "SELECT version FROM event WHERE event_id = $2 AND stream_id = $1"


class PostgresEventStore:
    """`eventstore.store.EventStore`. One per process; close it before its pool.

    Args:
        pool: From `eventstore.connections.open_pool`.
        codec: Knows every event that is appended or read.
        append_batch: Most appends in one transaction.
        append_queue: Most appends waiting or in flight before more are refused.
        in_flight: Most append transactions at once. More of them make smaller groups; 2 keep one executing while
            the other's commit reaches the disk.
        patience: Seconds to go on trying while the database is away, from when it was lost.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        codec: Codec,
        *,
        append_batch: int = 256,
        append_queue: int = 10_000,
        in_flight: int = 2,
        patience: float = 10.0,
    ) -> None:
        self._pool, self._codec, self._patience = pool, codec, Patience(patience)
        self._waker = Waker(pool)
        self._group: GroupCommit[AppendRequest, Appended] = GroupCommit(
            self._commit, batch=append_batch, queue=append_queue, in_flight=in_flight
        )

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        request = prepare(writes, self._codec)
        return await self._group.submit(request, request.streams, request.weight)

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        rows = await self._patience.persist(lambda: self._pool.fetch(READ_STREAM, stream_id, after, limit))
        return [self._recorded(stream_id, row) for row in rows]

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        found: int | None
        found = await self._patience.persist(lambda: self._pool.fetchval(VERSION_OF, stream_id, event_id))
        return found

    async def close(self) -> None:
        """Wait for the appends that were taken, then stop. The pool stays open."""
        await self._group.close()
        await self._waker.close()

    def _recorded(self, stream_id: str, row: asyncpg.Record) -> Recorded:
        version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        event = self._codec.decode(type_name, schema_version, data)
        return Recorded(stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at)

    async def _commit(self, requests: Sequence[AppendRequest]) -> Sequence[Appended | Exception]:
        try:
            rows = await self._send(APPEND, requests)
        except asyncpg.UniqueViolationError:
            # Most often an append repeated on a version that holds; its neighbours need not go apart for it.
            return await self._commit_carefully(requests)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return await self._commit_apart(requests, error)
        self._waker.wake()
        return results(requests, rows)

    async def _commit_carefully(self, requests: Sequence[AppendRequest]) -> Sequence[Appended | Exception]:
        """Look the event ids up, so that a known one fails or answers its own request alone."""
        try:
            rows = await self._send(APPEND_CAREFULLY, requests)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return await self._commit_apart(requests, error)
        self._waker.wake()
        return results(requests, rows)

    async def _commit_apart(
        self, requests: Sequence[AppendRequest], error: Exception
    ) -> Sequence[Appended | Exception]:
        """One request spoils the batch: let it fail alone.

        That is a deadlock with foreign locks, an argument Postgres refuses, or an event id that another stream
        received in the same moment; the second look at such an id finds it.
        """
        log.warning("append batch refused, trying its requests apart", requests=len(requests), error=repr(error))
        answers = [await self._commit_one(request) for request in requests]
        self._waker.wake()
        return answers

    async def _commit_one(self, request: AppendRequest) -> Appended | Exception:
        for attempt in (1, 2, 3):
            try:
                return results([request], await self._send(APPEND_CAREFULLY, [request]))[0]
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError) as error:
                if attempt == 3:
                    return error
            except Exception as error:  # becomes this caller's exception
                return error
        raise AssertionError("unreachable")

    async def _send(self, statement: str, requests: Sequence[AppendRequest]) -> Sequence[asyncpg.Record]:
        values = arguments(requests)
        return await self._patience.persist(lambda: self._pool.fetch(statement, *values))


def read_metadata(stored: str) -> Mapping[str, str]:
    """Stored metadata as a mapping; mostly there is none."""
    if stored == "{}":
        return {}
    metadata: dict[str, str] = orjson.loads(stored)
    return metadata
