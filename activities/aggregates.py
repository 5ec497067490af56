"""Commands on stock and products: load the stream, decide, append; the command's id makes it idempotent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

from activities.one_at_a_time import OneAtATime
from activities.order_stream import decide_again_on_conflict
from activities.stock_book import STOCK, stock_stream
from activities.stock_changes import served
from domain.catalog import model as catalog
from domain.catalog import taxonomy
from domain.catalog.events import CatalogEvent, TaxonomyEvent
from domain.catalog.model import ProductState
from domain.catalog.taxonomy import Taxonomy
from domain.decider import fold
from domain.errors import NotAllowed
from domain.identifiers import WAYBILL_NAMESPACE, Sku
from domain.inventory import model as inventory
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem
from domain.inventory.queue import serve
from eventstore.snapshots import Folding, Snapshots
from eventstore.store import EventStore, NewEvent, Recorded, StreamWrite

S = TypeVar("S")
E = TypeVar("E")

PRODUCT: Folding[ProductState, CatalogEvent] = Folding(ProductState, catalog.INITIAL, catalog.evolve)
TAXONOMY: Folding[Taxonomy, TaxonomyEvent] = Folding(Taxonomy, taxonomy.INITIAL, taxonomy.evolve)

FOLDINGS: Mapping[str, Folding[Any, Any]] = {"stock/": STOCK, "product/": PRODUCT, "taxonomy/": TAXONOMY}
"""Every fold that has snapshots, by the beginning of its streams' ids."""

DECIDING: Final = OneAtATime()


@dataclass(frozen=True, slots=True)
class Command:
    """`key` is the caller's idempotency key, made unique by the stream it is for.

    `expected_version`: only if the stream is still there. `dry_run`: decide, and append nothing.
    """

    key: str
    actor: str
    expected_version: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """The stream a command changed, and its version after it: what `Waybill-Position` tells."""

    stream_id: str
    version: int


async def decide_stock(
    store: EventStore,
    snapshots: Snapshots,
    warehouses: Sequence[str],
    warehouse: str,
    sku: Sku,
    command: Command,
    decide: Callable[[StockItem], Sequence[StockEvent]],
) -> tuple[Committed, tuple[UUID, ...]]:
    """Decide on one warehouse's stock, and give what comes free to the orders that wait for the SKU.

    Args:
        warehouses: Every one that serves orders, preferred first: they share the queue.

    Returns:
        What was committed, and the orders that got something.
    """
    target = stock_stream(warehouse, sku)
    async with DECIDING.holding([target]):
        return await _decide_stock(store, snapshots, warehouses, warehouse, sku, command, decide)


@decide_again_on_conflict
async def _decide_stock(
    store: EventStore,
    snapshots: Snapshots,
    warehouses: Sequence[str],
    warehouse: str,
    sku: Sku,
    command: Command,
    decide: Callable[[StockItem], Sequence[StockEvent]],
) -> tuple[Committed, tuple[UUID, ...]]:
    target = stock_stream(warehouse, sku)
    loaded, stored = await snapshots.load(store, target, STOCK)
    done = await _version_of(store, target, event_id(target, command, 0), loaded.version, stored)
    if done is not None:
        return Committed(target, done), ()
    changes = {warehouse: list(decide(loaded.state))}
    heads = {warehouse: loaded}
    for other in warehouses:
        if other != warehouse:
            heads[other], _ = await snapshots.load(store, stock_stream(other, sku), STOCK)
    after = {name: fold(inventory.evolve, head.state, changes.get(name, ())) for name, head in heads.items()}
    for name, events in serve(after, list(heads) if warehouse not in warehouses else warehouses).items():
        changes.setdefault(name, []).extend(events)
    if not any(changes.values()):
        return Committed(target, loaded.version), ()
    writes = [
        StreamWrite(heads[name].stream_id, heads[name].version, _numbered(heads[name].stream_id, command, events))
        for name, events in changes.items()
        if events
    ]
    appended = await store.append(writes)
    return Committed(target, appended.versions[target]), served(
        {(name, sku): each for name, each in changes.items()}
    )


def _numbered(stream: str, command: Command, events: Sequence[object]) -> tuple[NewEvent, ...]:
    metadata = {"command": command.key, "actor": command.actor}
    return tuple(NewEvent(event_id(stream, command, index), event, metadata) for index, event in enumerate(events))


async def decide_product(
    store: EventStore,
    snapshots: Snapshots,
    sku: Sku,
    command: Command,
    decide: Callable[[ProductState], Sequence[CatalogEvent]],
) -> Committed:
    """Raises NotAllowed (`version-mismatch`), and what `decide` raises."""
    return await _decide(store, snapshots, f"product/{sku}", command, decide, PRODUCT)


async def decide_taxonomy(
    store: EventStore,
    snapshots: Snapshots,
    command: Command,
    decide: Callable[[Taxonomy], Sequence[TaxonomyEvent]],
) -> Committed:
    return await _decide(store, snapshots, taxonomy.STREAM, command, decide, TAXONOMY)


async def load_taxonomy(store: EventStore, snapshots: Snapshots) -> Taxonomy:
    loaded, _ = await snapshots.load(store, taxonomy.STREAM, TAXONOMY)
    return loaded.state


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
    done = await _version_of(store, stream, event_id(stream, command, 0), loaded.version, stored)
    if done is not None:
        return Committed(stream, done)
    if command.expected_version not in (None, loaded.version):
        raise NotAllowed(
            f"it is at version {loaded.version}, not {command.expected_version}: read it again",
            code="version-mismatch",
            details={"version": loaded.version},
        )
    numbered = _numbered(stream, command, decide(loaded.state))
    if not numbered or command.dry_run:
        return Committed(stream, loaded.version)
    appended = await store.append((StreamWrite(stream, loaded.version, numbered),))
    return Committed(stream, appended.versions[stream])


def event_id(stream: str, command: Command, index: int) -> UUID:
    return uuid5(WAYBILL_NAMESPACE, f"{stream}|{command.key}|{index}")


async def _version_of(
    store: EventStore, stream: str, event_id: UUID, version: int, stored: Sequence[Recorded]
) -> int | None:
    """Where the event stands; what lies before the snapshot is looked up."""
    for recorded in stored:
        if recorded.event_id == event_id:
            return recorded.version
    return await store.version_of(stream, event_id) if len(stored) < version else None
