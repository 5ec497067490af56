"""A store in memory that fails and waits on demand."""

from collections.abc import Callable, Sequence

from eventstore.store import Appended, Recorded, StoreUnavailable, StreamWrite
from tests.support.gateways import Gate
from tests.support.memory_store import MemoryEventStore

Chooses = Callable[[Sequence[StreamWrite]], bool]


def writes(event: str) -> Chooses:
    """Chooses the appends that write an event of this type."""
    return lambda asked: any(type(new.event).__name__ == event for write in asked for new in write.events)


class UnrulyStore(MemoryEventStore):
    """`failures` counts the calls that still fail. An append can be lost before or after it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.reads = 0
        self._before: list[Chooses] = []
        self._after: list[Chooses] = []
        self._gates: list[tuple[Chooses, Gate]] = []

    def lose_before(self, event: str, times: int = 1) -> None:
        """The next appends of such an event fail and write nothing."""
        self._before += [writes(event)] * times

    def lose_after(self, event: str) -> None:
        """The next append of such an event is written, and its answer is lost."""
        self._after.append(writes(event))

    def hold(self, event: str) -> Gate:
        """Appends of such an event wait at this gate before they are written."""
        gate = Gate()
        self._gates.append((writes(event), gate))
        return gate

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        self._fail()
        self.reads += 1
        return list(await super().read_stream(stream_id, after=after, limit=limit))

    async def append(self, asked: Sequence[StreamWrite]) -> Appended:
        self._fail()
        self._lose(self._before, asked)
        for chooses, gate in self._gates:
            if chooses(asked):
                await gate.passed()
        appended = await super().append(asked)
        self._lose(self._after, asked)
        return appended

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the database is away")

    def _lose(self, planned: list[Chooses], asked: Sequence[StreamWrite]) -> None:
        for chooses in planned:
            if chooses(asked):
                planned.remove(chooses)
                raise StoreUnavailable("the answer was lost")
