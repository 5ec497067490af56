"""Commands on stock and products: load the stream, decide, append; the command's id makes it idempotent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid5

from activities.order_stream import decide_again_on_conflict
from activities.stock_book import STOCK, stock_stream
from domain.catalog import model as catalog
from domain.catalog.events import CatalogEvent
from domain.catalog.model import ProductState
from domain.identifiers import WAYBILL_NAMESPACE, Sku
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem
from eventstore.snapshots import Folding, Snapshots
from eventstore.store import EventStore, NewEvent, Recorded, StreamWrite

S = TypeVar("S")
E = TypeVar("E")

PRODUCT: Folding[ProductState, CatalogEvent] = Folding(ProductState, catalog.INITIAL, catalog.evolve)

FOLDINGS: Mapping[str, Folding[Any, Any]] = {"stock/": STOCK, "product/": PRODUCT}
"""Every fold that has snapshots, by the beginning of its streams' ids."""


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
    snapshots: Snapshots,
    warehouse: str,
    sku: Sku,
    command: Command,
    decide: Callable[[StockItem], Sequence[StockEvent]],
) -> Committed:
    return await _decide(store, snapshots, stock_stream(warehouse, sku), command, decide, STOCK)


async def decide_product(
    store: EventStore,
    snapshots: Snapshots,
    sku: Sku,
    command: Command,
    decide: Callable[[ProductState], Sequence[CatalogEvent]],
) -> Committed:
    return await _decide(store, snapshots, f"product/{sku}", command, decide, PRODUCT)


@decide_again_on_conflict
async def _decide(
    store: EventStore,
    snapshots: Snapshots,
    stream: str,
    command: Command,
    decide: Callable[[S], Sequence[E]],
    folding: Folding[S, E],
) -> Committed:
    loaded, stored = await snapshots.load(store, stream, folding)
    done = await _version_of(store, stream, _event_id(stream, command, 0), loaded.version, stored)
    if done is not None:
        return Committed(stream, done)
    metadata = {"command": command.key, "actor": command.actor}
    numbered = tuple(
        NewEvent(_event_id(stream, command, index), event, metadata)
        for index, event in enumerate(decide(loaded.state))
    )
    if not numbered:
        return Committed(stream, loaded.version)
    appended = await store.append((StreamWrite(stream, loaded.version, numbered),))
    return Committed(stream, appended.versions[stream])


def _event_id(stream: str, command: Command, index: int) -> UUID:
    return uuid5(WAYBILL_NAMESPACE, f"{stream}|{command.key}|{index}")


async def _version_of(
    store: EventStore, stream: str, event_id: UUID, version: int, stored: Sequence[Recorded]
) -> int | None:
    """Where the event stands; what lies before the snapshot is looked up."""
    for recorded in stored:
        if recorded.event_id == event_id:
            return recorded.version
    return await store.version_of(stream, event_id) if len(stored) < version else None
