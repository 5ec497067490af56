"""The sequencer: gives committed events their gapless positions, after the fact.

Any number may run, on any machines; one leads. Leadership is a session lock on the connection that also does
the work, so it ends with that connection. It is fenced as well: every leader raises the epoch, and a batch of
an older epoch is refused by the database. That holds where locks do not (a pooler between us and the database,
a lock freed by hand).
"""

import asyncio
from dataclasses import dataclass

import asyncpg
import structlog

from eventstore.connections import SINGLETONS, connected, is_lost
from eventstore.wakeup import APPENDED, Alarm

log = structlog.get_logger(__name__)

LEADER = (SINGLETONS, 2)
BUSY, BUSY_PAUSE = 50, 0.003
"""After a look that found so many events the next comes so many seconds later, without waiting to be woken."""
PACE = 0.03
"""Seconds between two looks that find fewer. The first event after a rest is sequenced at once; those of a steady
trickle go together, because every look wakes every reader of the log, each with a transaction of its own."""


class LeadershipLost(Exception):
    """Another sequencer leads. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The oldest transaction that has written and not ended. `pid` is None for a prepared one."""

    pid: int | None
    application: str | None
    database: str
    state: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the log is: its last position, the committed events without one, the age of the oldest in seconds.

    `holder` is set while events wait and some transaction of the cluster is open that may be why.
    """

    head: int
    waiting: int
    seconds: float
    holder: Holder | None


class Sequencer:
    """Run one in every projector.

    Args:
        dsn: The event store's database.
        poll: Seconds between two looks without a wake-up.
        standby_poll: Seconds between two attempts to become the leader.
        batch: Most events sequenced in one transaction.
    """

    def __init__(self, dsn: str, *, poll: float = 0.05, standby_poll: float = 0.5, batch: int = 5000) -> None:
        self._dsn, self._poll, self._standby_poll, self._batch = dsn, poll, standby_poll, batch
        self._leading = asyncio.Event()

    @property
    def leading(self) -> bool:
        """Whether this one leads, as far as it knows."""
        return self._leading.is_set()

    async def run(self) -> None:
        """Lead or stand by, until cancelled; reconnects for as long as it takes.

        Raises:
            asyncpg.PostgresError: what reconnecting cannot mend, such as a log of another cluster (`adopt_log`).
        """
        while True:
            try:
                async with connected(self._dsn, "waybill-sequencer") as connection:
                    await self._serve(connection)
            except LeadershipLost as error:
                log.warning("sequencer was fenced, standing by", error=str(error))
            except Exception as error:
                if not is_lost(error):
                    raise
                log.warning("sequencer lost the database, trying again", error=repr(error))
            finally:
                self._leading.clear()
            await asyncio.sleep(self._standby_poll)

    async def _serve(self, connection: asyncpg.Connection) -> None:
        # A blocking pg_advisory_lock would hold a snapshot, and with it vacuum back, all the time it stands by.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", *LEADER):
            await asyncio.sleep(self._standby_poll)
        alarm = Alarm()
        await alarm.listen(connection, APPENDED)
        leader = await Leader.take_over(connection)
        log.info("sequencer leads", epoch=leader.epoch)
        self._leading.set()
        while True:
            count = await leader.sequence(self._batch)
            if BUSY <= count < self._batch:
                await asyncio.sleep(BUSY_PAUSE)
            elif count < self._batch:
                await asyncio.sleep(PACE if count else 0)
                await alarm.wait(self._poll)


@dataclass(frozen=True, slots=True)
class Leader:
    """One leadership: what may be done with an epoch. `Sequencer` takes turns by lock; the epoch alone is safe."""

    connection: asyncpg.Connection
    epoch: int

    @classmethod
    async def take_over(cls, connection: asyncpg.Connection) -> "Leader":
        """Begin a new epoch, which ends every earlier one."""
        epoch: int = await connection.fetchval("SELECT lead_sequencer()")
        return cls(connection, epoch)

    async def sequence(self, batch: int) -> int:
        """Give the next events their positions, at most `batch`; give their number.

        Raises:
            LeadershipLost: another leader took over.
        """
        try:
            count: int = await self.connection.fetchval("SELECT sequence_events($1, $2)", self.epoch, batch)
        except asyncpg.PostgresError as error:
            if error.sqlstate == "WB002":
                raise LeadershipLost(str(error)) from None
            raise
        return count


async def sequence_all(dsn: str) -> int:
    """Sequence everything that is ripe, once, taking over from whoever leads; for tools and tests."""
    async with connected(dsn, "waybill-sequencer") as connection:
        leader, total = await Leader.take_over(connection), 0
        while count := await leader.sequence(5000):
            total += count
        return total


async def watermark(pool: asyncpg.Pool) -> Watermark:
    """How far the log is sequenced and what holds it back."""
    row = await pool.fetchrow("SELECT * FROM log_watermark()")
    if row is None:
        raise LookupError("the sequencer's row is gone")
    head, waiting, seconds, pid, application, database, state, held = row
    holder = Holder(pid, application, database, state or "", held or 0.0) if database is not None else None
    return Watermark(head, waiting, seconds, holder)
