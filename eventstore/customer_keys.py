"""`eventstore.privacy.CustomerKeys` on Postgres, with a cache that forgets."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import asyncpg
from cachetools import TTLCache

from eventstore.patience import Patience
from eventstore.privacy import CustomerKeys, DataKey, Erasure, MasterKeys
from eventstore.wakeup import notifications

ERASED: Final = "waybill_erased"
CACHED: Final = 10_000

# One round trip, which writes only for a customer never seen before. Nothing comes back when another process makes
# the key in the same moment: the next look finds it.
OF_CUSTOMER = """
    WITH known AS (SELECT key_id, customer_id, master, wrapped FROM customer_key WHERE customer_id = $1),
    made AS (
        INSERT INTO customer_key (key_id, customer_id, master, wrapped)
        SELECT $2, $1, $3, $4 WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT DO NOTHING
        RETURNING key_id, customer_id, master, wrapped
    )
    SELECT * FROM known UNION ALL SELECT * FROM made
"""
BY_ID = """
    SELECT key_id, customer_id, master, wrapped FROM customer_key
    WHERE key_id = ANY($1::uuid[]) AND wrapped IS NOT NULL
"""
ERASURE = "SELECT erased_at, forgotten_at FROM customer_key WHERE customer_id = $1 AND erased_at IS NOT NULL"
DESTROY = """
    INSERT INTO customer_key AS k (customer_id, key_id, master, erased_at) VALUES ($1, $2, '', now())
    ON CONFLICT (customer_id) DO UPDATE SET wrapped = NULL, master = '', erased_at = coalesce(k.erased_at, now())
    RETURNING erased_at, forgotten_at
"""
TELL = "SELECT pg_notify($1, '')"
VACUUM = "VACUUM customer_key"  # what the row was before is kept by Postgres until then
CONFIRM = """
    UPDATE customer_key SET forgotten_at = coalesce(forgotten_at, now())
    WHERE customer_id = $1 AND erased_at IS NOT NULL
"""

WRAPPED_OTHERWISE = """
    SELECT key_id, customer_id, master, wrapped FROM customer_key
    WHERE wrapped IS NOT NULL AND master <> $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3
"""
REWRAP = """
    UPDATE customer_key AS k SET master = $1, wrapped = given.wrapped
    FROM unnest($2::uuid[], $3::text[], $4::bytea[]) AS given (key_id, master, wrapped)
    WHERE k.key_id = given.key_id AND k.master = given.master AND k.wrapped IS NOT NULL
"""


class PostgresCustomerKeys:
    """One per process.

    A key is kept in memory for at most `keep` seconds. `following()` makes every process that runs it forget all
    keys the moment one is destroyed anywhere, so that `keep` is the bound for when that message is lost.

    Args:
        pool: From `eventstore.connections.open_pool`.
        masters: Wrap new keys and unwrap all.
        keep: Seconds that a key may be used without another look at the table.
    """

    def __init__(
        self, pool: asyncpg.Pool, masters: MasterKeys, *, keep: float = 30.0, patience: float = 10.0
    ) -> None:
        self._pool, self._masters, self._keep, self._patience = pool, masters, keep, Patience(patience)
        self._by_customer: TTLCache[str, DataKey] = TTLCache(CACHED, keep)
        self._by_id: TTLCache[UUID, DataKey] = TTLCache(CACHED, keep)

    async def of_customer(self, customer_id: str) -> DataKey | None:
        if known := self._by_customer.get(customer_id):
            return known
        new = DataKey.new(customer_id)
        given = (customer_id, new.key_id, self._masters.current, self._masters.wrap(new))
        rows: list[asyncpg.Record] = []
        while not rows:
            rows = await self._patience.persist(lambda: self._pool.fetch(OF_CUSTOMER, *given))
        return self._remember(rows[0]) if rows[0]["wrapped"] is not None else None

    async def by_id(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        found = {key_id: key for key_id in key_ids if (key := self._by_id.get(key_id))}
        if missing := [key_id for key_id in key_ids if key_id not in found]:
            rows = await self._patience.persist(lambda: self._pool.fetch(BY_ID, missing))
            found |= {row["key_id"]: self._remember(row) for row in rows}
        return found

    async def erasure(self, customer_id: str) -> Erasure | None:
        row = await self._patience.persist(lambda: self._pool.fetchrow(ERASURE, customer_id))
        return Erasure(*row) if row else None

    async def destroy(self, customer_id: str) -> Erasure:
        erasure = await self._patience.persist(lambda: self._destroy(customer_id))
        self.forget()
        await self._patience.persist(lambda: self._pool.execute(VACUUM))
        return erasure

    async def confirm_forgotten(self, customer_id: str) -> None:
        await self._patience.persist(lambda: self._pool.execute(CONFIRM, customer_id))

    def forget(self) -> None:
        """Forget every key that is kept in memory; those that are left are found again."""
        self._by_customer.clear()
        self._by_id.clear()

    @asynccontextmanager
    async def following(self, dsn: str) -> AsyncIterator[CustomerKeys]:
        """Forget whenever a key is destroyed anywhere, while the block lasts."""
        task = asyncio.create_task(self._follow(dsn))
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def rewrap(self, *, batch: int = 1000) -> int:
        """Wrap every key that is under an older master key with the current one; gives how many there were.

        Raises:
            MasterKeyMissing: a key is under a master key that was not given; those before it are rewrapped.
        """
        done, after = 0, ""
        while rows := await self._pool.fetch(WRAPPED_OTHERWISE, self._masters.current, after, batch):
            keys = [self._unwrapped(row) for row in rows]
            masters, wrapped = [row["master"] for row in rows], [self._masters.wrap(key) for key in keys]
            ids = [key.key_id for key in keys]
            tag = await self._pool.execute(REWRAP, self._masters.current, ids, masters, wrapped)
            done, after = done + int(tag.split()[-1]), rows[-1]["customer_id"]
        await self._pool.execute(VACUUM)
        return done

    async def _follow(self, dsn: str) -> None:
        async for _ in notifications(dsn, ERASED, self._keep, "waybill-keys"):
            self.forget()

    async def _destroy(self, customer_id: str) -> Erasure:
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(DESTROY, customer_id, DataKey.new(customer_id).key_id)
            await connection.execute(TELL, ERASED)
        assert row is not None
        return Erasure(*row)

    def _remember(self, row: asyncpg.Record) -> DataKey:
        key = self._unwrapped(row)
        self._by_customer[key.customer_id] = self._by_id[key.key_id] = key
        return key

    def _unwrapped(self, row: asyncpg.Record) -> DataKey:
        return self._masters.unwrap(row["master"], row["key_id"], row["customer_id"], row["wrapped"])
