"""The global order: gapless, per-stream, never skipping, one leader at a time."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from eventstore.append import APPEND, arguments, prepare
from eventstore.codec import Codec
from eventstore.connections import connected
from eventstore.postgres import PostgresEventStore
from eventstore.sequencer import Leader, LeadershipLost, Sequencer, sequence_all, watermark
from eventstore.store import Expected, Recorded, StreamWrite
from eventstore.subscription import PostgresLog
from eventstore.verify import verify_chain
from tests.eventstore.samples import new, sequence, text_of, until, until_blocked, write


@asynccontextmanager
async def running(*sequencers: Sequencer) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(sequencer.run()) for sequencer in sequencers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def append_in(connection: asyncpg.Connection, codec: Codec, *writes: StreamWrite) -> None:
    await connection.fetch(APPEND, *arguments([prepare(writes, codec)]))


async def streams_of(log: PostgresLog) -> list[str]:
    return [recorded.stream_id for recorded in await log.read_log(after=0, limit=100)]


async def test_positions_are_given_after_the_fact_and_read_in_order(
    store: PostgresEventStore, log: PostgresLog, database: str
) -> None:
    await store.append([write("a", 0, new("1"), new("2")), write("b", 0, new("3"))])
    assert (await log.read_log(after=0, limit=10), await log.head()) == ([], 0)
    assert await log.position_of("b", 1) is None
    await sequence(database, 3)
    read = await log.read_log(after=0, limit=10)
    assert [(r.position, r.stream_id, r.version, text_of(r)) for r in read] == [
        (1, "a", 1, "1"),
        (2, "a", 2, "2"),
        (3, "b", 1, "3"),
    ]
    assert await log.read_log(after=1, limit=1) == read[1:2]
    assert (await log.head(), await log.position_of("b", 1)) == (3, 3)


async def test_nothing_is_sequenced_past_an_open_earlier_append(
    store: PostgresEventStore,
    log: PostgresLog,
    connection: asyncpg.Connection,
    codec: Codec,
    database: str,
    pool: asyncpg.Pool,
) -> None:
    """The reader must not run ahead of a transaction that may still put events before it."""
    transaction = connection.transaction()
    await transaction.start()
    await append_in(connection, codec, write("slow", 0, new()))
    await store.append([write("quick", 0, new())])
    assert await sequence_all(database) == 0
    held = await watermark(pool)
    assert (held.head, held.waiting) == (0, 1)
    assert held.holder is not None
    assert held.holder.pid == connection.get_server_pid()
    assert held.holder.state == "idle in transaction"
    await transaction.commit()
    await sequence(database, 2)
    assert await streams_of(log) == ["slow", "quick"]
    assert (await watermark(pool)).holder is None


async def test_an_open_append_that_is_rolled_back_leaves_no_gap(
    store: PostgresEventStore, log: PostgresLog, connection: asyncpg.Connection, codec: Codec, database: str
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    await append_in(connection, codec, write("never", 0, new()))
    await store.append([write("quick", 0, new())])
    await transaction.rollback()
    await sequence(database, 1)
    assert [r.position for r in await log.read_log(after=0, limit=10)] == [1]


async def test_a_prepared_transaction_that_holds_the_log_back_is_named(
    store: PostgresEventStore, connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    if await connection.fetchval("SELECT current_setting('max_prepared_transactions') = '0'"):
        pytest.skip("this server takes no prepared transactions")
    await connection.execute("BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'forgotten'")
    await store.append([write("a", 0, new())])
    holder = (await watermark(pool)).holder
    await connection.execute("ROLLBACK PREPARED 'forgotten'")
    assert holder is not None
    assert (holder.pid, holder.state) == (None, "prepared forgotten")


async def test_a_writer_that_began_first_and_locked_later_keeps_stream_order(
    store: PostgresEventStore, log: PostgresLog, connection: asyncpg.Connection, codec: Codec, database: str
) -> None:
    """The append waiting for the stream has no transaction id yet, so it sorts behind the one it waited for."""
    transaction = connection.transaction()
    await transaction.start()
    await append_in(connection, codec, write("s", 0, new("1")))
    waiting = asyncio.create_task(store.append([write("other", 0, new()), write("s", 1, new("2"))]))
    await until_blocked(connection)
    await transaction.commit()
    await waiting
    await sequence(database, 3)
    assert [r.version for r in await log.read_log(after=0, limit=9) if r.stream_id == "s"] == [1, 2]


async def test_the_leader_is_woken_by_appends_and_wakes_readers(
    store: PostgresEventStore, pool: asyncpg.Pool, codec: Codec, database: str
) -> None:
    """With polls of a minute, only notifications can move this."""
    log = PostgresLog(pool, codec, dsn=database, poll=60.0)
    async with running(sequencer := Sequencer(database, poll=60.0)), asyncio.timeout(10):
        await until(lambda: _leads(sequencer))
        wakeups = log.wakeups()
        await anext(wakeups)
        await store.append([write("a", 0, new())])
        while not await log.head():
            await anext(wakeups)
        await wakeups.aclose()


async def _leads(sequencer: Sequencer) -> bool:
    return sequencer.leading


async def test_one_leads_the_others_stand_by_and_one_takes_over(
    store: PostgresEventStore, log: PostgresLog, database: str, connection: asyncpg.Connection
) -> None:
    pair = [Sequencer(database, poll=0.01, standby_poll=0.02) for _ in range(2)]
    async with running(*pair) as tasks:
        await until(lambda: _leads_one(pair))
        await store.append([write("a", 0, new())])
        await until(log.head)
        old = next(n for n, each in enumerate(pair) if each.leading)
        tasks[old].cancel()
        await until(lambda: _leads(pair[1 - old]))
        await store.append([write("b", 0, new())])
        await until(lambda: _reached(log, 2))
    assert await connection.fetchval("SELECT epoch FROM sequencer") == 2


async def _leads_one(pair: list[Sequencer]) -> bool:
    return sum(each.leading for each in pair) == 1


async def _reached(log: PostgresLog, position: int) -> bool:
    return await log.head() == position


async def test_a_sequencer_whose_connection_is_killed_comes_back(
    store: PostgresEventStore, log: PostgresLog, database: str, connection: asyncpg.Connection
) -> None:
    async with running(sequencer := Sequencer(database, poll=0.01, standby_poll=0.02)):
        await until(lambda: _leads(sequencer))
        killed = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1"
            " AND datname = current_database()",
            "waybill-sequencer",
        )
        assert killed == 1
        await store.append([write("a", 0, new())])
        await until(log.head)


async def test_a_stalled_leader_is_fenced(store: PostgresEventStore, log: PostgresLog, database: str) -> None:
    """The old leader does not notice that another took over, and goes on: it writes nothing."""
    async with connected(database, "old") as one, connected(database, "new") as two:
        old = await Leader.take_over(one)
        await store.append([write("a", 0, new())])
        leader = await Leader.take_over(two)
        with pytest.raises(LeadershipLost):
            await old.sequence(100)
        assert await log.head() == 0
        await until(lambda: leader.sequence(100))
        with pytest.raises(LeadershipLost):
            await old.sequence(100)


async def test_a_leader_stalled_in_the_middle_of_a_batch_delays_its_successor(
    store: PostgresEventStore, log: PostgresLog, database: str, connection: asyncpg.Connection
) -> None:
    """Its open transaction holds the state: the new leader waits for it and goes on from where it ended."""
    async with connected(database, "old") as one, connected(database, "new") as two:
        old = await Leader.take_over(one)
        await store.append([write("a", 0, new())])
        transaction = one.transaction()
        await transaction.start()
        await until(lambda: old.sequence(100))
        taking_over = asyncio.create_task(Leader.take_over(two))
        await until_blocked(connection)
        await transaction.commit()
        leader = await taking_over
        await store.append([write("b", 0, new())])
        with pytest.raises(LeadershipLost):
            await old.sequence(100)
        await until(lambda: leader.sequence(100))
    assert await streams_of(log) == ["a", "b"]


STREAMS = "abcdefgh"
KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND (query LIKE '%append_events%' AND state = 'active' OR application_name = 'waybill-sequencer')
    ORDER BY random() LIMIT 1
"""


