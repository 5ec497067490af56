"""The engine: one reader of the log feeds every projection.

Any number of processes may run one; one of them leads, and another takes over when it ends. Leadership is a
session lock on the connection that also writes. It is fenced as well: a leader claims every checkpoint, and a
batch under an older claim does not commit. So a rebuild, which ends the claims too, needs no leader's consent.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from eventstore.checkpoints import CheckpointConflict
from eventstore.connections import SINGLETONS
from eventstore.store import LogReader
from readmodels import positions
from readmodels.base import Projection
from readmodels.batches import Halt, ReadAhead, Runner, advance, advance_alone, describe, is_away

log = structlog.get_logger(__name__)

LEADER: Final = {"family": SINGLETONS, "member": 3}
LEAD = text("SELECT pg_try_advisory_lock(:family, :member)")


class Projector:
    """Run one in every projector process.

    Args:
        engine: The read models' database, which is the log's. One connection is held while leading.
        log: Where events come from.
        projections: From `readmodels.projections.projections`, each for this projector alone.
        batch: Most events of one transaction.
        standby_poll: Seconds between two attempts to lead, and between two looks at the claims while idle.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        log: LogReader,
        projections: Sequence[Projection],
        *,
        batch: int = 1000,
        standby_poll: float = 0.5,
    ) -> None:
        self._engine, self._log, self._projections = engine, log, projections
        self._batch, self._standby_poll = batch, standby_poll
        self._runners: Sequence[Runner] = ()

    @property
    def leading(self) -> bool:
        """Whether this one projects, as far as it knows."""
        return bool(self._runners)

    @property
    def halted(self) -> Mapping[str, Halt]:
        """The projections that stand still here, each before an event it cannot apply."""
        return {runner.projection.name: runner.halt for runner in self._runners if runner.halt}

    async def run(self) -> None:
        """Lead or stand by, until cancelled; reconnects for as long as it takes.

        Raises:
            LogDamaged: the log has a gap.
            Exception: whatever else neither reconnecting nor another claim can mend.
        """
        while True:
            try:
                async with self._leadership() as connection:
                    if connection is not None:
                        await self._follow(connection)
            except CheckpointConflict as error:
                log.info("projections were claimed or rebuilt, claiming again", error=str(error))
                continue
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("projector lost the database, trying again", error=describe(error))
            await asyncio.sleep(self._standby_poll)

    async def catch_up(self) -> bool:
        """Apply all that the log holds now, once, for tools and tests; False where another projector leads.

        Raises:
            CheckpointConflict: the projections were claimed or rebuilt meanwhile; call again.
        """
        async with self._leadership() as connection:
            if connection is None:
                return False
            await self._drain(connection)
            return True

    @asynccontextmanager
    async def _leadership(self) -> AsyncIterator[AsyncConnection | None]:
        """A connection that holds the leader's lock and all claims; None where another has the lock."""
        async with self._engine.connect() as connection:
            async with connection.begin():
                leads = await connection.scalar(LEAD, LEADER)
            if not leads:
                yield None
                return
            try:
                self._runners = await self._claim(connection)
                yield connection
            finally:
                self._runners = ()
                await connection.invalidate()  # the lock ends with its session, which must not go back to the pool

    async def _claim(self, connection: AsyncConnection) -> Sequence[Runner]:
        async with connection.begin():
            claimed = await positions.claim(connection, self._projections)
        log.info("projector leads", positions={name: claim.position for name, claim in claimed.items()})
        return [Runner(projection, claimed[projection.name]) for projection in self._projections]

    async def _follow(self, connection: AsyncConnection) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        async with aclosing(self._log.wakeups()) as wakeups:
            async for _ in wakeups:
                await self._drain(connection)
                if loop.time() >= checked + self._standby_poll:
                    await self._check_claims(connection)
                    checked = loop.time()

    async def _drain(self, connection: AsyncConnection) -> None:
        """Project until nothing is left that can be projected."""
        ahead = ReadAhead(self._log, self._batch)
        try:
            while await self._step(connection, ahead):
                pass
        finally:
            ahead.close()

    async def _step(self, connection: AsyncConnection, ahead: ReadAhead) -> bool:
        """Take every projection a batch further; tell whether any was left.

        Those in front go first, so that one which is rebuilt far behind does not hold them up.
        """
        now = asyncio.get_running_loop().time()
        due = [runner for runner in self._runners if runner.due(now)]
        front = max((runner.position for runner in due), default=0)
        first = await self._project(connection, ahead, [runner for runner in due if runner.position == front])
        second = await self._project(connection, ahead, [runner for runner in due if runner.position < front])
        return first or second

    async def _project(self, connection: AsyncConnection, ahead: ReadAhead, runners: Sequence[Runner]) -> bool:
        if not runners:
            return False
        events = await ahead.read(min(runner.position for runner in runners))
        if not events:
            return False
        try:
            await advance(connection, runners, events)
        except CheckpointConflict:
            raise
        except Exception as error:
            if is_away(error):
                raise
            log.warning("a batch failed, applying it to each projection alone", error=describe(error))
            for runner in runners:
                await advance_alone(connection, runner, events)
        return True

    async def _check_claims(self, connection: AsyncConnection) -> None:
        """A rebuild of an idle projection shows only here. Also tells that the connection is alive."""
        async with connection.begin():
            found = await positions.load(connection, self._projections)
        if any(found.get(runner.projection.name) != runner.checkpoint for runner in self._runners):
            raise CheckpointConflict("a checkpoint is not where it was left")
