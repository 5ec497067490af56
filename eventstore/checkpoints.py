"""How far each segment of a projection has read, kept in the transaction that writes the projection's rows.

For SQLAlchemy connections, because read models write through those. A reader claims its segments once, which
fences whoever read them before, and then moves them by compare-and-set on position and epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

LOAD = text("""
    SELECT segment, position, epoch FROM checkpoint WHERE projection = :projection AND version = :version
""")

CLAIM = text("""
    INSERT INTO checkpoint (projection, version, segment, epoch)
    SELECT :projection, :version, s, 1 FROM unnest(:segments) AS s ORDER BY s
    ON CONFLICT (projection, version, segment) DO UPDATE SET epoch = checkpoint.epoch + 1
    RETURNING segment, position, epoch
""").bindparams(bindparam("segments", type_=ARRAY(Integer)))

SAVE = text("""
    UPDATE checkpoint AS c SET position = m.to_position
    FROM unnest(:segments, :old_positions, :epochs, :positions) AS m (segment, old_position, epoch, to_position)
    WHERE c.projection = :projection AND c.version = :version AND c.segment = m.segment
      AND c.position = m.old_position AND c.epoch = m.epoch
""").bindparams(
    bindparam("segments", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("old_positions", "epochs", "positions")),
)


class CheckpointConflict(Exception):
    """Another reader has claimed or moved the segment. Roll the whole transaction back and claim again."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything up to and including `position` is in the rows. `epoch` is the claim under which it may move."""

    position: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Move:
    segment: int
    old: Checkpoint
    position: int


async def load_checkpoints(connection: AsyncConnection, projection: str, version: int) -> Mapping[int, Checkpoint]:
    """The checkpoints by segment. Segments nobody has claimed yet are missing; they stand at 0."""
    rows = await connection.execute(LOAD, {"projection": projection, "version": version})
    return {segment: Checkpoint(position, epoch) for segment, position, epoch in rows}


async def load_checkpoint(connection: AsyncConnection, projection: str, version: int, segment: int) -> Checkpoint:
    checkpoints = await load_checkpoints(connection, projection, version)
    return checkpoints.get(segment, Checkpoint(0, 0))


async def claim_checkpoints(
    connection: AsyncConnection, projection: str, version: int, segments: Sequence[int]
) -> Mapping[int, Checkpoint]:
    """Begin a new epoch of each segment. From its commit on, earlier claimants get CheckpointConflict."""
    values = {"projection": projection, "version": version, "segments": list(segments)}
    rows = await connection.execute(CLAIM, values)
    return {segment: Checkpoint(position, epoch) for segment, position, epoch in rows}


async def save_checkpoints(
    connection: AsyncConnection, projection: str, version: int, moves: Sequence[Move]
) -> Mapping[int, Checkpoint]:
    """Move several segments at once and give their new checkpoints.

    Raises:
        CheckpointConflict: one of them was not where `old` says; the caller's transaction must not commit.
    """
    values = {
        "projection": projection,
        "version": version,
        "segments": [move.segment for move in moves],
        "old_positions": [move.old.position for move in moves],
        "epochs": [move.old.epoch for move in moves],
        "positions": [move.position for move in moves],
    }
    moved = await connection.execute(SAVE, values)
    if moved.rowcount != len(moves):
        raise CheckpointConflict(
            f"{projection} v{version}: {len(moves) - moved.rowcount} of {len(moves)} segments"
        )
    return {move.segment: Checkpoint(move.position, move.old.epoch) for move in moves}


async def save_checkpoint(
    connection: AsyncConnection, projection: str, version: int, segment: int, *, old: Checkpoint, position: int
) -> Checkpoint:
    """Move one segment; see `save_checkpoints`."""
    moved = await save_checkpoints(connection, projection, version, [Move(segment, old, position)])
    return moved[segment]
