"""Snapshots: folds of long streams, kept so that the next fold starts from there.

A snapshot is never the truth. One is used only if it was made by the same fold, of a state of the same shape; it
may be deleted at any time, and `waybill verify` compares each with its stream. It is written beside the work in
hand: an append neither waits for it nor fails with it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import structlog
from pydantic import TypeAdapter

from domain.decider import fold
from eventstore.shapes import fingerprint
from eventstore.store import Recorded, StreamReader

log = structlog.get_logger(__name__)

S = TypeVar("S")
E = TypeVar("E")

EVERY: Final = 200
"""Events between two snapshots of a stream. Reading and folding 200 takes about as long as a decision's two round
trips, so fewer would save little, while each snapshot is a row written; no load reads many more."""

MOST_WAITING: Final = 64
"""Snapshots being written at once; beyond it they are left for the next time."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`data` is the state after `version` events as JSON; `schema_version` stands for its shape and fold."""

    stream_id: str
    version: int
    schema_version: int
    data: str


class SnapshotTable(Protocol):
    """Where snapshots are kept."""

    async def read(self, stream_id: str, schema_version: int) -> Snapshot | None:
        """The newest snapshot of that schema. Raises StoreUnavailable."""
        ...

    async def write(self, snapshot: Snapshot) -> None:
        """Keep it, unless there is a newer one of its schema. Raises whatever the driver raises."""
        ...


@dataclass(frozen=True)
class Folding(Generic[S, E]):
    """How a category of streams is folded.

    Args:
        kind: The state's type. A change of its shape makes the snapshots that are there unusable.
        initial: The state of an empty stream.
        evolve: The fold.
        version: To be raised when `evolve` makes another state of the same events.
    """

    kind: Any
    initial: S
    evolve: Callable[[S, E], S]
    version: int = 1

    @cached_property
    def schema_version(self) -> int:
        return fingerprint(self.kind, self.version)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.kind)

    def start(self, stream_id: str) -> "Folded[S]":
        return Folded(stream_id, 0, self.initial, 0)

    def advance(self, folded: "Folded[S]", events: Iterable[object]) -> "Folded[S]":
        """The fold after these events, the stream's next."""
        following = list(events)
        state = fold(self.evolve, folded.state, cast(list[E], following))
        return replace(folded, version=folded.version + len(following), state=state)

    def dump(self, state: S) -> str:
        return self._adapter.dump_json(state).decode()

    def load(self, data: str) -> S:
        """Raises ValueError."""
        return cast(S, self._adapter.validate_json(data))


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    """A stream's state after `version` events. `kept` is the version of the newest snapshot known, or 0."""

    stream_id: str
    version: int
    state: S
    kept: int


class Snapshots:
    """Loads folds from snapshots and keeps new ones. Close it before the table's pool.

    Args:
        table: Where they are kept; without one every load reads the whole stream.
        every: Events between two snapshots of a stream.
    """

    def __init__(self, table: SnapshotTable | None, *, every: int = EVERY) -> None:
        self._table, self._every = table, every
        self._writing: set[asyncio.Task[None]] = set()

    async def load(
        self, reader: StreamReader, stream_id: str, folding: Folding[S, Any]
    ) -> tuple[Folded[S], Sequence[Recorded]]:
        """The stream folded up to now, and the events that were read for it."""
        start = await self._start(stream_id, folding)
        stored = await reader.read_stream(stream_id, after=start.version)
        folded = folding.advance(start, (recorded.event for recorded in stored))
        return self.offer(folding, folded), stored

    def offer(self, folding: Folding[S, Any], folded: Folded[S]) -> Folded[S]:
        """Keep the fold of a committed version if its time has come, some time soon. Never waits, never fails."""
        due = folded.version - folded.kept >= self._every
        if self._table is None or not due or len(self._writing) >= MOST_WAITING:
            return folded
        task = asyncio.get_running_loop().create_task(self._write(self._table, folding, folded))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return replace(folded, kept=folded.version)

    async def close(self) -> None:
        """Wait for those being written."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _start(self, stream_id: str, folding: Folding[S, Any]) -> Folded[S]:
        snapshot = await self._table.read(stream_id, folding.schema_version) if self._table else None
        if snapshot is None:
            return folding.start(stream_id)
        try:
            state = folding.load(snapshot.data)
        except ValueError as error:
            log.warning("snapshot cannot be read, folding all", stream=stream_id, error=type(error).__name__)
            return folding.start(stream_id)
        return Folded(stream_id, snapshot.version, state, snapshot.version)

    async def _write(self, table: SnapshotTable, folding: Folding[S, Any], folded: Folded[S]) -> None:
        try:
            data = folding.dump(folded.state)
            await table.write(Snapshot(folded.stream_id, folded.version, folding.schema_version, data))
        except Exception as error:  # the next one will do
            log.warning("snapshot was not kept", stream=folded.stream_id, error=repr(error))
