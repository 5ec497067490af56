"""The stock streams a process works on, folded and kept: what is free where, at which version.

The fold is only a guess about the present. Every decision made on it is appended with the versions it was made
at, so a guess that was old is refused by the store; then only the events that came since are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from activities.one_at_a_time import OneAtATime
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem, evolve
from eventstore.snapshots import Folded, Folding, Snapshots
from eventstore.store import StreamReader

STOCK: Folding[StockItem, StockEvent] = Folding(StockItem, StockItem(), evolve)


@dataclass(frozen=True, slots=True)
class StockHead:
    """One stock stream as far as it was read. `kept`: see `eventstore.snapshots.Folded`."""

    stream_id: str
    version: int
    item: StockItem
    kept: int = 0


def stock_stream(warehouse: str, sku: str) -> str:
    return f"stock/{warehouse}/{sku}"


@dataclass(slots=True)
class StockBook:
    store: StreamReader
    snapshots: Snapshots
    _heads: dict[str, StockHead] = field(default_factory=dict)
    _doubted: set[str] = field(default_factory=set)
    _turns: OneAtATime = field(default_factory=OneAtATime)

    def holding(self, streams: Iterable[str]) -> AbstractAsyncContextManager[None]:
        """Let one task of this process at a time decide on these streams."""
        return self._turns.holding(streams)

    async def heads(self, streams: Iterable[str]) -> Mapping[str, StockHead]:
        """The streams as this process knows them, after reading those that it does not know or has to doubt."""
        return {stream: await self._head(stream) for stream in streams}

    async def _head(self, stream: str) -> StockHead:
        known = self._heads.get(stream)
        if known and stream not in self._doubted:
            return known
        if known is None:
            folded, _ = await self.snapshots.load(self.store, stream, STOCK)
            head = _head_of(folded)
        else:
            newer = await self.store.read_stream(stream, after=known.version)
            head = self._moved(known, [recorded.event for recorded in newer])
        self._heads[stream] = head
        self._doubted.discard(stream)
        return head

    def doubt(self, streams: Iterable[str]) -> None:
        """Somebody else wrote: read on before deciding again."""
        self._doubted.update(streams)

    def advance(self, head: StockHead, events: Sequence[StockEvent]) -> None:
        """Note what this process has just appended after `head`."""
        self._heads[head.stream_id] = self._moved(head, events)

    def _moved(self, head: StockHead, events: Sequence[object]) -> StockHead:
        before = Folded(head.stream_id, head.version, head.item, head.kept)
        return _head_of(self.snapshots.offer(STOCK, STOCK.advance(before, events)))


def _head_of(folded: Folded[StockItem]) -> StockHead:
    return StockHead(folded.stream_id, folded.version, folded.state, folded.kept)
