"""Keys that are parked: an event of theirs cannot be applied, so it and those behind it wait, and nothing else.

What is kept are positions; the events are in the log. Only the holder of the key's segment changes this, in the
transaction that changes the rows; everybody else asks it to, by `wanted`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from eventstore.store import Recorded
from readmodels.builds import Build
from readmodels.driver import Session
from readmodels.feeds import position_of

KEYS = "SELECT key FROM parked_key WHERE projection = $1 AND build = $2"
PARK = """
    INSERT INTO parked_key (projection, build, key, segment, position, type, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (projection, build, key) DO UPDATE SET position = excluded.position, type = excluded.type,
        error = excluded.error, attempts = parked_key.attempts + 1, tried_at = clock_timestamp(), wanted = false
"""
QUEUE = """
    INSERT INTO parked_event (projection, build, key, position)
    SELECT $1, $2, q.key, q.position FROM unnest($3::text[], $4::bigint[]) AS q (key, position)
    ON CONFLICT DO NOTHING
"""
WANTED = """
    SELECT key, segment FROM parked_key WHERE projection = $1 AND build = $2 AND segment = ANY ($3) AND wanted
    ORDER BY tried_at LIMIT $4
"""
WANT_ALL = "UPDATE parked_key SET wanted = true WHERE projection = $1 AND build = $2 AND segment = ANY ($3)"
NEXT = """
    SELECT position FROM parked_event WHERE projection = $1 AND build = $2 AND key = $3 ORDER BY position LIMIT $4
"""
APPLIED = "DELETE FROM parked_event WHERE projection = $1 AND build = $2 AND key = $3 AND position = ANY ($4)"
FREE = """
    DELETE FROM parked_key AS k WHERE projection = $1 AND build = $2 AND key = $3 AND NOT EXISTS (
        SELECT FROM parked_event AS e
        WHERE e.projection = k.projection AND e.build = k.build AND e.key = k.key
    ) RETURNING key
"""
SKIPPED = "SELECT reason FROM skipped_event WHERE projection = $1 AND position = $2"


@dataclass(frozen=True, slots=True)
class Poison:
    """The first of `events` cannot be applied, so none is."""

    key: str
    segment: int
    events: Sequence[Recorded]
    error: str


async def keys(session: Session, build: Build) -> set[str]:
    return {key for (key,) in await session.fetch(KEYS, *build.key)}


async def park(session: Session, build: Build, poison: Poison) -> None:
    first = poison.events[0]
    values = (poison.key, poison.segment, position_of(first), first.type, poison.error)
    await session.execute(PARK, *build.key, *values)
    await queue(session, build, [(poison.key, position_of(event)) for event in poison.events])


async def queue(session: Session, build: Build, behind: Sequence[tuple[str, int]]) -> None:
    """Put events of parked keys behind those that wait."""
    if behind:
        await session.execute(QUEUE, *build.key, [key for key, _ in behind], [place for _, place in behind])


async def wanted(
    session: Session, build: Build, segments: Collection[int], limit: int
) -> Sequence[tuple[str, int]]:
    """Keys, with their segments, that are to be tried again."""
    return [(key, segment) for key, segment in await session.fetch(WANTED, *build.key, list(segments), limit)]


async def want_all(session: Session, build: Build, segments: Collection[int]) -> None:
    await session.execute(WANT_ALL, *build.key, list(segments))


async def next_positions(session: Session, build: Build, key: str, limit: int) -> Sequence[int]:
    return [position for (position,) in await session.fetch(NEXT, *build.key, key, limit)]


async def applied(session: Session, build: Build, key: str, events: Sequence[Recorded]) -> None:
    await session.execute(APPLIED, *build.key, key, [position_of(event) for event in events])


async def free(session: Session, build: Build, key: str) -> bool:
    """End the key's parking where nothing of it waits any more."""
    return await session.fetchval(FREE, *build.key, key) is not None


async def skip_reason(session: Session, build: Build, event: Recorded) -> str | None:
    """Why an operator gave the event up, None where nobody did."""
    reason: str | None = await session.fetchval(SKIPPED, build.projection, position_of(event))
    return reason