async def test_order_under_concurrent_writers_while_backends_are_killed(
    store: PostgresEventStore,
    other_store: PostgresEventStore,
    log: PostgresLog,
    database: str,
    connection: asyncpg.Connection,
) -> None:
    """Writers and sequencers die at random: the log stays gapless, each stream 1..n, each event there once."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    followed: list[Recorded] = []
    appended: Counter[str] = Counter()

    async def writer(each: PostgresEventStore) -> None:
        for _ in range(40):
            streams = chance.sample(STREAMS, chance.randint(1, 3))
            done = await each.append([write(stream, Expected.ANY, new(), new()) for stream in streams])
            appended.update(done.versions.keys())

    async def follow() -> None:
        while True:
            followed.extend(await log.read_log(after=len(followed), limit=7))
            await asyncio.sleep(0)

    async def kill() -> None:
        while True:
            await connection.execute(KILL)
            await asyncio.sleep(chance.uniform(0.005, 0.03))

    sequencers = [Sequencer(database, poll=0.001, standby_poll=0.01, batch=3) for _ in range(2)]
    async with running(*sequencers), asyncio.timeout(60):
        follower, killer = asyncio.create_task(follow()), asyncio.create_task(kill())
        await asyncio.gather(*(writer(each) for each in (store, other_store) * 4))
        killer.cancel()
        total = 2 * appended.total()
        await until(lambda: _followed(followed, total))
        follower.cancel()
        await asyncio.gather(follower, killer, return_exceptions=True)
    assert [r.position for r in followed] == list(range(1, total + 1)), seed
    for stream in STREAMS:
        versions = [r.version for r in followed if r.stream_id == stream]
        assert versions == list(range(1, 2 * appended[stream] + 1)), seed
    assert (await verify_chain(connection)).fault is None


async def _followed(followed: list[Recorded], total: int) -> bool:
    return len(followed) >= total
