"""The customers' keys in Postgres: one each, gone when destroyed, rewrapped when the master key changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from os import urandom

import asyncpg
import pytest

from eventstore.connections import open_pool
from eventstore.customer_keys import PostgresCustomerKeys
from eventstore.privacy import DataKey, MasterKeyMissing, MasterKeys

LISTENING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'waybill-keys' AND datname = current_database() AND query LIKE 'LISTEN%'
"""
OLD, NEW = urandom(32), urandom(32)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(database, size=8)
    yield opened
    await opened.close()


def process(pool: asyncpg.Pool, *masters: bytes, keep: float = 600) -> PostgresCustomerKeys:
    """The keys as another process has them: with a cache of its own."""
    return PostgresCustomerKeys(pool, MasterKeys(masters or (OLD,)), keep=keep)


async def known(keys: PostgresCustomerKeys, customer_id: str) -> DataKey:
    key = await keys.of_customer(customer_id)
    assert key is not None
    return key


async def test_processes_that_race_for_a_customers_first_key_get_the_same(pool: asyncpg.Pool) -> None:
    found = await asyncio.gather(*(process(pool).of_customer("c-1") for _ in range(20)))

    assert found[0] is not None
    assert set(found) == {found[0]}
    assert await known(process(pool), "c-2") != found[0]


async def test_a_key_is_found_by_its_id_and_kept_in_memory(pool: asyncpg.Pool) -> None:
    one, other = process(pool), process(pool)
    key = await known(one, "c-1")

    assert await other.by_id([key.key_id]) == {key.key_id: key}
    await pool.execute("TRUNCATE customer_key")
    assert await other.by_id([key.key_id]) == {key.key_id: key}
    assert await known(other, "c-1") == key


async def test_a_destroyed_key_is_gone_for_good(pool: asyncpg.Pool) -> None:
    keys = process(pool)
    key = await known(keys, "c-1")

    first = await keys.destroy("c-1")

    assert await keys.destroy("c-1") == first == await keys.erasure("c-1")
    assert await keys.of_customer("c-1") is None
    assert await keys.by_id([key.key_id]) == {}
    row = await pool.fetchrow("SELECT wrapped, master FROM customer_key")
    assert row is not None
    assert tuple(row) == (None, "")
    await keys.confirm_forgotten("c-1")
    confirmed = await keys.erasure("c-1")
    assert confirmed is not None
    assert confirmed.forgotten_at is not None
    assert await keys.destroy("c-1") == confirmed


async def test_a_customer_who_never_ordered_can_be_erased_too(pool: asyncpg.Pool) -> None:
    keys = process(pool)
    assert await keys.erasure("c-1") is None
    await keys.confirm_forgotten("c-1")
    assert await keys.erasure("c-1") is None

    await keys.destroy("c-1")

    assert await keys.of_customer("c-1") is None


async def test_other_processes_forget_a_destroyed_key_when_they_are_told(
    pool: asyncpg.Pool, database: str
) -> None:
    one, other = process(pool), process(pool)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(other.following(database))
        async with asyncio.timeout(20):
            while not await pool.fetchval(LISTENING):
                await asyncio.sleep(0.01)
            # A listener forgets once more as it begins: what it knows after this is kept until it is told.
            key = await known(one, "c-1")
            await one.destroy("c-1")
            while await other.by_id([key.key_id]):
                await asyncio.sleep(0.01)
            while await other.of_customer("c-1"):
                await asyncio.sleep(0.01)


async def test_a_process_that_is_not_told_forgets_in_bounded_time(pool: asyncpg.Pool) -> None:
    one, other = process(pool), process(pool, keep=0.05)
    key = await known(one, "c-1")
    await other.by_id([key.key_id])
    await one.destroy("c-1")

    async with asyncio.timeout(20):
        while await other.by_id([key.key_id]):
            await asyncio.sleep(0.01)


async def test_the_master_key_is_rotated_and_the_old_one_dropped(pool: asyncpg.Pool) -> None:
    before = process(pool)
    keys = [await known(before, f"c-{nr}") for nr in range(5)]
    await before.destroy("c-4")
    await known(process(pool, NEW, OLD), "c-5")

    assert await process(pool, NEW, OLD).rewrap(batch=2) == 4
    assert await process(pool, NEW, OLD).rewrap() == 0

    after = process(pool, NEW)
    assert [await known(after, f"c-{nr}") for nr in range(4)] == keys[:4]
    assert await after.of_customer("c-4") is None
    with pytest.raises(MasterKeyMissing):
        await process(pool, OLD).of_customer("c-0")


async def test_a_rotation_without_the_old_key_says_which_is_missing(pool: asyncpg.Pool) -> None:
    await known(process(pool), "c-1")
    with pytest.raises(MasterKeyMissing, match=MasterKeys([OLD]).current):
        await process(pool, NEW).rewrap()
    await known(process(pool), "c-1")
