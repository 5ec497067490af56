"""What happens to a batch that cannot be applied: the keys at fault are found and parked, the rest is applied."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

import structlog

from eventstore.checkpoints import CheckpointConflict
from eventstore.store import PartReader, Recorded
from readmodels import parking, positions
from readmodels.base import Skipped
from readmodels.batches import changes, describe, is_away, read_one, write
from readmodels.driver import Session
from readmodels.feeds import Feed, Part, position_of
from readmodels.parking import Poison

log = structlog.get_logger(__name__)

MAX_PARKED: Final = 1000
"""Keys of a build from which on it is not the events that are wrong: the build stands still instead."""

PAGE: Final = 200
"""Events of a parked key that are tried in one transaction."""


class TooManyParked(Exception):
    """More keys cannot be parked: the build stands still, and is tried again as a whole."""


async def apply_carefully(session: Session, part: Part) -> None:
    """Apply one build's part of a batch, and park the keys whose events cannot be applied.

    Raises:
        CheckpointConflict: the claim is over; nothing was applied.
        TooManyParked: there are more such keys than MAX_PARKED; nothing was applied.
    """
    feed = part.feed
    async with session.transaction():
        await positions.move(session, part.moves)
        poisons = await _apply_groups(session, feed, list(_by_key(feed, part.events).values()))
        if poisons and len(feed.parked) + len(poisons) > MAX_PARKED:
            raise TooManyParked(f"{len(poisons)} more, first {poisons[0].key}: {poisons[0].error}")
        for poison in poisons:
            await parking.park(session, feed.build, poison)
        await parking.queue(session, feed.build, part.behind)
    part.done()
    feed.parked.update(poison.key for poison in poisons)
    for poison in poisons:
        _tell(feed, poison)


async def try_again(session: Session, feed: Feed, key: str, segment: int, reader: PartReader) -> bool:
    """Apply what waits of a parked key, as far as it goes; whether it is free again.

    Raises:
        CheckpointConflict: the claim is over.
    """
    while True:
        waiting = await parking.next_positions(session, feed.build, key, PAGE)
        events = [await read_one(reader, position) for position in waiting]
        async with session.transaction():
            await positions.hold(session, feed, segment)
            poison = await _apply_key(session, feed, events) if events else None
            left = poison.events if poison else ()
            await parking.applied(session, feed.build, key, events[: len(events) - len(left)])
            if poison:
                await parking.park(session, feed.build, poison)
            freed = not poison and await parking.free(session, feed.build, key)
        if poison:
            _tell(feed, poison)
            return False
        if freed or not waiting:
            feed.parked.discard(key)
            log.info("parked key applied", projection=feed.build.projection, build=feed.build.number, key=key)
            return True


def _tell(feed: Feed, poison: Poison) -> None:
    log.error(
        "parked a key whose event cannot be applied",
        projection=feed.build.projection,
        build=feed.build.number,
        key=poison.key,
        position=poison.events[0].position,
        type=poison.events[0].type,
        error=poison.error,
    )


def _by_key(feed: Feed, events: Sequence[Recorded]) -> dict[str, list[Recorded]]:
    groups: dict[str, list[Recorded]] = {}
    for event in events:
        groups.setdefault(feed.projection.key(event), []).append(event)
    return groups


async def _apply_groups(session: Session, feed: Feed, groups: Sequence[list[Recorded]]) -> list[Poison]:
    """Apply all together, and in ever smaller parts where that fails; gives the keys that cannot be applied."""
    if not groups:
        return []
    if len(groups) == 1:
        poison = await _apply_key(session, feed, groups[0])
        return [poison] if poison else []
    if await _attempt(session, feed, sorted(chain.from_iterable(groups), key=position_of)) is None:
        return []
    half = len(groups) // 2
    first = await _apply_groups(session, feed, groups[:half])
    return first + await _apply_groups(session, feed, groups[half:])


async def _apply_key(session: Session, feed: Feed, events: list[Recorded]) -> Poison | None:
    """Apply one key's events up to the first that cannot be, which an operator may have given up."""
    if await _attempt(session, feed, events) is None:
        return None
    for place, event in enumerate(events):
        error = await _attempt(session, feed, [event])
        if error is None:
            continue
        reason = await parking.skip_reason(session, feed.build, event)
        if reason is not None:
            error = await _attempt(session, feed, [event._replace(event=Skipped(reason))])
        if error is not None:
            return Poison(feed.projection.key(event), feed.segment(event), events[place:], describe(error))
    return None


async def _attempt(session: Session, feed: Feed, events: Sequence[Recorded]) -> Exception | None:
    """Apply the events, or none of them and give the error."""
    try:
        async with session.transaction():  # a savepoint
            await write(feed, await changes(feed, events))
    except CheckpointConflict:
        raise
    except Exception as error:
        if is_away(error):
            raise
        return error
    return None
