"""The event store on a fresh database of the run's Postgres, and a connection beside it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from eventstore.codec import Codec
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.subscription import PostgresLog
from tests.eventstore.samples import codec_of_samples


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the store: it holds races open."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database, size=6)
    yield pool
    await pool.close()


@pytest.fixture
def codec() -> Codec:
    return codec_of_samples()


@pytest.fixture
async def store(pool: asyncpg.Pool, codec: Codec) -> AsyncIterator[PostgresEventStore]:
    store = PostgresEventStore(pool, codec)
    yield store
    await store.close()


@pytest.fixture
async def other_store(pool: asyncpg.Pool, codec: Codec) -> AsyncIterator[PostgresEventStore]:
    """Another process, as far as the first store can tell."""
    store = PostgresEventStore(pool, codec)
    yield store
    await store.close()


@pytest.fixture
def log(pool: asyncpg.Pool, codec: Codec, database: str) -> PostgresLog:
    return PostgresLog(pool, codec, dsn=database)
