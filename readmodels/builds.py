"""Builds: fillings of a projection's tables, of which one is live. A rebuild fills a candidate beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from eventstore.connections import SINGLETONS
from readmodels.base import LIVE_SCHEMA, Projection
from readmodels.driver import Session

PROJECTOR: Final = "projector"
"""Who did it, where nobody asked."""


class BuildState(StrEnum):
    LIVE = "live"
    CANDIDATE = "candidate"
    PREVIOUS = "previous"


SCHEMAS: Final[Mapping[BuildState, str]] = {
    BuildState.LIVE: LIVE_SCHEMA,
    BuildState.CANDIDATE: "read_candidate",
    BuildState.PREVIOUS: "read_previous",
}

LOAD = "SELECT projection, build, version, state, switches, caught_up_at IS NOT NULL FROM projection_build"
LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
LOCKED = (SINGLETONS, 4)
ADD = "SELECT add_build($1, $2, 'live', false, $3)"
BEGIN = "SELECT begin_build($1, $2, $3, true, $4)"

# Within one batch of the head counts: under load, nothing is ever exactly there.
NOTE_CAUGHT_UP = """
    UPDATE projection_build AS b SET caught_up_at = clock_timestamp()
    WHERE b.projection = $1 AND b.build = $2 AND b.caught_up_at IS NULL AND (
        SELECT min(c.position) >= (SELECT position FROM sequencer) - $3::bigint FROM checkpoint AS c
        WHERE c.projection = b.projection AND c.version = b.build
    )
    RETURNING b.switches
"""
SWITCH = "SELECT switch_build($1, $2)"
NOTE_SWITCH = "INSERT INTO projection_action (actor, projection, build, action) VALUES ($1, $2, $3, 'switch')"


@dataclass(frozen=True, slots=True)
class Build:
    """`version` is that of the code which fills it, `number` tells it from other fillings."""

    projection: str
    number: int
    version: int
    state: BuildState
    switches: bool = False
    caught_up: bool = False

    @property
    def schema(self) -> str:
        return SCHEMAS[self.state]

    @property
    def key(self) -> tuple[str, int]:
        return self.projection, self.number


def table_names(projection: Projection) -> list[str]:
    return [table.name for table in projection.tables]


async def load(session: Session) -> Sequence[Build]:
    rows = await session.fetch(LOAD)
    return [Build(name, build, version, BuildState(state), *rest) for name, build, version, state, *rest in rows]


async def ensure(session: Session, projections: Sequence[Projection]) -> None:
    """Make the builds that this code needs: a live one of every projection, a candidate for every newer version.

    A version that has a build already is left alone: an operator who rolled back to the older one meant it.
    """
    by_name = sorted(projections, key=lambda each: (each.name, each.version))
    async with session.transaction():
        await session.execute(LOCK, *LOCKED)
        known = await load(session)
        for name, versions in groupby(by_name, key=lambda each: each.name):
            newest = list(versions)[-1]
            await _ensure(session, newest, [build for build in known if build.projection == name])


async def _ensure(session: Session, newest: Projection, known: Sequence[Build]) -> None:
    live = next((build.version for build in known if build.state is BuildState.LIVE), None)
    if live is None:
        for table in newest.tables:
            await session.execute(f"TRUNCATE {table.fullname}")
        await session.fetchval(ADD, newest.name, newest.version, PROJECTOR)
    elif live < newest.version and newest.version not in [build.version for build in known]:
        await session.fetchval(BEGIN, newest.name, newest.version, table_names(newest), PROJECTOR)


async def note_caught_up(session: Session, build: Build, slack: int) -> bool:
    """Note the first time that a build is at the log's head; whether it is to go live now."""
    return bool(await session.fetchval(NOTE_CAUGHT_UP, build.projection, build.number, slack))


async def switch(session: Session, build: Build, projection: Projection) -> None:
    """Make the candidate live. Raises what the driver raises where readers keep the tables for too long."""
    async with session.transaction():
        await session.execute("SET LOCAL lock_timeout = '2s'")
        await session.execute("SET LOCAL synchronous_commit = on")
        await session.execute(LOCK, *LOCKED)
        await session.execute(SWITCH, build.projection, table_names(projection))
        await session.execute(NOTE_SWITCH, PROJECTOR, build.projection, build.number)
