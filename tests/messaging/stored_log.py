"""A sequenced log of stored events, in memory."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from eventstore.store import StoredEvent
from ops.bootstrap import codec

RECORDED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CODEC = codec()


class MemoryLog:
    def __init__(self, *events: object) -> None:
        self.events: list[StoredEvent] = []
        self.add(*events)

    def add(self, *events: object, stream: str = "order/1", recorded_at: datetime = RECORDED) -> None:
        for event in events:
            encoded = CODEC.encode(event)
            self.store(encoded.type, encoded.schema_version, encoded.data, stream, recorded_at)

    def store(
        self, kind: str, version: int, data: str, stream: str = "order/1", recorded_at: datetime = RECORDED
    ) -> None:
        position = len(self.events) + 1
        earlier = sum(event.stream_id == stream for event in self.events)
        metadata = '{"step":"confirm#0"}'
        self.events.append(
            StoredEvent(position, stream, earlier + 1, uuid4(), kind, version, recorded_at, metadata, data)
        )

    async def read_stored(self, *, after: int, limit: int) -> Sequence[StoredEvent]:
        return self.events[after : after + limit]

    async def head(self) -> int:
        return len(self.events)

    async def wakeups(self) -> AsyncIterator[None]:
        yield None
