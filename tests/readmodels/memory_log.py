"""A log in memory: what projections are fed with where the event store itself is not the point."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from eventstore.segments import segment_of
from eventstore.store import LogPart, Recorded
from tests.support.histories import Happened
from tests.support.samples import NOON

NAMESPACE = UUID("0d6a7f30-51f7-5c7b-8a5e-3f0f3a0a9d7e")


class MemoryLog:
    """`eventstore.store.PartReader`. Event n was recorded n seconds after noon, by `operator:1`."""

    def __init__(self, happened: Iterable[Happened] = ()) -> None:
        self.events: list[Recorded] = []
        self._versions: Counter[str] = Counter()
        self._grown = asyncio.Event()
        self.append(*happened)

    def append(self, *happened: Happened) -> Sequence[Recorded]:
        """Give each event its version and position."""
        added = [self._record(item) for item in happened]
        self._grown.set()
        return added

    async def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        return self.events[after : after + limit]

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        stored = [event for event in self.events if event.stream_id == stream_id and event.version > after]
        return stored[:limit]

    async def read_part(self, *, after: int, limit: int, segments: Collection[int] | None) -> LogPart:
        stretch = await self.read_log(after=after, limit=limit)
        share = [each for each in stretch if segments is None or segment_of(each.stream_id) in segments]
        return LogPart(share, after + len(stretch))

    async def head(self) -> int:
        return len(self.events)

    async def wakeups(self) -> AsyncGenerator[None, None]:
        while True:
            yield
            try:
                async with asyncio.timeout(0.02):
                    await self._grown.wait()
            except TimeoutError:
                pass
            self._grown.clear()

    def _record(self, happened: Happened) -> Recorded:
        self._versions[happened.stream_id] += 1
        position = len(self.events) + 1
        recorded = Recorded(
            stream_id=happened.stream_id,
            version=self._versions[happened.stream_id],
            event_id=uuid5(NAMESPACE, str(position)),
            type=type(happened.event).__name__,
            event=happened.event,
            metadata={"step": happened.step, "actor": "operator:1"} if happened.step else {},
            recorded_at=NOON + timedelta(seconds=position),
            position=position,
        )
        self.events.append(recorded)
        return recorded
