"""The engine: one reader of the log per process feeds every build of every projection.

Any number of processes may run one; they share the segments (`readmodels.leases`). A batch commits only under the
claims it was prepared under, so a process that was believed dead, or whose tables were switched, applies nothing.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from eventstore.checkpoints import CheckpointConflict
from eventstore.store import PartReader
from readmodels import builds, parking, positions
from readmodels.base import Projection
from readmodels.batches import ReadAhead, apply, describe, is_away
from readmodels.driver import Session, session
from readmodels.feeds import Halt, Lane, Part, lanes
from readmodels.holding import Holding
from readmodels.poison import apply_carefully, try_again

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
MOST_ANSWERS: Final = 50
"""Parked keys that are tried again between two batches."""


class Projector:
    """Run one in every projector process.

    Args:
        engine: The read models' database, which is the log's. One connection is held.
        log: Where events come from.
        projections: From `readmodels.projections.projections`, each for this projector alone.
        batch: Most events of one transaction.
        standby_poll: Seconds between two looks at who else is there.
        lease: Seconds after which a process that gives no sign is taken for dead, though its session is there.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        log: PartReader,
        projections: Sequence[Projection],
        *,
        batch: int = 1000,
        standby_poll: float = 0.5,
        lease: float = 10.0,
    ) -> None:
        self._engine, self._log, self._projections = engine, log, projections
        self._batch, self._standby_poll, self._lease = batch, standby_poll, lease
        self._holding = Holding(projections)
        self._read_at = self._levelled_at = 0.0

    @property
    def leading(self) -> bool:
        """Whether this one projects anything, as far as it knows."""
        return any(feed.claims for feed in self._holding.feeds)

    @property
    def halted(self) -> Mapping[str, Halt]:
        """The projections that stand still here, each before a batch it cannot apply."""
        return {feed.build.projection: feed.halt for feed in self._holding.feeds if feed.halt}

    @property
    def segments(self) -> Mapping[str, frozenset[int]]:
        """The segments of each projection's live build that are fed here."""
        live = [feed for feed in self._holding.feeds if feed.build.state is builds.BuildState.LIVE]
        return {feed.build.projection: frozenset(feed.claims) for feed in live}

    async def run(self) -> None:
        """Feed what is this process's share, until cancelled; reconnects for as long as it takes.

        Raises:
            LogDamaged: the log has a gap.
            Exception: whatever else reconnecting cannot mend.
        """
        while True:
            try:
                async with self._session() as connection:
                    await self._follow(connection)
            except CheckpointConflict as error:
                log.info("claims are over, claiming again", error=str(error))
                continue
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("projector lost the database, trying again", error=describe(error))
            await asyncio.sleep(self._standby_poll)

    async def catch_up(self) -> bool:
        """Apply all that the log holds now, once, for tools and tests; False where others hold a part of it.

        Raises:
            CheckpointConflict: a claim ended meanwhile; call again.
        """
        async with self._session() as connection:
            await self._drain(connection)
            await positions.follow(connection, self._holding.feeds)
            await self._beat(connection)
            return self._holding.complete

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        """A session whose process is known to the others; leaves them everything at the end, if it can."""
        async with session(self._engine, lease=self._lease) as connection:
            await builds.ensure(connection, self._projections)
            try:
                await self._holding.join(connection, self._lease)
                await self._beat(connection)
                yield connection
                await positions.follow(connection, self._holding.feeds)
            finally:
                await self._leave(connection)

    async def _leave(self, connection: Session) -> None:
        try:
            await self._holding.leave(connection)
        except Exception as error:  # the session's end tells the others as well
            log.debug("could not say good-bye", error=describe(error))

    async def _beat(self, connection: Session) -> None:
        """Take and give segments, answer what operators asked, let a build go live that was waited for."""
        await self._holding.sync(connection, self._lease)
        for feed in self._holding.feeds:
            if feed.parked and feed.claims:
                for key, segment in await parking.wanted(connection, feed.build, feed.claims, MOST_ANSWERS):
                    await try_again(connection, feed, key, segment, self._log)
        for feed in [feed for feed in self._holding.feeds if feed.build.state is builds.BuildState.CANDIDATE]:
            waited = not feed.build.caught_up and 0 in feed.claims
            if waited and await builds.note_caught_up(connection, feed.build, self._batch):
                await builds.switch(connection, feed.build, feed.projection)
                log.info("a new version went live", projection=feed.build.projection, version=feed.build.version)
                await self._holding.sync(connection, self._lease)

    async def _follow(self, connection: Session) -> None:
        async with aclosing(self._log.wakeups()) as wakeups:
            async for _ in wakeups:
                await self._drain(connection)
                await self._level(connection)

    async def _level(self, connection: Session) -> None:
        """Let the checkpoints of segments without events follow, at the latest when there is a moment's peace."""
        now = self._now()
        if self._levelled_at >= self._read_at:
            return
        if now >= self._read_at + positions.FOLLOW or now >= self._levelled_at + positions.FOLLOW_BUSY:
            await positions.follow(connection, self._holding.feeds)
            self._levelled_at = now

    async def _drain(self, connection: Session) -> None:
        """Project until nothing is left that can be projected."""
        ahead = ReadAhead(self._log)
        try:
            more = True
            while more:
                if self._holding.beat_at + self._standby_poll <= self._now():
                    await self._level(connection)
                    await self._beat(connection)
                more = await self._step(connection, ahead)
        finally:
            ahead.close()

    async def _step(self, connection: Session, ahead: ReadAhead) -> bool:
        """Take every lane a batch further; tell whether any was left."""
        now = self._now()
        due = [feed for feed in self._holding.feeds if feed.due(now)]
        found = [await self._project(connection, ahead, lane) for lane in lanes(due, self._batch)]
        return any(found)

    async def _project(self, connection: Session, ahead: ReadAhead, lane: Lane) -> bool:
        span = lane.span(self._batch)
        read = await ahead.read(lane.after, span, lane.segments)
        if read.upto == lane.after:
            return False
        self._read_at = self._now()
        parts = lane.parts(read)
        try:
            await apply(connection, parts)
        except CheckpointConflict:
            raise
        except Exception as error:
            if is_away(error):
                raise
            for part in parts:
                await self._apply_alone(connection, part)
        return True

    async def _apply_alone(self, connection: Session, part: Part) -> None:
        try:
            try:
                await apply(connection, [part])
            except CheckpointConflict:
                raise
            except Exception as error:
                if is_away(error):
                    raise
                await apply_carefully(connection, part)
        except CheckpointConflict:
            raise
        except Exception as error:
            if is_away(error):
                raise
            self._halt(part, error)

    def _halt(self, part: Part, error: Exception) -> None:
        """Stand still before this batch, longer each time. Nothing is lost: the checkpoints stay before it."""
        feed = part.feed
        attempts = feed.halt.attempts + 1 if feed.halt else 1
        pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 16), LONGEST_PAUSE)
        before = min(claim.position for claim in feed.claims.values())
        feed.halt = Halt(describe(error), before, attempts, self._now() + pause)
        log.error(
            "projection stands still before a batch it cannot apply",
            projection=feed.build.projection,
            build=feed.build.number,
            after=before,
            attempts=attempts,
            retry_in=pause,
            error=feed.halt.error,
            trace=traceback.format_tb(error.__traceback__, limit=-3),  # lines of code; `exc_info` may show values
        )

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
