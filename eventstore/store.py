"""The event store's protocol: what a caller may ask of the append-only log, whatever keeps it.

Appends are optimistic: each stream write carries the version its caller decided on. An append is atomic over
all its stream writes, and idempotent by event id: repeating it, whenever and from wherever, returns the first
result. Events are domain dataclasses; a codec turns them into stored bytes and back.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, Protocol
from uuid import UUID

MAX_READ = 10_000
"""Most events that one read of the log gives."""


class Expected(Enum):
    """Expected versions that are not a number."""

    ANY = "any"
    NO_STREAM = "no-stream"
    EXISTS = "exists"


ExpectedVersion = int | Expected
"""An exact version (the stream's last event is that one; 0 is the same as `NO_STREAM`) or a looser demand."""


class NewEvent(NamedTuple):
    """An event to append. `event_id` is chosen by the caller and makes the append idempotent."""

    event_id: UUID
    event: object
    metadata: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StreamWrite:
    """What one append does to one stream. Without events the expected version is only checked.

    `closes` makes the last of the events the stream's last for ever: every later append is refused (StreamClosed),
    apart from repeats, which are answered as always. The stream can still be read and checked.
    """

    stream_id: str
    expected: ExpectedVersion
    events: Sequence[NewEvent] = ()
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Stands in `Recorded.event` where the log holds something this process cannot decode.

    Only reads of the log give it, so that a reader can park the event and go on; reads of a stream raise instead,
    because a fold that leaves an event out is wrong. `data` is the payload as stored.
    """

    error: str
    schema_version: int
    data: str


class Recorded(NamedTuple):
    """An event as it is stored. A tuple, because catching up makes hundreds of thousands of them a second.

    `version` counts 1..n within its stream. `position` is the gapless global position, or None while the
    sequencer has not reached it (stream reads do not look it up).
    """

    stream_id: str
    version: int
    event_id: UUID
    type: str
    event: object
    metadata: Mapping[str, str]
    recorded_at: datetime
    position: int | None = None


class StoredEvent(NamedTuple):
    """An event of the log byte for byte, for those who pass it on; `metadata` and `data` are JSON texts."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    recorded_at: datetime
    metadata: str
    data: str


@dataclass(frozen=True, slots=True)
class Appended:
    """The result of one append: each written stream's version after it.

    `repeated` is true when the same event ids had been appended before; the versions are then the original ones.
    """

    versions: Mapping[str, int]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some segments' share of a stretch of the log: everything of theirs up to and including `upto`."""

    events: Sequence[Recorded]
    upto: int


class StoreError(Exception):
    """Base of everything the store refuses. Nothing was written (but see `StoreUnavailable`)."""


class WrongExpectedVersion(StoreError):
    """Another writer was first, or the caller decided on an old state: load again and decide again."""

    def __init__(self, stream_id: str, expected: ExpectedVersion, actual: int) -> None:
        super().__init__(f"stream {stream_id} is at version {actual}, expected {_shown(expected)}")
        self.stream_id, self.expected, self.actual = stream_id, expected, actual


class StreamClosed(StoreError):
    """The stream took its last event; `actual` is its version for ever."""

    def __init__(self, stream_id: str, expected: ExpectedVersion, actual: int) -> None:
        super().__init__(
            f"stream {stream_id} was closed at version {actual} and takes no more events;"
            f" expected {_shown(expected)}"
        )
        self.stream_id, self.expected, self.actual = stream_id, expected, actual


class InvalidAppend(StoreError, ValueError):
    """The append itself makes no sense (a stream or an event id twice, a negative version): the code is wrong."""


class BadStreamId(InvalidAppend):
    """A stream cannot have this id."""

    def __init__(self, stream_id: str, expected: str) -> None:
        super().__init__(f"stream id {stream_id[:300]!r} of {len(stream_id)} characters: {expected} are taken")
        self.stream_id, self.expected, self.actual = stream_id, expected, stream_id


class PartialRepeat(StoreError):
    """Some of the event ids of an append exist already and others do not: not a repeat, and not a new append."""

    def __init__(self, stream_id: str, detail: str) -> None:
        super().__init__(f"append to {stream_id} repeats only a part of an earlier one: {detail}")
        self.stream_id = stream_id


class StoreOverloaded(StoreError):
    """Too many appends wait in this process; try again later. Nothing was queued."""

    def __init__(self, waiting: int, limit: int) -> None:
        super().__init__(f"{waiting} appends wait or are being written, and at most {limit} are taken at once")
        self.waiting, self.limit = waiting, limit


class StoreUnavailable(StoreError):
    """The database did not answer within the time limit.

    The one store error after which the append *may* have been written. Repeating it with the same event ids is
    safe and tells: a repeat returns the first result.
    """


def _shown(expected: ExpectedVersion) -> str:
    return expected.value if isinstance(expected, Expected) else str(expected)


class StreamReader(Protocol):
    """Reads single streams. A snapshot's version goes into `after`."""

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        """Events of one stream with `version > after`, in order. An unknown stream reads as empty.

        Raises:
            CodecError: an event cannot be decoded by this process.
            StoreUnavailable: the database is away.
        """
        ...


class EventStore(StreamReader, Protocol):
    """Append and read. Safe to share among the tasks of one event loop."""

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        """Append to one or several streams, all or nothing.

        Raises:
            WrongExpectedVersion: a stream is not where the caller expected it.
            StreamClosed: a stream took its last event.
            PartialRepeat: a part of the events exists already.
            StoreOverloaded: the append queue is full.
            StoreUnavailable: the database is away; repeat the append with the same event ids.
            CodecError: an event cannot be stored (its class is not registered, it is too large, …).
            InvalidAppend: the append itself makes no sense (a stream or an event id twice, a bad stream id, …).
        """
        ...

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        """The version of an event in its stream; None where the stream has no such event. Costs one look-up.

        Raises:
            StoreUnavailable: the database is away.
        """
        ...


class LogReader(Protocol):
    """The gapless global order, as far as it is sequenced."""

    async def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        """Events with `position > after`, in order, at most `limit`; each has its position.

        An event that cannot be decoded is returned with `Undecodable` in its place: it never stops a reader.

        Raises:
            StoreUnavailable: the database is away.
        """
        ...

    async def head(self) -> int:
        """The last assigned position; 0 on an empty log."""
        ...

    def wakeups(self) -> AsyncGenerator[None, None]:
        """Yield whenever there may be new positions: on notification, and at least once per poll interval."""
        ...


class PartReader(LogReader, Protocol):
    """Reads the log for some segments of it; a stream's segment is `subscription.segment_of` its id."""

    async def read_part(self, *, after: int, limit: int, segments: Collection[int] | None) -> LogPart:
        """Look at the next `limit` positions at most; give the events of these segments among them (None: all).

        Raises:
            StoreUnavailable: the database is away.
        """
        ...
