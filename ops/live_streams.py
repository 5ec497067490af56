"""Whole categories of streams, folded as they stream out of the live store: for checks, not for requests."""

from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID

import asyncpg

from activities.order_stream import LoadedOrder, fold_order
from domain.decider import fold
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem, evolve
from eventstore.codec import Codec
from eventstore.postgres import read_metadata
from eventstore.store import Recorded

CATEGORY = """
    SELECT stream_id, version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event WHERE stream_id LIKE $1 ORDER BY stream_id, version
"""
PREFETCH = 2000


async def live_orders(connection: asyncpg.Connection, events: Codec) -> AsyncIterator[LoadedOrder]:
    """Every order, each as of one moment."""
    async for stream in streams(connection, events, "order/%"):
        yield fold_order(UUID(stream[0].stream_id.removeprefix("order/")), stream)


async def live_stock(connection: asyncpg.Connection, events: Codec) -> AsyncIterator[tuple[str, StockItem]]:
    """Every stock stream's id and fold."""
    async for stream in streams(connection, events, "stock/%"):
        yield stream[0].stream_id, fold(evolve, StockItem(), (cast(StockEvent, each.event) for each in stream))


async def streams(connection: asyncpg.Connection, events: Codec, like: str) -> AsyncIterator[list[Recorded]]:
    """One cursor over the category, a stream at a time; the caller has begun a transaction."""
    stream: list[Recorded] = []
    async for row in connection.cursor(CATEGORY, like, prefetch=PREFETCH):
        stream_id, version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        if stream and stream[0].stream_id != stream_id:
            yield stream
            stream = []
        event = events.decode(type_name, schema_version, data)
        stream.append(
            Recorded(stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at)
        )
    if stream:
        yield stream
