"""Reading a stream as it was: at a version, at a position of the log, or at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from eventstore.store import Recorded, StoreError


@dataclass(frozen=True, slots=True)
class AtVersion:
    """After the stream's first `version` events."""

    version: int


@dataclass(frozen=True, slots=True)
class AtPosition:
    """After the first `position` events of the whole log."""

    position: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """After every event recorded at or before `time`, which has a time zone."""

    time: datetime


AsOf = AtVersion | AtPosition | AtTime


class NotReached(StoreError):
    """The moment lies beyond the present: what is read there would change. `present` says how far things are."""

    def __init__(self, what: str, present: str) -> None:
        super().__init__(f"{what} is not reached yet; {present}")
        self.present = present


class StreamHistory(Protocol):
    """Streams as they were. Always a stream's first events, however clocks were set."""

    async def read_stream_as_of(self, stream_id: str, as_of: AsOf) -> Sequence[Recorded]:
        """The stream's events up to that moment, in order; none where it had not begun.

        Of a time only just gone by, a commit in flight may still add to what was read.

        Raises:
            NotReached: a version, position or time beyond the present.
            CodecError: an event cannot be decoded by this process.
            StoreUnavailable: the database is away.
        """
        ...

    async def position_of(self, stream_id: str, version: int) -> int | None:
        """The position of a stream's event; None while the sequencer has not reached it.

        Raises:
            NotReached: there is no such event.
        """
        ...
