"""Checkpoints: moved by compare-and-set in the caller's transaction, claimed by raising the epoch."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from eventstore.checkpoints import (
    Checkpoint,
    CheckpointConflict,
    Move,
    claim_checkpoints,
    load_checkpoint,
    load_checkpoints,
    save_checkpoint,
    save_checkpoints,
)
from eventstore.segments import segment_of


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(database))
    yield engine
    await engine.dispose()


async def test_a_checkpoint_moves_with_its_transaction(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        claimed = await claim_checkpoints(connection, "orders", 1, [0, 7])
        assert claimed == {0: Checkpoint(0, 1), 7: Checkpoint(0, 1)}
        assert await save_checkpoint(connection, "orders", 1, 7, old=claimed[7], position=12) == Checkpoint(12, 1)
    async with engine.connect() as connection:
        await save_checkpoint(connection, "orders", 1, 7, old=Checkpoint(12, 1), position=20)
        await connection.rollback()
        assert await load_checkpoint(connection, "orders", 1, 7) == Checkpoint(12, 1)
        assert await load_checkpoint(connection, "orders", 2, 7) == Checkpoint(0, 0)
        assert (await load_checkpoints(connection, "orders", 1)).keys() == {0, 7}


async def test_an_old_position_or_epoch_conflicts(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        old = await claim_checkpoints(connection, "orders", 1, [1, 2])
        await save_checkpoint(connection, "orders", 1, 1, old=old[1], position=5)
    async with engine.begin() as connection:
        with pytest.raises(CheckpointConflict):
            await save_checkpoint(connection, "orders", 1, 1, old=old[1], position=6)
    async with engine.begin() as connection:
        new = await claim_checkpoints(connection, "orders", 1, [2])
    async with engine.begin() as connection:
        with pytest.raises(CheckpointConflict):
            await save_checkpoints(connection, "orders", 1, [Move(2, old[2], 9), Move(1, Checkpoint(5, 1), 9)])
        await connection.rollback()
    async with engine.begin() as connection:
        moves = [Move(2, new[2], 9), Move(1, Checkpoint(5, 1), 9)]
        moved = await save_checkpoints(connection, "orders", 1, moves)
        assert moved == {2: Checkpoint(9, 2), 1: Checkpoint(9, 1)}
        assert (await connection.execute(text("SELECT count(*) FROM checkpoint"))).scalar() == 2


def test_segments_never_change() -> None:
    assert [segment_of(key) for key in ("order/1", "stock/berlin/SKU-1", "é")] == [45, 34, 62]
    assert {segment_of(str(n)) for n in range(2000)} == set(range(64))
