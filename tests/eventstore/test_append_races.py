"""Appends against each other, with the race held open by a lock or an open transaction."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from eventstore.append import APPEND, arguments, prepare
from eventstore.codec import Codec
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.store import Appended, Expected, PartialRepeat, StoreUnavailable, WrongExpectedVersion
from tests.eventstore.samples import new, stream_held, until_blocked, write


async def test_of_two_writers_on_one_stream_the_second_sees_the_first(
    store: PostgresEventStore, other_store: PostgresEventStore, connection: asyncpg.Connection
) -> None:
    async with stream_held(connection, "order/1"):
        first = asyncio.create_task(store.append([write("order/1", 0, new())]))
        await until_blocked(connection, 1)
        second = asyncio.create_task(other_store.append([write("order/1", 0, new())]))
        await until_blocked(connection, 2)
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Appended, WrongExpectedVersion}
    assert len(await store.read_stream("order/1")) == 1


async def test_heads_are_looked_at_after_the_lock_not_before(
    store: PostgresEventStore, pool: asyncpg.Pool, codec: Codec, connection: asyncpg.Connection
) -> None:
    """The writer waiting for the lock began before the other committed, and still sees it."""
    async with pool.acquire() as rival:
        transaction = rival.transaction()
        await transaction.start()
        await rival.fetch(APPEND, *arguments([prepare([write("order/1", 0, new())], codec)]))
        late = asyncio.create_task(store.append([write("order/1", 0, new())]))
        later = asyncio.create_task(store.append([write("order/2", 0, new()), write("order/1", 1, new())]))
        await until_blocked(connection)
        await transaction.commit()
    with pytest.raises(WrongExpectedVersion) as caught:
        await late
    assert caught.value.actual == 1
    assert (await later).versions == {"order/2": 1, "order/1": 2}


async def test_no_transaction_id_is_taken_before_the_locks(
    store: PostgresEventStore, connection: asyncpg.Connection
) -> None:
    async with stream_held(connection, "order/1"):
        task = asyncio.create_task(store.append([write("order/1", 0, new())]))
        await until_blocked(connection)
        waiting = (
            "SELECT count(*) || '/' || count(backend_xid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
        assert await connection.fetchval(waiting) == "1/0"
    await task


async def test_batches_that_overlap_crosswise_do_not_deadlock(
    store: PostgresEventStore, other_store: PostgresEventStore, connection: asyncpg.Connection
) -> None:
    forward = [write(f"s/{n}", Expected.ANY, new()) for n in range(20)]
    backward = [write(f"s/{n}", Expected.ANY, new()) for n in reversed(range(20))]
    async with stream_held(connection, "s/10"):
        tasks = [asyncio.create_task(store.append(forward)), asyncio.create_task(other_store.append(backward))]
        await until_blocked(connection, 2)
    versions = [(await task).versions for task in tasks]
    assert sorted(v["s/0"] for v in versions) == [1, 2]


async def test_an_append_whose_answer_was_lost_is_repeated_by_the_store(
    store: PostgresEventStore, connection: asyncpg.Connection, database: str
) -> None:
    """The backend dies while its append waits; the store tries again by itself, and nothing doubles."""
    event = new()
    async with stream_held(connection, "order/1"):
        task = asyncio.create_task(store.append([write("order/1", 0, event)]))
        await until_blocked(connection)
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
    assert (await task).versions == {"order/1": 1}
    assert len(await store.read_stream("order/1")) == 1


async def test_a_committed_append_whose_answer_was_lost_gives_its_first_result(
    database: str, codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The append commits, the answer never arrives: the retry must find the first result, not a conflict."""
    async with await open_pool(database, size=2) as pool:
        store = PostgresEventStore(pool, codec)
        fetch = pool.fetch
        lost: list[object] = []

        async def losing(query: str, *args: object) -> object:
            rows = await fetch(query, *args)
            if query == APPEND and not lost:
                lost.append(rows)
                raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
            return rows

        monkeypatch.setattr(type(pool), "fetch", lambda self, *args: losing(*args))
        events = [new("a"), new("b")]
        done = await store.append([write("order/1", 0, *events)])
        assert lost
        assert done == Appended({"order/1": 2}, repeated=True)
        assert [r.event_id for r in await store.read_stream("order/1")] == [e.event_id for e in events]
        await store.close()


async def test_twins_in_flight_give_one_append_and_one_answer(
    store: PostgresEventStore, other_store: PostgresEventStore, connection: asyncpg.Connection
) -> None:
    event = new()
    async with stream_held(connection, "order/1"):
        tasks = [
            asyncio.create_task(each.append([write("order/1", 0, event)])) for each in (store, store, other_store)
        ]
        await until_blocked(connection, 2)
    answers = [await task for task in tasks]
    assert [answer.versions for answer in answers] == [{"order/1": 1}] * 3
    assert [answer.repeated for answer in answers].count(False) == 1


async def test_one_event_id_on_two_streams_at_once_fails_only_the_second(
    store: PostgresEventStore,
    other_store: PostgresEventStore,
    pool: asyncpg.Pool,
    codec: Codec,
    connection: asyncpg.Connection,
) -> None:
    """Stream locks do not order these two; the unique index does, and neighbours in the batch survive it."""
    shared = uuid4()
    async with pool.acquire() as rival:
        transaction = rival.transaction()
        await transaction.start()
        await rival.fetch(APPEND, *arguments([prepare([write("order/1", 0, new("x", shared))], codec)]))
        second = asyncio.create_task(store.append([write("order/2", 0, new("x", shared))]))
        neighbour = asyncio.create_task(store.append([write("order/3", 0, new())]))
        await until_blocked(connection)
        await transaction.commit()
    with pytest.raises(PartialRepeat):
        await second
    assert (await neighbour).versions == {"order/3": 1}


async def test_a_database_that_stays_away_is_reported_in_time(codec: Codec, database: str) -> None:
    pool = await open_pool(database, size=2)
    store = PostgresEventStore(pool, codec, patience=0.2)
    await pool.close()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.append([write("order/1", 0, new())])
    with pytest.raises(StoreUnavailable):
        await store.read_stream("order/1")
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.append([write("order/1", 0, new())])
