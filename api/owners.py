"""Whose events are whose: the customer of an order is in its first event, which is read once."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cachetools import LRUCache

from domain.orders.events import OrderPlaced
from eventstore.store import Recorded, StreamReader, Undecodable
from readmodels.timeline import to_json

ORDERS: Final = "order/"
REMEMBERED: Final = 50_000


@dataclass(slots=True)
class LiveEvent:
    """An event of the log and, if it is an order's, whose. `shared` is what all operators get of it, once made."""

    recorded: Recorded
    customer_id: str | None
    shared: bytes | None = None

    @property
    def position(self) -> int:
        assert self.recorded.position is not None  # events of the log have one
        return self.recorded.position

    @property
    def order_id(self) -> UUID | None:
        stream = self.recorded.stream_id
        return UUID(stream.removeprefix(ORDERS)) if stream.startswith(ORDERS) else None

    @property
    def data(self) -> str:
        """The event as JSON text; an empty object for one that this process cannot decode."""
        event = self.recorded.event
        return "{}" if isinstance(event, Undecodable) else to_json(event)


class Owners:
    """Remembers the customers of the orders seen last."""

    def __init__(self, store: StreamReader, *, remembered: int = REMEMBERED) -> None:
        self._store = store
        self._known: LRUCache[str, str | None] = LRUCache(remembered)

    async def live(self, recorded: Recorded) -> LiveEvent:
        return LiveEvent(recorded, await self._customer_of(recorded))

    async def _customer_of(self, recorded: Recorded) -> str | None:
        stream = recorded.stream_id
        if not stream.startswith(ORDERS):
            return None
        if isinstance(recorded.event, OrderPlaced):
            self._known[stream] = recorded.event.customer_id
        elif stream not in self._known:
            first = await self._store.read_stream(stream, limit=1)
            placed = first[0].event if first else None
            self._known[stream] = placed.customer_id if isinstance(placed, OrderPlaced) else None
        return self._known[stream]
