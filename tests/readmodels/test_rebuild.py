"""A projection made again from the log is the one that was there."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.record import OrderStreamEvent, fold_record
from eventstore.store import Recorded
from readmodels import positions
from readmodels.engine import Projector
from readmodels.projections import projections
from readmodels.queries import ReadModels
from readmodels.stock import Stock
from tests.readmodels.conftest import DumpRows, Expected
from tests.readmodels.memory_log import MemoryLog
from tests.readmodels.watching import running, stands, until
from tests.support.histories import Happened, completed, mixed, shop
from tests.support.samples import ORDER, OTHER_ORDER
from tests.support.strategies import placed_streams


@pytest.mark.parametrize("batch", [1, 7, 10_000])
async def test_rows_do_not_depend_on_how_the_log_is_cut(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, batch: int
) -> None:
    log = MemoryLog(mixed(12))
    rows = await expected(log)
    async with engine.begin() as connection:
        for projection in projections():
            await positions.rebuild(connection, projection)
    await Projector(engine, log, projections(), batch=batch).catch_up()
    assert await dump() == rows


async def test_a_rebuild_gives_what_was_there(engine: AsyncEngine, models: ReadModels, dump: DumpRows) -> None:
    """Under a projector that runs, first idle, then in front with the others while one catches up."""
    log = MemoryLog(mixed(60))
    async with running(Projector(engine, log, projections(), batch=50, standby_poll=0.02)):
        await until(engine, len(log.events))
        live = await dump()
        for projection in projections():
            await models.rebuild(projection.name)
            await asyncio.sleep(0)
            await until(engine, len(log.events))
            assert await dump() == live
        await models.rebuild("orders")
        await models.rebuild("stock")
        log.append(*completed(ORDER))
        await until(engine, len(log.events))
        assert (await models.stock("MUG")) is not None
    found = await dump()
    assert len(found["orders"]) == len(live["orders"]) + 1
    assert set(live["timeline"]) < set(found["timeline"])


async def test_a_projection_that_is_rebuilt_does_not_hold_up_the_others(
    engine: AsyncEngine, models: ReadModels
) -> None:
    log = MemoryLog(mixed(20))
    projector = Projector(engine, log, projections(), batch=10)
    await projector.catch_up()
    head, reads, read_log = len(log.events), [], log.read_log

    async def noted(*, after: int, limit: int) -> Sequence[Recorded]:
        reads.append(after)
        return await read_log(after=after, limit=limit)

    log.read_log = noted  # type: ignore[method-assign]
    await models.rebuild("orders")
    log.append(*shop())
    await projector.catch_up()
    assert reads[:2] == [head, 0]
    assert set((await stands(engine)).values()) == {len(log.events)}


async def test_a_new_version_of_a_projection_begins_with_empty_tables(
    engine: AsyncEngine, expected: Expected, dump: DumpRows
) -> None:
    class NewStock(Stock):
        version = 2

    log = MemoryLog(mixed(5))
    rows = await expected(log)
    async with engine.begin() as connection:
        for projection in projections():
            await connection.execute(projection.clear)
    await Projector(engine, log, [Stock()]).catch_up()
    await Projector(engine, log, [NewStock()]).catch_up()
    assert (await dump())["stock"] == rows["stock"]
    assert await stands(engine, Stock()) == {}
    await Projector(engine, log, [Stock()]).catch_up()  # a process of the old version takes over
    assert (await dump())["stock"] == rows["stock"]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(streams=st.lists(placed_streams, min_size=1, max_size=4), cut=st.integers(1, 30))
async def test_every_order_row_is_the_fold_of_its_stream(
    engine: AsyncEngine, models: ReadModels, dump: DumpRows, streams: list[list[OrderStreamEvent]], cut: int
) -> None:
    """Whatever stands in the streams, live and rebuilt."""
    ids = [ORDER, OTHER_ORDER, *(event.event_id for event in MemoryLog(shop()).events)][: len(streams)]
    happened = [
        Happened(f"order/{order_id}", event)
        for order_id, stream in zip(ids, streams, strict=True)
        for event in stream
    ]
    log = MemoryLog(happened)
    dumps = []
    for batch in (cut, 1000):
        async with engine.begin() as connection:
            for projection in projections():
                await positions.rebuild(connection, projection)
        assert await Projector(engine, log, projections(), batch=batch).catch_up()
        dumps.append(await dump())
    for order_id, stream in zip(ids, streams, strict=True):
        view = await models.order(order_id)
        assert view is not None
        assert (view.version, view.record) == (len(stream), fold_record(stream))
    assert dumps[0] == dumps[1]
