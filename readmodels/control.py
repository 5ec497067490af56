"""Operating projections: rebuilds, switches, parked keys. It asks and renames; projectors do the work."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import NotAllowed, NotFound
from eventstore.wakeup import SEQUENCED
from readmodels import builds, comparison, cursors, positions
from readmodels.base import Projection
from readmodels.builds import BuildState
from readmodels.operating import BuildView, Comparison, ParkedKey
from readmodels.projections import projections
from readmodels.views import Page

SLACK: Final = 1000
"""Events that a build may be behind when it goes live: under load none is exactly at the head."""

ATTEMPTS: Final = 5
BLOCKED: Final = ("55P03", "40P01")  # lock not available, deadlock

_TABLES = bindparam("tables", type_=ARRAY(Text))

BUILDS = text("""
    SELECT b.projection, b.build, b.version, b.state, coalesce(c.position, 0), s.position, coalesce(k.parked, 0),
           b.switches, b.begun_by, b.begun_at, b.caught_up_at,
           extract(epoch FROM coalesce(b.caught_up_at, clock_timestamp()) - b.begun_at)::float8
    FROM sequencer AS s CROSS JOIN projection_build AS b
    LEFT JOIN LATERAL (
        SELECT min(c.position) AS position FROM checkpoint AS c
        WHERE c.projection = b.projection AND c.version = b.build
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS parked FROM parked_key AS k WHERE k.projection = b.projection AND k.build = b.build
    ) AS k ON true
    WHERE b.projection = coalesce(:projection, b.projection)
    ORDER BY b.projection, array_position(ARRAY['live', 'candidate', 'previous'], b.state)
""").bindparams(bindparam("projection", type_=Text))
LOCK = text("SELECT pg_advisory_xact_lock(:family, :member)")
PATIENCE = text("SET LOCAL lock_timeout = '2s'")
BEGIN = text("SELECT begin_build(:projection, :version, :tables, :switch, :actor)").bindparams(_TABLES)
SWITCH = text("SELECT switch_build(:projection, :tables)").bindparams(_TABLES)
ROLL_BACK = text("SELECT roll_back_build(:projection, :tables)").bindparams(_TABLES)
DROP = text("SELECT drop_build(:projection, 'candidate', :tables)").bindparams(_TABLES)
NOTE = text("""
    INSERT INTO projection_action (actor, projection, build, action, key, position, reason)
    VALUES (:actor, :projection, :build, :action, :key, :position, :reason)
""").bindparams(bindparam("key", None), bindparam("position", None), bindparam("reason", None))
WAKE = text("SELECT pg_notify(:channel, '')").bindparams(channel=SEQUENCED)

PARKED = """
    SELECT k.projection, k.build, b.state, k.key, k.position, k.type, k.error, k.attempts,
           (SELECT count(*) FROM parked_event AS e
            WHERE e.projection = k.projection AND e.build = k.build AND e.key = k.key),
           k.parked_at, k.tried_at, k.wanted
    FROM parked_key AS k JOIN projection_build AS b ON b.projection = k.projection AND b.build = k.build
    WHERE k.projection = :projection
"""
PAGE = text(PARKED + " AND (k.key, k.build) > (:key, :build) ORDER BY k.key, k.build LIMIT :limit")
OF_KEY = text(PARKED + " AND k.key = :key ORDER BY b.state = 'live' DESC, k.position LIMIT 1")
RETRY = text("""
    UPDATE parked_key SET wanted = true WHERE projection = :projection AND key = coalesce(:key, key)
    RETURNING build, key
""").bindparams(bindparam("key", type_=Text))
SKIP = text("""
    INSERT INTO skipped_event (projection, position, reason) VALUES (:projection, :position, :reason)
    ON CONFLICT (projection, position) DO UPDATE SET reason = excluded.reason
