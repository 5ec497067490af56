"""A customer's orders, asked of the store itself: `activities.erasure.CustomersOrders` on Postgres."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg

from activities.erasure import CustomersOrder
from domain.orders.events import OrderCancelled, OrderCompleted

ENDINGS: Final = [ending.__name__ for ending in (OrderCancelled, OrderCompleted)]

# By the partial index `event_customer`, so that an order is found as soon as it is committed.
OF_CUSTOMER = """
    SELECT placed.stream_id, NOT EXISTS (
        SELECT FROM event AS ending WHERE ending.stream_id = placed.stream_id AND ending.type = ANY($2)
    )
    FROM event AS placed
    WHERE placed.type = 'OrderPlaced' AND placed.data::json ->> 'customer_id' = $1
    ORDER BY placed.recorded_at, placed.stream_id
"""


class PostgresCustomersOrders:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of_customer(self, customer_id: str) -> Sequence[CustomersOrder]:
        rows = await self._pool.fetch(OF_CUSTOMER, customer_id, ENDINGS)
        return [CustomersOrder(UUID(stream.removeprefix("order/")), is_open) for stream, is_open in rows]
