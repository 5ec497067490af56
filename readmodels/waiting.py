"""Waiting until a projection has applied an event: one look for all waiters of a process at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from eventstore.segments import segment_of
from readmodels.base import Projection

SHORTEST: Final = 0.005
LONGEST: Final = 0.05
GROWTH: Final = 1.5

# One index look-up per row, whatever the planner believes of a young table.
POSITIONS_OF = text("""
    SELECT w.stream_id, w.version, l.position FROM unnest(:streams, :versions) AS w (stream_id, version)
    CROSS JOIN LATERAL (
        SELECT e.xid, e.seq FROM event AS e WHERE e.stream_id = w.stream_id AND e.version = w.version OFFSET 0
    ) AS e
    CROSS JOIN LATERAL (SELECT l.position FROM log AS l WHERE l.xid = e.xid AND l.seq = e.seq OFFSET 0) AS l
""").bindparams(bindparam("streams", type_=ARRAY(Text)), bindparam("versions", type_=ARRAY(BigInteger)))

# Of the live build. Where a projection has keys of its own, the key of a stream's event is not known here, and all
# segments must have reached it (`segment` is null). What waits behind a parked event is not reached.
REACHED = text("""
    SELECT w.nr FROM unnest(:projections, :segments, :streams, :positions) WITH ORDINALITY
         AS w (projection, segment, stream_id, position, nr)
    JOIN projection_build AS b ON b.projection = w.projection AND b.state = 'live'
    WHERE NOT EXISTS (
        SELECT FROM checkpoint AS c WHERE c.projection = b.projection AND c.version = b.build
          AND c.segment = coalesce(w.segment, c.segment) AND c.position < w.position
    ) AND NOT EXISTS (
        SELECT FROM parked_event AS e WHERE e.projection = b.projection AND e.build = b.build
          AND e.key = w.stream_id AND e.position <= w.position
    )
""").bindparams(
    bindparam("projections", type_=ARRAY(Text)),
    bindparam("segments", type_=ARRAY(Integer)),
    bindparam("streams", type_=ARRAY(Text)),
    bindparam("positions", type_=ARRAY(BigInteger)),
)


@dataclass(slots=True, eq=False)
class Waiter:
    """`position` is that of the event, once the sequencer has given it one."""

    projection: Projection
    event: tuple[str, int]
    done: asyncio.Future[None]
    position: int | None = None

    @property
    def segment(self) -> int | None:
        return segment_of(self.event[0]) if self.projection.keyed_by_stream else None


class Waiting:
    """Looks while anybody waits: after 5 ms, then less and less often, and at once for whoever comes new."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiters: set[Waiter] = set()
        self._came = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait(self, projection: Projection, stream_id: str, version: int) -> None:
        """Return once the projection has applied that event, which may be never.

        Raises:
            Exception: what the database raises.
        """
        done = asyncio.get_running_loop().create_future()
        waiter = Waiter(projection, (stream_id, version), done)
        self._waiters.add(waiter)
        self._came.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            await done
        finally:
            self._waiters.discard(waiter)

    async def _watch(self) -> None:
        pause = SHORTEST
        while self._waiters:
            if self._came.is_set():
                self._came.clear()
                pause = SHORTEST
            try:
                await self._look()
            except Exception as error:  # each waiter raises it
                for waiter in [waiter for waiter in self._waiters if not waiter.done.done()]:
                    waiter.done.set_exception(error)
                self._waiters.clear()
            if not self._waiters:
                return
            await self._sleep(pause)
            pause = min(pause * GROWTH, LONGEST)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            pass

    async def _look(self) -> None:
        waiters = list(self._waiters)
        async with self._engine.connect() as connection:
            await _resolve(connection, [waiter for waiter in waiters if waiter.position is None])
            reached = await _reached(connection, waiters)
        for waiter in reached:
            self._waiters.discard(waiter)
            if not waiter.done.done():
                waiter.done.set_result(None)


async def _resolve(connection: AsyncConnection, waiters: list[Waiter]) -> None:
    if not waiters:
        return
    events = list({waiter.event for waiter in waiters})
    streams, versions = zip(*events, strict=True)
    rows = await connection.execute(POSITIONS_OF, {"streams": list(streams), "versions": list(versions)})
    found = {(stream_id, version): position for stream_id, version, position in rows}
    for waiter in waiters:
        waiter.position = found.get(waiter.event)


async def _reached(connection: AsyncConnection, waiters: Sequence[Waiter]) -> Sequence[Waiter]:
    known = [(waiter, waiter.position) for waiter in waiters if waiter.position is not None]
    if not known:
        return []
    values = {
        "projections": [waiter.projection.name for waiter, _ in known],
        "segments": [waiter.segment for waiter, _ in known],
        "streams": [waiter.event[0] for waiter, _ in known],
        "positions": [position for _, position in known],
    }
    return [known[nr - 1][0] for (nr,) in await connection.execute(REACHED, values)]
