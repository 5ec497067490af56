"""Who feeds what: projector processes share each build's segments evenly, and take those of one that is gone.

A process is alive while it renews its lease, and only as long as its database session is there. It takes a segment
only where nobody alive holds it, and lets go of what is another's share between two batches. Taking begins a new
epoch of the checkpoint, so a holder that was believed dead cannot move it any more.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from readmodels.driver import Session

RENEW = """
    INSERT INTO projector AS p (id, feeds, pid, session_start, alive_until)
    SELECT $1, $2, a.pid, a.backend_start, clock_timestamp() + make_interval(secs => $3)
    FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid()
    ON CONFLICT (id) DO UPDATE SET pid = excluded.pid, session_start = excluded.session_start,
        feeds = excluded.feeds, alive_until = excluded.alive_until
"""
ALIVE = "SELECT id, feeds FROM projector_alive ORDER BY id"
BURY = "DELETE FROM projector WHERE alive_until < clock_timestamp() - interval '1 minute'"
STANDS = """
    SELECT c.projection, c.version, c.segment, c.position, c.epoch, c.holder
    FROM checkpoint AS c JOIN projection_build AS b ON b.projection = c.projection AND b.build = c.version
    WHERE b.projection || '@' || b.version = ANY ($1)
"""

# Compare-and-set on the holder; a row that its old holder still has locked is left for the next time.
TAKE = """
    WITH free AS (
        SELECT c.projection, c.version, c.segment
        FROM unnest($2::text[], $3::integer[], $4::integer[], $5::uuid[])
             AS w (projection, version, segment, holder)
        JOIN checkpoint AS c USING (projection, version, segment)
        WHERE c.holder IS NOT DISTINCT FROM w.holder
        ORDER BY c.projection, c.version, c.segment FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE checkpoint AS c SET holder = $1, epoch = c.epoch + 1 FROM free AS f
    WHERE c.projection = f.projection AND c.version = f.version AND c.segment = f.segment
    RETURNING c.projection, c.version, c.segment, c.position, c.epoch, c.holder
"""
GIVE_BACK = """
    UPDATE checkpoint AS c SET holder = NULL
    FROM unnest($2::text[], $3::integer[], $4::integer[]) AS w (projection, version, segment)
    WHERE c.projection = w.projection AND c.version = w.version AND c.segment = w.segment AND c.holder = $1
"""
GIVE_ALL_BACK = "UPDATE checkpoint SET holder = NULL WHERE holder = $1"
LEAVE = "DELETE FROM projector WHERE id = $1"

Spot = tuple[str, int, int]
"""Projection, build, segment."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A checkpoint as it stands."""

    projection: str
    build: int
    segment: int
    position: int
    epoch: int
    holder: UUID | None

    @property
    def spot(self) -> Spot:
        return self.projection, self.build, self.segment

    @property
    def filling(self) -> tuple[str, int]:
        return self.projection, self.build


@dataclass(frozen=True, slots=True)
class Members:
    """The processes that are alive, and what each can feed."""

    feeds: Mapping[UUID, Collection[str]]

    def share(self, me: UUID, feed: str, segments: int) -> set[int]:
        """The segments of a build that are this process's: every n-th."""
        able = [member for member, feeds in self.feeds.items() if feed in feeds]
        if me not in able:
            return set()
        return set(range(able.index(me), segments, len(able)))


async def renew(session: Session, me: UUID, feeds: Sequence[str], lease: float) -> Members:
    """Stay alive for `lease` seconds more, and see who else is."""
    await session.execute(RENEW, me, list(feeds), lease)
    return Members({member: set(able) for member, able in await session.fetch(ALIVE)})


async def stands(session: Session, feeds: Sequence[str]) -> Sequence[Stand]:
    return _stands(await session.fetch(STANDS, list(feeds)))


async def take(session: Session, me: UUID, wanted: Sequence[Stand]) -> Sequence[Stand]:
    """Claim checkpoints that are still as they were seen; gives those that were."""
    if not wanted:
        return []
    return _stands(await session.fetch(TAKE, me, *_columns(wanted), [item.holder for item in wanted]))


async def give_back(session: Session, me: UUID, unwanted: Sequence[Stand]) -> None:
    if unwanted:
        await session.execute(GIVE_BACK, me, *_columns(unwanted))


async def join(session: Session) -> None:
    await session.execute(BURY)


async def leave(session: Session, me: UUID) -> None:
    """Others may take everything at once."""
    async with session.transaction():
        await session.execute(GIVE_ALL_BACK, me)
        await session.execute(LEAVE, me)


def _columns(stands: Sequence[Stand]) -> tuple[list[str], list[int], list[int]]:
    spots = [item.spot for item in stands]
    return [name for name, _, _ in spots], [build for _, build, _ in spots], [segment for *_, segment in spots]


def _stands(rows: Iterable[Any]) -> list[Stand]:
    return [Stand(*row) for row in rows]
