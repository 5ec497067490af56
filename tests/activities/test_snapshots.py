"""Deciding on a long stream costs what it costs on a short one, and nothing depends on a snapshot being there."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from activities.aggregates import PRODUCT, Command, decide_product, decide_stock
from activities.stock_book import STOCK, StockBook, stock_stream
from domain.catalog import decide as catalog
from domain.errors import NotAllowed
from domain.identifiers import Sku
from domain.inventory import decide as inventory
from domain.inventory.events import StockReceived, UnitsReserved
from domain.inventory.model import StockItem, evolve
from domain.money import Money
from eventstore.snapshots import EVERY, Folding, Snapshots
from eventstore.store import Expected, NewEvent, StreamWrite
from tests.support.memory_store import MemoryEventStore
from tests.support.snapshots import CountingStore, MemorySnapshots

SKU = Sku("MUG")
STREAM = stock_stream("BER", SKU)


class Stock:
    """One stock stream; `process()` begins again with nothing in memory."""

    def __init__(self) -> None:
        self.memory = MemoryEventStore()
        self.store = CountingStore(self.memory)
        self.table = MemorySnapshots()
        self.process()

    def process(self) -> None:
        self.snapshots = Snapshots(self.table)
        self.book = StockBook(self.store, self.snapshots)

    async def receive(self, count: int) -> None:
        received = tuple(NewEvent(uuid4(), StockReceived(2, "delivery")) for _ in range(count))
        await self.memory.append((StreamWrite(STREAM, Expected.ANY, received),))

    async def adjust(self, change: int, key: str = "") -> int:
        """Decide once; give the number of events read for it."""
        command = Command(key or str(uuid4()), "operator:1")
        await decide_stock(
            self.store,
            self.snapshots,
            ("BER",),
            "BER",
            SKU,
            command,
            lambda item: inventory.adjust(item, change, "count"),
        )
        await self.snapshots.close()
        return self.store.taken()

    async def whole(self) -> StockItem:
        item = StockItem()
        for recorded in await self.memory.read_stream(STREAM):
            item = evolve(item, recorded.event)  # type: ignore[arg-type]
        return item


@pytest.fixture
def stock() -> Stock:
    return Stock()


@pytest.mark.parametrize("length", [200, 2000])
async def test_a_decision_reads_no_more_of_a_long_stream(stock: Stock, length: int) -> None:
    await stock.receive(length)
    assert await stock.adjust(-1) == length, "the first reads everything, and leaves a snapshot"
    for decided in range(1, EVERY + 50):
        stock.process()
        assert await stock.adjust(-1) <= EVERY, f"{decided} decisions later"
    assert (await stock.whole()).on_hand == 2 * length - EVERY - 50


async def test_a_stream_that_grows_is_snapshot_as_it_grows(stock: Stock) -> None:
    most = 0
    for _ in range(3 * EVERY):
        await stock.receive(1)
        most = max(most, await stock.adjust(1))
    assert most <= EVERY + 1
    assert len(stock.table.kept) == 1


async def test_the_stock_book_starts_from_a_snapshot_and_leaves_them(stock: Stock) -> None:
    await stock.receive(EVERY)
    order = uuid4()
    head = (await stock.book.heads([STREAM]))[STREAM]
    assert stock.store.taken() == EVERY
    for _ in range(EVERY):
        new = NewEvent(uuid4(), event := UnitsReserved(order, 1))
        await stock.memory.append((StreamWrite(STREAM, head.version, (new,)),))
        stock.book.advance(head, [event])
        head = (await stock.book.heads([STREAM]))[STREAM]
    await stock.snapshots.close()
    (kept,) = stock.table.kept.values()
    assert kept.version == 2 * EVERY
    await stock.receive(5)
    stock.process()
    head = (await stock.book.heads([STREAM]))[STREAM]
    assert (head.version, head.item, stock.store.taken()) == (2 * EVERY + 5, await stock.whole(), 5)
    await stock.receive(1)
    stock.book.doubt([STREAM])
    assert (await stock.book.heads([STREAM]))[STREAM].item == await stock.whole()


async def test_a_command_from_before_the_snapshot_is_not_done_again(stock: Stock) -> None:
    await stock.receive(10)
    await stock.adjust(-10, "the key")
    await stock.receive(EVERY)
    await stock.adjust(-1)
    before = await stock.whole()
    assert await stock.adjust(-10, "the key") <= EVERY
    assert await stock.whole() == before


async def test_a_decider_refuses_on_a_snapshot_as_on_the_stream(stock: Stock) -> None:
    await stock.receive(EVERY)
    await stock.adjust(-2 * EVERY)
    with pytest.raises(NotAllowed, match="oversell"):
        await stock.adjust(-1)


async def test_a_snapshot_that_cannot_be_written_is_nobodys_trouble(stock: Stock) -> None:
    stock.table.fails = OSError("the disk is full")
    await stock.receive(EVERY)
    assert await stock.adjust(-1) == EVERY
    assert await stock.adjust(-1) == EVERY + 1
    stock.table.fails = None
    await stock.adjust(-1)
    assert await stock.adjust(-1) == 1


async def test_a_snapshot_that_cannot_be_read_is_no_snapshot(stock: Stock) -> None:
    await stock.receive(EVERY)
    await stock.adjust(-1)
    for key, kept in stock.table.kept.items():
        object.__setattr__(kept, "data", '{"on_hand": "many"}')
        stock.table.kept[key] = kept
    assert await stock.adjust(-1) == EVERY + 1
    assert (await stock.whole()).on_hand == 2 * EVERY - 2


async def test_products_are_kept_as_well() -> None:
    store, table = CountingStore(MemoryEventStore()), MemorySnapshots()
    snapshots = Snapshots(table, every=10)

    async def change(minor: int) -> int:
        await decide_product(
            *(store, snapshots, SKU, Command(str(minor), "operator:1")),
            lambda state: catalog.change_price(state, Money(minor, "EUR")),
        )
        await snapshots.close()
        return store.taken()

    prices = [Money(1, "EUR")]
    await decide_product(
        store, snapshots, SKU, Command("create", "a"), lambda state: catalog.create(state, SKU, "Mug", prices)
    )
    assert max([await change(minor) for minor in range(2, 60)]) == 10
    (kept,) = table.kept.values()
    assert (
        PRODUCT.load(kept.data)
        == PRODUCT.advance(
            PRODUCT.start("product/MUG"),
            [recorded.event for recorded in (await store.read_stream("product/MUG"))[: kept.version]],
        ).state
    )


# Whose snapshot it is


@dataclass(frozen=True, slots=True)
class Wider:
    on_hand: int = 0
    holds: tuple[UUID, ...] = ()


def test_another_shape_or_fold_does_not_take_it() -> None:
    same: Folding[StockItem, object] = Folding(StockItem, StockItem(), STOCK.evolve)  # type: ignore[arg-type]
    assert same.schema_version == STOCK.schema_version
    assert Folding(StockItem, StockItem(), evolve, version=2).schema_version != STOCK.schema_version
    assert Folding(Wider, Wider(), lambda state, _: state).schema_version != STOCK.schema_version
    assert 0 < STOCK.schema_version < 2**31
