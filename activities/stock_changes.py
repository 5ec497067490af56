"""Appending a decision on stock: the order's stream and the stock streams change together, or neither does.

Whatever an append frees goes, in the same append, to the orders that wait for it: `served` are those, to be told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from activities.contracts import Step
from activities.order_stream import (
    LoadedOrder,
    advance,
    decide_again_on_conflict,
    load_order,
    order_write,
    remember,
)
from activities.stock_book import StockBook, StockHead, stock_stream
from domain.availability import Outcome, Place, Stock
from domain.decider import fold
from domain.identifiers import event_id
from domain.inventory.events import BackorderFilled, StockEvent
from domain.inventory.model import evolve
from domain.inventory.queue import serve
from domain.record import OrderRecord
from eventstore.store import EventStore, NewEvent, StreamWrite, WrongExpectedVersion

DecideStock = Callable[[OrderRecord, Stock], Outcome]
Heads = Mapping[Place, StockHead]
StockChanges = Mapping[Place, Sequence[StockEvent]]


@dataclass(frozen=True, slots=True)
class Changed:
    """The order with the step's events in it, and the orders that got what it freed."""

    order: LoadedOrder
    served: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class StockWriter:
    """`warehouses`: codes of those that serve orders, preferred first."""

    store: EventStore
    book: StockBook
    warehouses: tuple[str, ...]

    def doubt(self, places: Sequence[Place]) -> None:
        """Another process may have written here."""
        self.book.doubt([stock_stream(*place) for place in places])

    async def change(
        self, step: Step, places: Sequence[Place], decide: DecideStock, *, known: LoadedOrder | None = None
    ) -> Changed:
        """Decide and append, until no other writer comes between. `known` is the order as it was just read."""

        @decide_again_on_conflict
        async def attempt() -> Changed:
            nonlocal known
            order, known = known or await load_order(self.store, step.order_id), None
            if step.key in order.steps:
                return Changed(order)
            heads = await self.heads(places)
            outcome = decide(order.record, {place: head.item for place, head in heads.items()})
            if not outcome.order:
                return Changed(order)
            known_heads, changes = await self.serve(heads, outcome.stock)
            try:
                return await self._append(step, order, outcome, known_heads, changes)
            except WrongExpectedVersion:
                self.doubt(list(known_heads))
                raise

        async with self.book.holding([stock_stream(*place) for place in places]):
            return await attempt()

    async def heads(self, places: Sequence[Place]) -> dict[Place, StockHead]:
        streams = {stock_stream(*place): place for place in places}
        return {streams[name]: head for name, head in (await self.book.heads(streams)).items()}

    async def serve(
        self, heads: Mapping[Place, StockHead], changes: StockChanges
    ) -> tuple[Heads, dict[Place, list[StockEvent]]]:
        """The changes, and behind them what they give to those who wait."""
        known, more = dict(heads), {place: list(events) for place, events in changes.items()}
        for sku in sorted({sku for (_, sku), events in changes.items() if events}):
            if not any(known[place].item.waiting for place in changes if place[1] == sku):
                continue
            known |= await self.heads([(warehouse, sku) for warehouse in self.warehouses])
            after = {
                warehouse: fold(evolve, known[warehouse, sku].item, more.get((warehouse, sku), ()))
                for warehouse in self.warehouses
            }
            for warehouse, events in serve(after, self.warehouses).items():
                more.setdefault((warehouse, sku), []).extend(events)
        return known, more

    async def _append(
        self, step: Step, order: LoadedOrder, outcome: Outcome, heads: Heads, changes: StockChanges
    ) -> Changed:
        writes = [_stock_write(step, heads[place], events) for place, events in changes.items()]
        appended = await self.store.append((order_write(order, step, outcome.order), *writes))
        if appended.repeated:
            return Changed(await load_order(self.store, step.order_id))
        for place, events in changes.items():
            self.book.advance(heads[place], events)
        return Changed(remember(self.store, advance(order, step, outcome.order)), served(changes))


def served(changes: StockChanges) -> tuple[UUID, ...]:
    """The orders that waited and got something."""
    filled = [event for events in changes.values() for event in events if isinstance(event, BackorderFilled)]
    return tuple(dict.fromkeys(event.order_id for event in filled))


def _stock_write(step: Step, head: StockHead, events: Sequence[StockEvent]) -> StreamWrite:
    metadata = {"step": step.key, "actor": step.actor, "order": str(step.order_id)}
    numbered = tuple(
        NewEvent(event_id(step.order_id, f"{step.key}/{head.stream_id}", index), event, metadata)
        for index, event in enumerate(events)
    )
    return StreamWrite(head.stream_id, head.version, numbered)
