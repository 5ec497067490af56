"""Commands on stock and products: load the stream, decide, append; the command's id makes it idempotent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast
from uuid import uuid5

from activities.order_stream import decide_again_on_conflict
from activities.stock_book import stock_stream
from domain.catalog import model as catalog
from domain.catalog.events import CatalogEvent
from domain.catalog.model import ProductState
from domain.decider import fold
from domain.identifiers import WAYBILL_NAMESPACE, Sku
from domain.inventory import model as inventory
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem
from eventstore.store import EventStore, NewEvent, StreamWrite

S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Command:
    """`key` is the caller's idempotency key, made unique by the stream it is for."""

    key: str
    actor: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The stream a command changed, and its version after it: what `Waybill-Position` tells."""

    stream_id: str
    version: int


async def decide_stock(
    store: EventStore,
    warehouse: str,
    sku: Sku,
    command: Command,
    decide: Callable[[StockItem], Sequence[StockEvent]],
) -> Committed:
    stream = stock_stream(warehouse, sku)
    return await _decide(store, stream, command, decide, inventory.evolve, StockItem())


async def decide_product(
    store: EventStore, sku: Sku, command: Command, decide: Callable[[ProductState], Sequence[CatalogEvent]]
) -> Committed:
    return await _decide(store, f"product/{sku}", command, decide, catalog.evolve, catalog.INITIAL)


@decide_again_on_conflict
async def _decide(
    store: EventStore,
    stream: str,
    command: Command,
    decide: Callable[[S], Sequence[E]],
    evolve: Callable[[S, E], S],
    initial: S,
) -> Committed:
    stored = await store.read_stream(stream)
    first = uuid5(WAYBILL_NAMESPACE, f"{stream}|{command.key}|0")
    done = [recorded.version for recorded in stored if recorded.event_id == first]
    if done:
        return Committed(stream, done[0])
    version = stored[-1].version if stored else 0
    events = decide(fold(evolve, initial, (cast(E, recorded.event) for recorded in stored)))
    numbered = tuple(
        NewEvent(
            uuid5(WAYBILL_NAMESPACE, f"{stream}|{command.key}|{index}"),
            event,
            {"command": command.key, "actor": command.actor},
        )
        for index, event in enumerate(events)
    )
    if numbered:
        await store.append((StreamWrite(stream, version, numbered),))
    return Committed(stream, version + len(numbered))
