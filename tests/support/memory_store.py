"""The event store in memory: the same promises as on Postgres, for tests that need many stores quickly."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from eventstore.store import (
    Appended,
    Expected,
    PartialRepeat,
    Recorded,
    StreamClosed,
    StreamWrite,
    WrongExpectedVersion,
)
from eventstore.time_travel import AsOf, AtPosition, AtTime, AtVersion, NotReached


class MemoryHistory:
    """`eventstore.time_travel.StreamHistory` of a store in memory. `positions` are those that are known."""

    def __init__(self, store: "MemoryEventStore") -> None:
        self._streams = store.streams
        self.positions: dict[tuple[str, int], int] = {}

    async def read_stream_as_of(self, stream_id: str, as_of: AsOf) -> Sequence[Recorded]:
        stream = self._streams.get(stream_id, [])
        match as_of:
            case AtVersion(version):
                if version > len(stream):
                    raise NotReached(f"version {version}", f"its version is {len(stream)}")
                return stream[:version]
            case AtPosition(position):
                return [each for each in stream if self.positions[stream_id, each.version] <= position]
            case AtTime(time):
                if time > datetime.now(UTC):
                    raise NotReached(str(time), "it is earlier")
                return [each for each in stream if each.recorded_at <= time]

    async def position_of(self, stream_id: str, version: int) -> int | None:
        if version > len(self._streams.get(stream_id, [])):
            raise NotReached(f"version {version}", "there is no such event")
        return self.positions.get((stream_id, version))


class MemoryEventStore:
    """`eventstore.store.EventStore` without a database."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Recorded]] = {}
        self.closed: set[str] = set()

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        return self.streams.get(stream_id, [])[after : None if limit is None else after + limit]

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        known = {each.event_id: each for stream in self.streams.values() for each in stream}
        ids = [new.event_id for write in writes for new in write.events]
        repeats = [known[each] for each in ids if each in known]
        if repeats:
            if len(repeats) < len(ids):
                raise PartialRepeat(writes[0].stream_id, f"{len(repeats)} of {len(ids)} events exist")
            return Appended({each.stream_id: each.version for each in repeats}, repeated=True)
        for write in writes:
            self._check(write)
        return Appended({write.stream_id: self._write(write) for write in writes})

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        return next((e.version for e in self.streams.get(stream_id, []) if e.event_id == event_id), None)

    def _check(self, write: StreamWrite) -> None:
        actual = len(self.streams.get(write.stream_id, []))
        if write.events and write.stream_id in self.closed:
            raise StreamClosed(write.stream_id, write.expected, actual)
        match write.expected:
            case Expected.ANY:
                return
            case Expected.NO_STREAM:
                fine = actual == 0
            case Expected.EXISTS:
                fine = actual > 0
            case version:
                fine = actual == version
        if not fine:
            raise WrongExpectedVersion(write.stream_id, write.expected, actual)

    def _write(self, write: StreamWrite) -> int:
        stream = self.streams.setdefault(write.stream_id, [])
        if write.closes:
            self.closed.add(write.stream_id)
        for new in write.events:
            stream.append(
                Recorded(
                    stream_id=write.stream_id,
                    version=len(stream) + 1,
                    event_id=new.event_id,
                    type=type(new.event).__name__,
                    event=new.event,
                    metadata=dict(new.metadata),
                    recorded_at=datetime.now(UTC),
                )
            )
        return len(stream)
