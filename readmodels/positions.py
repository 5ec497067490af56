"""Where the projections stand: a checkpoint per build and segment, and how far behind the log that is.

A checkpoint moves by compare-and-set, in the transaction of the rows it accounts for and before they are written.
A small batch moves those of the segments that it touches; the others follow when there is time (`FOLLOW`), so
that a few events do not cost an update of every segment of every build.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from eventstore.checkpoints import CheckpointConflict
from readmodels.base import Projection
from readmodels.driver import Session
from readmodels.feeds import Feed, Move
from readmodels.views import ProjectionLag

FOLLOW: Final = 0.25
FOLLOW_BUSY: Final = 2.0
"""Seconds that the checkpoint of a segment without events may be behind what was read: when no more comes, and
while more does. All of them are several hundred rows."""

MOVE = """
    UPDATE checkpoint AS c SET position = m.position
    FROM unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[])
         AS m (projection, build, segment, stored, epoch, position)
    WHERE c.projection = m.projection AND c.version = m.build AND c.segment = m.segment
      AND c.position = m.stored AND c.epoch = m.epoch
"""
HOLD = """
    SELECT 1 FROM checkpoint WHERE projection = $1 AND version = $2 AND segment = $3 AND epoch = $4 FOR UPDATE
"""

LAG = text("""
    SELECT p.name, coalesce(b.version, p.version) AS version, coalesce(c.position, 0) AS position,
           s.position AS head,
           coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)::float8 AS seconds,
           coalesce(k.parked, 0) AS parked
    FROM sequencer AS s CROSS JOIN unnest(:names, :versions) AS p (name, version)
    LEFT JOIN projection_build AS b ON b.projection = p.name AND b.state = 'live'
    LEFT JOIN LATERAL (
        SELECT min(c.position) AS position FROM checkpoint AS c
        WHERE c.projection = b.projection AND c.version = b.build
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS parked FROM parked_key AS k WHERE k.projection = b.projection AND k.build = b.build
    ) AS k ON true
    LEFT JOIN log AS l ON l.position = coalesce(c.position, 0) + 1
    LEFT JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq
    WHERE s.singleton
    ORDER BY p.name
""").bindparams(bindparam("names", type_=ARRAY(Text)), bindparam("versions", type_=ARRAY(Integer)))


async def move(session: Session, moves: Sequence[Move]) -> None:
    """Move all of the checkpoints, in the caller's transaction.

    Raises:
        CheckpointConflict: one is not where it was left; the transaction must not commit.
    """
    if not moves:
        return
    ordered = sorted(moves, key=lambda move: (*move.feed.build.key, move.segment))
    claims = [move.feed.claims[move.segment] for move in ordered]
    status = await session.execute(
        MOVE,
        [move.feed.build.projection for move in ordered],
        [move.feed.build.number for move in ordered],
        [move.segment for move in ordered],
        [claim.stored for claim in claims],
        [claim.epoch for claim in claims],
        [move.position for move in ordered],
    )
    moved = int(status.rpartition(" ")[2])
    if moved != len(ordered):
        raise CheckpointConflict(f"{len(ordered) - moved} of {len(ordered)} segments were claimed by another")


async def follow(session: Session, feeds: Iterable[Feed]) -> None:
    """Store what was reached and not stored yet. Raises CheckpointConflict."""
    moves = [
        Move(feed, segment, claim.position)
        for feed in feeds
        for segment, claim in feed.claims.items()
        if claim.stored < claim.position
    ]
    if not moves:
        return
    async with session.transaction():
        await move(session, moves)
    for each in moves:
        each.feed.claims[each.segment].stored = each.position


async def hold(session: Session, feed: Feed, segment: int) -> None:
    """Keep the claim for this transaction. Raises CheckpointConflict where it is over."""
    epoch = feed.claims[segment].epoch
    if await session.fetchval(HOLD, *feed.build.key, segment, epoch) is None:
        raise CheckpointConflict(f"segment {segment} of {feed.build.projection} was claimed by another")


async def lag(connection: AsyncConnection, projections: Sequence[Projection]) -> Sequence[ProjectionLag]:
    """Of the live builds. `position` is the hindmost segment's."""
    named = {"names": [each.name for each in projections], "versions": [each.version for each in projections]}
    return [ProjectionLag(*row) for row in await connection.execute(LAG, named)]


def named(projections: Sequence[Projection], name: str) -> Projection:
    """Raises NotFound (`projection-not-found`)."""
    for projection in projections:
        if projection.name == name:
            return projection
    known = ", ".join(item.name for item in projections)
    raise NotFound(f"there is no projection {name[:80]!r}, only {known}", code="projection-not-found")
