"""Where the projections stand: the checkpoints of all of them in one statement each, and how far behind that is.

One reader feeds whole projections, so each has one segment, 0. Who moves a checkpoint has claimed it before, which
fences whoever did earlier; it moves by compare-and-set, before the rows are written and in their transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import BigInteger, Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import NotFound
from eventstore.checkpoints import Checkpoint, CheckpointConflict
from readmodels.base import Projection
from readmodels.views import ProjectionLag

SEGMENT: Final = 0

_NAMED = (bindparam("names", type_=ARRAY(Text)), bindparam("versions", type_=ARRAY(Integer)))

LOAD = text("""
    SELECT c.projection, c.position, c.epoch FROM unnest(:names, :versions) AS p (name, version)
    JOIN checkpoint AS c ON c.projection = p.name AND c.version = p.version AND c.segment = 0
""").bindparams(*_NAMED)

FORGET_OTHERS = text("""
    DELETE FROM checkpoint AS c USING unnest(:names, :versions) AS p (name, version)
    WHERE c.projection = p.name AND c.version <> p.version
""").bindparams(*_NAMED)

CLAIM = text("""
    INSERT INTO checkpoint (projection, version, segment, epoch)
    SELECT p.name, p.version, 0, 1 FROM unnest(:names, :versions) AS p (name, version) ORDER BY p.name
    ON CONFLICT (projection, version, segment) DO UPDATE SET epoch = checkpoint.epoch + 1
    RETURNING projection, position, epoch
""").bindparams(*_NAMED)

# Only here is a commit not waited for: a crash takes rows and checkpoint together, and the log has the events. The
# setting is made by the statement itself, which saves a round trip per batch.
MOVE = text("""
    UPDATE checkpoint AS c SET position = :position
    FROM unnest(:names, :versions, :positions, :epochs) AS p (name, version, position, epoch)
    WHERE c.projection = p.name AND c.version = p.version AND c.segment = 0
      AND c.position = p.position AND c.epoch = p.epoch
    RETURNING set_config('synchronous_commit', 'off', true)
""").bindparams(
    *_NAMED,
    bindparam("position", type_=BigInteger),
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("positions", "epochs")),
)

RESET = text("""
    INSERT INTO checkpoint (projection, version, segment, epoch) VALUES (:name, :version, 0, 1)
    ON CONFLICT (projection, version, segment) DO UPDATE SET position = 0, epoch = checkpoint.epoch + 1
""")

LAG = text("""
    SELECT p.name, p.version, coalesce(c.position, 0) AS position, s.position AS head,
           coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at), 0)::float8 AS seconds
    FROM sequencer AS s CROSS JOIN unnest(:names, :versions) AS p (name, version)
    LEFT JOIN checkpoint AS c ON c.projection = p.name AND c.version = p.version AND c.segment = 0
    LEFT JOIN log AS l ON l.position = coalesce(c.position, 0) + 1
    LEFT JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq
    ORDER BY p.name
""").bindparams(*_NAMED)


def _named(projections: Sequence[Projection]) -> dict[str, object]:
    return {"names": [item.name for item in projections], "versions": [item.version for item in projections]}


async def load(connection: AsyncConnection, projections: Sequence[Projection]) -> Mapping[str, Checkpoint]:
    """The checkpoints there are, by the projection's name."""
    rows = await connection.execute(LOAD, _named(projections))
    return {name: Checkpoint(position, epoch) for name, position, epoch in rows}


async def claim(connection: AsyncConnection, projections: Sequence[Projection]) -> Mapping[str, Checkpoint]:
    """Begin a new epoch of every projection. One without a checkpoint of its version begins with empty tables."""
    await connection.execute(FORGET_OTHERS, _named(projections))
    known = await load(connection, projections)
    rows = await connection.execute(CLAIM, _named(projections))
    claimed = {name: Checkpoint(position, epoch) for name, position, epoch in rows}
    for projection in projections:
        if projection.name not in known:
            await connection.execute(projection.clear)
    return claimed


async def move(
    connection: AsyncConnection,
    projections: Sequence[Projection],
    checkpoints: Sequence[Checkpoint],
    position: int,
) -> None:
    """Move every one of the checkpoints to `position`.

    Raises:
        CheckpointConflict: one is not where it was left; the transaction must not commit.
    """
    stands = {"positions": [item.position for item in checkpoints], "epochs": [item.epoch for item in checkpoints]}
    moved = await connection.execute(MOVE, {**_named(projections), **stands, "position": position})
    if len(moved.all()) != len(projections):
        raise CheckpointConflict(f"not all of {', '.join(item.name for item in projections)} could move")


async def rebuild(connection: AsyncConnection, projection: Projection) -> None:
    """Empty a projection, in the caller's transaction; whoever projects then applies the log again.

    The checkpoint comes first: a batch in hand is waited for, and the next one finds that its claim is over.
    """
    await connection.execute(RESET, {"name": projection.name, "version": projection.version})
    await connection.execute(projection.clear)


async def lag(connection: AsyncConnection, projections: Sequence[Projection]) -> Sequence[ProjectionLag]:
    rows = await connection.execute(LAG, _named(projections))
    return [ProjectionLag(*row) for row in rows]


def named(projections: Sequence[Projection], name: str) -> Projection:
    """Raises NotFound (`projection-not-found`)."""
    for projection in projections:
        if projection.name == name:
            return projection
    known = ", ".join(item.name for item in projections)
    raise NotFound(f"there is no projection {name[:80]!r}, only {known}", code="projection-not-found")
