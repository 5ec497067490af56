"""Snapshots on Postgres: written side by side, beside other releases, and compared by verify."""

import asyncio

import asyncpg
import pytest

from activities.aggregates import Command, decide_stock
from activities.stock_book import STOCK, stock_stream
from domain.identifiers import Sku
from domain.inventory import decide
from eventstore.codec import Codec
from eventstore.postgres import PostgresEventStore
from eventstore.snapshot_table import FAR_BEHIND, PostgresSnapshots
from eventstore.snapshots import EVERY, Snapshot, Snapshots
from ops import bootstrap
from ops.verify_snapshots import snapshot_faults
from tests.support.snapshots import CountingStore

STREAM = stock_stream("BER", "MUG")
LENGTH = 100_000


# As appending them would leave it, in a tenth of the time.
RECEIVED = """
    INSERT INTO event (stream_id, version, event_id, type, schema_version, recorded_at, metadata, data)
    SELECT $1, n, gen_random_uuid(), 'StockReceived', 1, now(), '{}', '{"quantity":1,"reason":"delivery"}'
    FROM generate_series(1, $2::int) AS n
"""


async def receive(connection: asyncpg.Connection, stream: str, count: int) -> None:
    """That many events, each of one piece."""
    await connection.execute(RECEIVED, stream, count)


@pytest.fixture
def codec() -> Codec:
    return bootstrap.codec()


@pytest.fixture
def table(pool: asyncpg.Pool) -> PostgresSnapshots:
    return PostgresSnapshots(pool)


async def test_deciding_on_100_000_events_reads_no_more_than_on_200(
    store: PostgresEventStore, table: PostgresSnapshots, connection: asyncpg.Connection
) -> None:
    counting, short, long = CountingStore(store), "stock/BER/SHORT", "stock/BER/LONG"
    await receive(connection, short, 200)
    await receive(connection, long, LENGTH)

    async def adjust(sku: str, key: str) -> int:
        snapshots = Snapshots(table)  # another process each time
        command = Command(key, "operator:1")
        await decide_stock(
            counting, snapshots, ("BER",), "BER", Sku(sku), command, lambda item: decide.adjust(item, -1, "count")
        )
        await snapshots.close()
        return counting.taken()

    assert [await adjust("SHORT", "0"), await adjust("LONG", "0")] == [200, LENGTH]
    for key in map(str, range(1, 6)):
        assert await adjust("SHORT", key) == await adjust("LONG", key) <= EVERY
    assert await adjust("LONG", "3") <= EVERY
    assert (await store.read_stream(long, after=LENGTH))[-1].version == LENGTH + 6, "the repeat wrote nothing"


async def test_the_newest_of_a_schema_stays(table: PostgresSnapshots, connection: asyncpg.Connection) -> None:
    versions = [400, 200, 800, 600]
    await asyncio.gather(*(table.write(Snapshot(STREAM, each, 7, f'"{each}"')) for each in versions))
    assert await table.read(STREAM, 7) == Snapshot(STREAM, 800, 7, '"800"')
    assert await table.read(STREAM, 8) is None
    assert await table.read("stock/BER/TEA", 7) is None
    assert await connection.fetchval("SELECT count(*) FROM snapshot") == 1


async def test_releases_side_by_side_keep_their_own(table: PostgresSnapshots) -> None:
    await table.write(Snapshot(STREAM, 200, 7, '"old"'))
    await table.write(Snapshot(STREAM, 400, 8, '"new"'))
    await table.write(Snapshot(STREAM, 400, 7, '"old"'))
    assert await table.read(STREAM, 7) == Snapshot(STREAM, 400, 7, '"old"')
    await table.write(Snapshot(STREAM, 401 + FAR_BEHIND, 8, '"new"'))
    assert await table.read(STREAM, 7) is None, "the old release is gone"
    assert await table.read(STREAM, 8) is not None


@pytest.mark.parametrize(
    ("data", "version", "fault"),
    [
        ('{"on_hand":200,"holds":{}}', 200, None),
        ('{"on_hand":201,"holds":{}}', 200, "is not the stream's fold"),
        ('{"on_hand":199,"holds":{}}', 199, None),
        ('{"on_hand":"many"}', 200, "cannot be read"),
        ('{"on_hand":201,"holds":{}}', 201, "is beyond the stream's 200 events"),
    ],
)
async def test_verify_compares(
    table: PostgresSnapshots,
    connection: asyncpg.Connection,
    codec: Codec,
    data: str,
    version: int,
    fault: str | None,
) -> None:
    await receive(connection, STREAM, 200)
    await table.write(Snapshot(STREAM, version, STOCK.schema_version, data))
    await table.write(Snapshot(STREAM, version, 12345, "of another release"))
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        (found,) = [each async for each in snapshot_faults(connection, codec)]
    assert found == fault or (fault and fault in str(found))