""")


class Control:
    """`readmodels.operating.ProjectionControl` on Postgres."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._projections = projections()

    async def builds(self) -> Sequence[BuildView]:
        async with self._engine.begin() as connection:
            return await _builds(connection)

    async def rebuild(self, projection: str, *, actor: str, switch: bool = False) -> BuildView:
        found = self._named(projection)
        async with self._engine.begin() as connection:
            known = await _locked(connection, projection)
            if not _state(known, BuildState.LIVE):
                raise NotAllowed(
                    "no projector has fed it yet: there is nothing to rebuild", code="projection-not-fed"
                )
            if under_way := _state(known, BuildState.CANDIDATE):
                raise NotAllowed(
                    f"build {under_way.build} is being filled, since {under_way.begun_at:%Y-%m-%d %H:%M} UTC; "
                    "switch to it or discard it first",
                    code="rebuild-in-progress",
                )
            values = {"projection": projection, "version": found.version, "switch": switch, "actor": actor}
            await connection.execute(BEGIN, {**values, "tables": builds.table_names(found)})
            await connection.execute(WAKE)
            begun = _state(await _builds(connection, projection), BuildState.CANDIDATE)
        assert begun is not None
        return begun

    async def switch(self, projection: str, *, actor: str, force: bool = False) -> Sequence[BuildView]:
        found = self._named(projection)

        async def change(connection: AsyncConnection) -> None:
            known = await _locked(connection, projection)
            candidate, live = _candidate(known), _state(known, BuildState.LIVE)
            if not force:
                _check_caught_up(candidate)
                if live and candidate.parked > live.parked:
                    raise NotAllowed(
                        f"build {candidate.build} has {candidate.parked} keys parked, the live one {live.parked}",
                        code="build-incomplete",
                    )
            await connection.execute(SWITCH, _given(found))
            await _note(connection, actor, projection, candidate.build, "switch")

        return await self._renaming(projection, change)

    async def roll_back(self, projection: str, *, actor: str, force: bool = False) -> Sequence[BuildView]:
        found = self._named(projection)

        async def change(connection: AsyncConnection) -> None:
            previous = _state(await _locked(connection, projection), BuildState.PREVIOUS)
            if previous is None:
                raise NotAllowed("there is no previous build to go back to", code="no-previous")
            if not force:
                _check_caught_up(previous)
            await connection.execute(ROLL_BACK, _given(found))
            await _note(connection, actor, projection, previous.build, "rollback")

        return await self._renaming(projection, change)

    async def discard(self, projection: str, *, actor: str) -> Sequence[BuildView]:
        found = self._named(projection)

        async def change(connection: AsyncConnection) -> None:
            candidate = _candidate(await _locked(connection, projection))
            await connection.execute(DROP, _given(found))
            await _note(connection, actor, projection, candidate.build, "discard")

        return await self._renaming(projection, change)

    async def compare(self, projection: str) -> Comparison:
        found = self._named(projection)
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            async with connection.begin():
                known = await _builds(connection, projection)
                candidate, live = _candidate(known), _state(known, BuildState.LIVE)
                assert live is not None
                tables = [await comparison.of_table(connection, table) for table in found.tables]
        return Comparison(live, candidate, tables)

    async def parked(self, projection: str, *, limit: int, cursor: str | None) -> Page[ParkedKey]:
        """By key. Raises InvalidValue (`invalid-cursor`, `invalid-limit`)."""
        self._named(projection)
        key, build = cursors.decode(cursor, str, int) if cursor is not None else ("", 0)
        values = {"projection": projection, "key": key, "build": build, "limit": cursors.check_limit(limit) + 1}
        async with self._engine.begin() as connection:
            rows: Sequence[Any] = (await connection.execute(PAGE, values)).all()
        return cursors.page(rows, limit, lambda row: ParkedKey(*row), lambda row: (row.key, str(row.build)))

    async def retry(self, projection: str, key: str | None, *, actor: str) -> int:
        self._named(projection)
        async with self._engine.begin() as connection:
            asked = (await connection.execute(RETRY, {"projection": projection, "key": key})).all()
            if key is not None and not asked:
                raise _not_parked(key)
            for build, each in asked:
                await _note(connection, actor, projection, build, "retry", key=each)
            await connection.execute(WAKE)
        return len(asked)

    async def skip(self, projection: str, key: str, *, reason: str, actor: str) -> ParkedKey:
        self._named(projection)
        async with self._engine.begin() as connection:
            row = (await connection.execute(OF_KEY, {"projection": projection, "key": key})).one_or_none()
            if row is None:
                raise _not_parked(key)
            parked = ParkedKey(*row)
            given = {"projection": projection, "position": parked.position, "reason": reason}
            await connection.execute(SKIP, given)
            await connection.execute(RETRY, {"projection": projection, "key": key})
            told = {"key": key, "position": parked.position, "reason": reason}
            await _note(connection, actor, projection, parked.build, "skip", **told)
            await connection.execute(WAKE)
        return parked

    def _named(self, projection: str) -> Projection:
        return positions.named(self._projections, projection)

    async def _renaming(self, projection: str, change: Any) -> Sequence[BuildView]:
        """Run a change that moves tables. It waits for readers, and they for it, a moment at most each time."""
        for _ in range(ATTEMPTS):
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(PATIENCE)
                    await change(connection)
                    await connection.execute(WAKE)
                    return await _builds(connection, projection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in BLOCKED:
                    raise
        raise NotAllowed(
            "something reads the tables all the time; end the long query, or try again", code="switch-blocked"
        )


async def _locked(connection: AsyncConnection, projection: str) -> Sequence[BuildView]:
    """The projection's builds, which nobody else changes until the transaction ends."""
    family, member = builds.LOCKED
    await connection.execute(LOCK, {"family": family, "member": member})
    return await _builds(connection, projection)


async def _builds(connection: AsyncConnection, projection: str | None = None) -> Sequence[BuildView]:
    return [BuildView(*row) for row in await connection.execute(BUILDS, {"projection": projection})]


async def _note(
    connection: AsyncConnection, actor: str, projection: str, build: int, action: str, **more: object
) -> None:
    values = {"actor": actor, "projection": projection, "build": build, "action": action, **more}
    await connection.execute(NOTE, {"key": None, "position": None, "reason": None, **values})


def _given(projection: Projection) -> dict[str, object]:
    return {"projection": projection.name, "tables": builds.table_names(projection)}


def _state(known: Sequence[BuildView], state: BuildState) -> BuildView | None:
    return next((build for build in known if build.state == state), None)


def _candidate(known: Sequence[BuildView]) -> BuildView:
    candidate = _state(known, BuildState.CANDIDATE)
    if candidate is None:
        raise NotAllowed("no build is being filled beside the live one; begin a rebuild", code="no-candidate")
    return candidate


def _check_caught_up(build: BuildView) -> None:
    if build.events > SLACK:
        raise NotAllowed(
            f"build {build.build} is {build.events} events behind the log, of at most {SLACK}", code="build-behind"
        )


def _not_parked(key: str) -> NotFound:
    return NotFound(f"the key {key[:200]!r} is not parked", code="key-not-parked")
