"""Many commands on one stream at once: all of them get through, because a process lets one at a time decide."""

import asyncio
from collections.abc import Sequence

from activities.aggregates import Command, decide_stock
from domain.identifiers import sku
from domain.inventory.decide import receive
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem
from eventstore.snapshots import Snapshots
from eventstore.store import Recorded
from tests.support.backend import Backend

AT_ONCE = 60
CUP = sku("CUP")


class Slow:
    """A store whose reads all come back at the same moment: each decides on what the others decide on."""

    def __init__(self, backend: Backend) -> None:
        self.append = backend.store.append
        self.version_of = backend.store.version_of
        self._read = backend.store.read_stream

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        stored = await self._read(stream_id, after=after, limit=limit)
        await asyncio.sleep(0)
        return stored


async def test_sixty_receipts_of_one_sku_at_once(backend: Backend) -> None:
    def received(item: StockItem) -> Sequence[StockEvent]:
        return receive(item, 1, "delivery")

    store = Slow(backend)
    await asyncio.gather(
        *(
            decide_stock(store, Snapshots(None), ("BER",), "BER", CUP, Command(f"k-{n}", "system"), received)
            for n in range(AT_ONCE)
        )
    )
    assert (await backend.item(CUP)).on_hand == AT_ONCE
