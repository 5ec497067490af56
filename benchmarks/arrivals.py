"""Orders that have come to their end, for those who wait for one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import asyncpg

PAUSE = 0.05
PATIENCE = 60.0

# One index look-up per event, whatever the planner believes of a young table: to look is not what is measured.
ENDED = """
    SELECT l.position, e.stream_id FROM log AS l CROSS JOIN LATERAL (
        SELECT stream_id, type FROM event AS e WHERE e.xid = l.xid AND e.seq = l.seq OFFSET 0
    ) AS e
    WHERE l.position > $1 AND e.type = $2 ORDER BY l.position
"""
HEAD = "SELECT coalesce(max(position), 0) FROM log"


class OrderLost(Exception):
    """An order that was placed has not come to its end: no number of this run means anything."""


class Arrivals:
    """Which orders have ended."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, asyncio.Event] = {}

    def arrived(self, order_id: UUID) -> None:
        self._waiting.setdefault(order_id, asyncio.Event()).set()

    async def of(self, order_id: UUID) -> None:
        """Wait until the order has ended. Raises OrderLost when it does not."""
        ended = self._waiting.setdefault(order_id, asyncio.Event())
        try:
            await asyncio.wait_for(ended.wait(), PATIENCE)
        except TimeoutError:
            raise OrderLost(f"order {order_id} was not completed within {PATIENCE:.0f} s") from None
        del self._waiting[order_id]


@asynccontextmanager
async def from_log(dsn: str, event: str = "OrderCompleted") -> AsyncIterator[Arrivals]:
    """Orders whose `event` stands in the log, in its global order: committed and sequenced."""
    connection = await asyncpg.connect(dsn)
    arrivals = Arrivals()
    following = asyncio.create_task(_follow(connection, arrivals, event))
    try:
        yield arrivals
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await connection.close()


async def _follow(connection: asyncpg.Connection, arrivals: Arrivals, event: str) -> None:
    seen = await connection.fetchval(HEAD)
    while True:
        for position, stream in await connection.fetch(ENDED, seen, event):
            arrivals.arrived(UUID(stream.removeprefix("order/")))
            seen = position
        await asyncio.sleep(PAUSE)
