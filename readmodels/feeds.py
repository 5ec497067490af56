"""What a process feeds: builds, the segments of each that it holds, the stretches of the log read for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from eventstore.segments import SEGMENTS, segment_of
from eventstore.store import MAX_READ, LogPart, Recorded
from readmodels.base import Projection
from readmodels.builds import Build
from readmodels.driver import BuildTables

LEVEL_FROM = SEGMENTS
"""Events in a batch from which on all checkpoints move with it, and not only those of the segments it touches."""


@dataclass(slots=True)
class Claim:
    """A segment of a build. `stored` is the checkpoint; up to `position` there is nothing more to apply."""

    position: int
    stored: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a build stands still, before which position, and when (loop time) it is tried again."""

    error: str
    position: int
    attempts: int
    retry_at: float


@dataclass(slots=True)
class Feed:
    """A build that this process feeds."""

    build: Build
    projection: Projection
    tables: BuildTables
    claims: dict[int, Claim] = field(default_factory=dict)
    parked: set[str] = field(default_factory=set)
    halt: Halt | None = None

    def due(self, now: float) -> bool:
        return bool(self.claims) and (self.halt is None or self.halt.retry_at <= now)

    def segment(self, event: Recorded) -> int:
        return segment_of(self.projection.key(event))


@dataclass(frozen=True, slots=True)
class Move:
    """A checkpoint's move, under its claim."""

    feed: Feed
    segment: int
    position: int


@dataclass(slots=True)
class Part:
    """A build's share of a batch. `behind`: events of parked keys, which join the queue. `reached`: see `done`."""

    feed: Feed
    events: list[Recorded]
    behind: list[tuple[str, int]]
    moves: list[Move]
    reached: dict[int, int]

    def done(self) -> None:
        """The batch is committed."""
        claims = self.feed.claims
        for move in self.moves:
            claims[move.segment].stored = move.position
        for segment, position in self.reached.items():
            claims[segment].position = position
        self.feed.halt = None


@dataclass(slots=True)
class Lane:
    """Claims that stand near each other, so that one stretch of the log serves them all.

    `after` is where the hindmost stands; `cap` where the next lane in front begins, which this one does not pass.
    """

    after: int
    cap: int | None
    top: int
    members: dict[tuple[str, int], tuple[Feed, dict[int, Claim]]]

    @property
    def segments(self) -> set[int] | None:
        """The segments to read, None for all."""
        if not all(feed.projection.keyed_by_stream for feed, _ in self.members.values()):
            return None
        union = {segment for _, claims in self.members.values() for segment in claims}
        return None if len(union) == SEGMENTS else union

    def span(self, batch: int) -> int:
        """How many positions to look at, for about `batch` events."""
        share = self.segments
        wanted = batch if share is None else min(batch * SEGMENTS // len(share), MAX_READ)
        return wanted if self.cap is None else min(wanted, self.cap - self.after)

    def parts(self, read: LogPart) -> list[Part]:
        """What each build gets of the stretch."""
        segments = [segment_of(event.stream_id) for event in read.events]
        touched = None if len(segments) >= LEVEL_FROM else set(segments)
        return [_part(feed, claims, read, segments, touched) for feed, claims in self.members.values()]


def lanes(feeds: Iterable[Feed], near: int) -> Sequence[Lane]:
    """The foremost first: what is rebuilt far behind must not hold it up."""
    feeds = list(feeds)
    found: list[Lane] = []
    for position in sorted({claim.position for feed in feeds for claim in feed.claims.values()}, reverse=True):
        if found and position > found[-1].top - near:
            found[-1].after = position
        else:
            found.append(Lane(position, found[-1].after if found else None, position, {}))
    for feed in feeds:
        for lane in found:
            claims = {s: claim for s, claim in feed.claims.items() if lane.after <= claim.position <= lane.top}
            if claims:
                lane.members[feed.build.key] = (feed, claims)
    return found


def _part(
    feed: Feed, claims: dict[int, Claim], read: LogPart, segments: list[int], touched: set[int] | None
) -> Part:
    wanted, behind = [], []
    by_stream, prefixes = feed.projection.keyed_by_stream, feed.projection.streams
    for event, stream_segment in zip(read.events, segments, strict=True):
        if not event.stream_id.startswith(prefixes):
            continue
        claim = claims.get(stream_segment if by_stream else feed.segment(event))
        if claim is None or position_of(event) <= claim.position:
            continue
        if feed.parked and (key := feed.projection.key(event)) in feed.parked:
            behind.append((key, position_of(event)))
        else:
            wanted.append(event)
    reached = {segment: read.upto for segment, claim in claims.items() if claim.position < read.upto}
    if touched is not None and not by_stream:
        touched = None
    moves = [Move(feed, segment, read.upto) for segment in reached if touched is None or segment in touched]
    return Part(feed, wanted, behind, moves, reached)


def position_of(event: Recorded) -> int:
    if event.position is None:
        raise ValueError(f"event {event.event_id} comes from no log: it has no position")
    return event.position
