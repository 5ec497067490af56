"""Snapshots in memory, and a store that counts the events it is made to read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.snapshots import Snapshot
from eventstore.store import Appended, EventStore, Recorded, StreamWrite


@dataclass
class MemorySnapshots:
    """`eventstore.snapshots.SnapshotTable`. `fails` is raised by every write."""

    kept: dict[tuple[str, int], Snapshot] = field(default_factory=dict)
    fails: Exception | None = None

    async def read(self, stream_id: str, schema_version: int) -> Snapshot | None:
        return self.kept.get((stream_id, schema_version))

    async def write(self, snapshot: Snapshot) -> None:
        if self.fails:
            raise self.fails
        self.kept[snapshot.stream_id, snapshot.schema_version] = snapshot


@dataclass
class CountingStore:
    """An event store; `read` counts the events that its streams gave since it was last looked at."""

    store: EventStore
    read: int = 0

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        stored = await self.store.read_stream(stream_id, after=after, limit=limit)
        self.read += len(stored)
        return stored

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        return await self.store.append(writes)

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        return await self.store.version_of(stream_id, event_id)

    def taken(self) -> int:
        count, self.read = self.read, 0
        return count
