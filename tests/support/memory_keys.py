"""Customers' keys, and a customer's orders, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from activities.erasure import CustomersOrder
from domain.orders.events import OrderCancelled, OrderCompleted, OrderPlaced
from eventstore.privacy import DataKey, Erasure
from eventstore.store import Recorded


class MemoryKeys:
    """`eventstore.privacy.CustomerKeys`."""

    def __init__(self) -> None:
        self.keys: dict[str, DataKey] = {}
        self.erasures: dict[str, Erasure] = {}

    async def of_customer(self, customer_id: str) -> DataKey | None:
        if customer_id in self.erasures:
            return None
        return self.keys.setdefault(customer_id, DataKey.new(customer_id))

    async def by_id(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        return {key.key_id: key for key in self.keys.values() if key.key_id in key_ids}

    async def erasure(self, customer_id: str) -> Erasure | None:
        return self.erasures.get(customer_id)

    async def destroy(self, customer_id: str) -> Erasure:
        self.keys.pop(customer_id, None)
        return self.erasures.setdefault(customer_id, Erasure(datetime.now(UTC)))

    async def confirm_forgotten(self, customer_id: str) -> None:
        self.erasures[customer_id] = replace(self.erasures[customer_id], forgotten_at=datetime.now(UTC))


class MemoryCustomersOrders:
    """`activities.erasure.CustomersOrders` over the streams of a store in memory."""

    def __init__(self, streams: Mapping[str, Sequence[Recorded]]) -> None:
        self._streams = streams

    async def of_customer(self, customer_id: str) -> Sequence[CustomersOrder]:
        found = []
        for stored in self._streams.values():
            events = [recorded.event for recorded in stored]
            placed = next(iter(events), None)
            if isinstance(placed, OrderPlaced) and placed.customer_id == customer_id:
                ended = any(isinstance(event, OrderCompleted | OrderCancelled) for event in events)
                found.append(CustomersOrder(placed.order_id, not ended))
        return found
