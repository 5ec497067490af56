"""A projection made again from the log is the one that was there, and readers go over without noticing."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import NotAllowed, NotFound
from domain.record import OrderStreamEvent, fold_record
from eventstore.store import Recorded
from readmodels import control as controlling
from readmodels.control import Control
from readmodels.engine import Projector
from readmodels.operating import BuildView
from readmodels.orders import Orders
from readmodels.projections import projections
from readmodels.queries import ReadModels
from readmodels.stock import STOCK, Stock
from readmodels.views import OrderFilter
from tests.readmodels.conftest import DumpRows, Expected, forget
from tests.readmodels.faults import Pause
from tests.readmodels.memory_log import MemoryLog
from tests.readmodels.watching import running, stands, until
from tests.support.histories import Happened, completed, mixed, shop
from tests.support.samples import ORDER, OTHER_ORDER
from tests.support.strategies import placed_streams

NAMES = [projection.name for projection in projections()]


@pytest.fixture
def control(engine: AsyncEngine) -> Control:
    return Control(engine)


async def state(control: Control, projection: str, state: str) -> BuildView:
    (found,) = [each for each in await control.builds() if (each.projection, each.state) == (projection, state)]
    return found


@pytest.mark.parametrize("batch", [1, 7, 10_000])
async def test_rows_do_not_depend_on_how_the_log_is_cut(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, batch: int
) -> None:
    log = MemoryLog(mixed(8))
    rows = await expected(log)
    assert await Projector(engine, log, projections(), batch=batch).catch_up()
    assert await dump() == rows


async def test_a_rebuild_fills_tables_beside_the_live_ones_and_is_the_same(
    engine: AsyncEngine, control: Control, dump: DumpRows
) -> None:
    """Under a projector that runs, while events go on, and again with all of them switched."""
    log = MemoryLog(mixed(30))
    async with running(Projector(engine, log, projections(), batch=50, standby_poll=0.02)):
        await until(engine, len(log.events))
        for name in NAMES:
            assert (await control.rebuild(name, actor="operator:1")).state == "candidate"
        log.append(*completed(ORDER))
        await until(engine, len(log.events))
        await until(engine, len(log.events), state="candidate")
        live = await dump()
        for name in NAMES:
            compared = await control.compare(name)
            assert compared.same, compared
            assert all(table.rows == len(live[table.table]) for table in compared.tables)
            switched = await control.switch(name, actor="operator:1")
            assert [build.state for build in switched] == ["live", "previous"]
        assert await dump() == live
        log.append(*completed(OTHER_ORDER))
        await until(engine, len(log.events))
        await until(engine, len(log.events), state="previous")
    found = await dump()
    assert len(found["orders"]) == len(live["orders"]) + 1


async def test_what_differs_is_counted_and_sampled_without_values(
    engine: AsyncEngine, control: Control, projector: Projector, log: MemoryLog
) -> None:
    log.append(*mixed(5))
    await projector.catch_up()
    await control.rebuild("stock", actor="operator:1")
    await projector.catch_up()
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE read.stock SET on_hand = 1 WHERE (sku, warehouse) = ('MUG', 'BER')"))
        await connection.execute(text("DELETE FROM read.stock WHERE (sku, warehouse) = ('MUG', 'LYS')"))
        await connection.execute(text("INSERT INTO read.stock VALUES ('OLD', 'BER', 1, 0)"))
    compared = await control.compare("stock")
    (table,) = compared.tables
    assert not compared.same
    assert (table.rows, table.only_live, table.only_candidate, table.different) == (5, 1, 1, 1)
    samples = {(sample.key["sku"], sample.key["warehouse"]): sample for sample in table.samples}
    assert samples["MUG", "BER"].columns == ["on_hand"]
    assert samples["MUG", "LYS"].only_in == "candidate"
    assert samples["OLD", "BER"].only_in == "live"


async def test_a_roll_back_gives_the_old_tables_back_and_they_are_up_to_date(
    engine: AsyncEngine, control: Control, projector: Projector, log: MemoryLog, dump: DumpRows
) -> None:
    log.append(*mixed(5))
    await projector.catch_up()
    first = await state(control, "stock", "live")
    await control.rebuild("stock", actor="operator:1")
    await projector.catch_up()
    await control.switch("stock", actor="operator:1")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE read.stock SET on_hand = on_hand + 1000"))  # the new one is wrong
    log.append(*completed(ORDER))
    await projector.catch_up()
    wrong = (await dump())["stock"]
    rolled = await control.roll_back("stock", actor="operator:2")
    assert (rolled[0].state, rolled[0].build) == ("live", first.build)
    right = (await dump())["stock"]
    assert [(*row[:2], cast(int, row[2]) + 1000, row[3]) for row in right] == wrong
    log.append(*completed(OTHER_ORDER))
    await projector.catch_up()
    assert (await dump())["stock"] != right
    assert set((await stands(engine)).values()) == {len(log.events)}
    async with engine.connect() as connection:
        actions = await connection.execute(
            text("SELECT action, actor FROM projection_action WHERE projection = 'stock' ORDER BY id DESC LIMIT 3")
        )
        assert [tuple(row) for row in actions] == [
            ("rollback", "operator:2"),
            ("switch", "operator:1"),
            ("rebuild", "operator:1"),
        ]


async def test_readers_read_on_through_switches_and_roll_backs(
    engine: AsyncEngine, control: Control, models: ReadModels
) -> None:
    log = MemoryLog(mixed(20))
    reads, stop = [0], asyncio.Event()

    async def read() -> None:
        while not stop.is_set():
            page = await models.orders(OrderFilter(), limit=100, cursor=None)
            assert len(page.items) == 20
            await models.stalled(limit=10, cursor=None)
            reads[0] += 1

    async with running(Projector(engine, log, projections(), batch=50, standby_poll=0.02)):
        await until(engine, len(log.events))
        await control.rebuild("orders", actor="operator:1")
        await until(engine, len(log.events), Orders(), state="candidate")
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(read())
            await control.switch("orders", actor="operator:1")
            for _ in range(4):
                seen = reads[0]
                await control.roll_back("orders", actor="operator:1")
                while reads[0] < seen + 6:
                    await asyncio.sleep(0.001)
            stop.set()
    assert reads[0] >= 24


async def test_a_batch_prepared_before_a_switch_writes_into_neither_build(
    engine: AsyncEngine, control: Control, projector: Projector, log: MemoryLog, dump: DumpRows
) -> None:
    """Increments applied to the other build's tables would show."""
    log.append(*mixed(5))
    await projector.catch_up()
    await control.rebuild("stock", actor="operator:1")
    await projector.catch_up()
    log.append(*completed(ORDER))
    pause = Pause()
    async with running(Projector(engine, log, [*projections(), pause], standby_poll=0.02)):
        await pause.reached.wait()  # the batch is folded, its rows are for the tables as they are now
        await control.switch("stock", actor="operator:1")
        pause.go_on.set()
        await until(engine, len(log.events))
        await until(engine, len(log.events), Stock(), state="previous")
        live = (await dump())["stock"]
        await control.roll_back("stock", actor="operator:1")
        assert (await dump())["stock"] == live


async def test_a_long_query_blocks_a_switch_and_not_the_reverse(
    engine: AsyncEngine, control: Control, projector: Projector, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controlling, "ATTEMPTS", 2)
    monkeypatch.setattr(controlling, "PATIENCE", text("SET LOCAL lock_timeout = '50ms'"))
    log.append(*mixed(2))
    await projector.catch_up()
    await control.rebuild("stock", actor="operator:1")
    await projector.catch_up()
    async with engine.begin() as reading:
        await reading.execute(STOCK.select())
        with pytest.raises(NotAllowed) as refused:
            await control.switch("stock", actor="operator:1")
    assert refused.value.code == "switch-blocked"
    assert (await state(control, "stock", "candidate")).events == 0
    await control.switch("stock", actor="operator:1")


async def test_what_cannot_be_done_now_is_refused(
    control: Control, projector: Projector, log: MemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refusal(change: object) -> str:
        with pytest.raises(NotAllowed) as refused:
            await change  # type: ignore[misc]
        return refused.value.code

    assert await refusal(control.rebuild("stock", actor="a")) == "projection-not-fed"
    log.append(*mixed(2))
    await projector.catch_up()
    for call in (
        control.switch("stock", actor="a"),
        control.compare("stock"),
        control.discard("stock", actor="a"),
    ):
        assert await refusal(call) == "no-candidate"
    assert await refusal(control.roll_back("stock", actor="a")) == "no-previous"
    await control.rebuild("stock", actor="a")
    assert await refusal(control.rebuild("stock", actor="a")) == "rebuild-in-progress"
    monkeypatch.setattr(controlling, "SLACK", -1)
    assert await refusal(control.switch("stock", actor="a")) == "build-behind"
    await control.switch("stock", actor="a", force=True)
    assert await refusal(control.roll_back("stock", actor="a")) == "build-behind"
    await control.roll_back("stock", actor="a", force=True)
    await control.rebuild("stock", actor="a")
    await control.discard("stock", actor="a")
    assert await refusal(control.switch("stock", actor="a")) == "no-candidate"
    with pytest.raises(NotFound):
        await control.rebuild("nothing", actor="a")


async def test_progress_is_told(control: Control, projector: Projector, log: MemoryLog) -> None:
    log.append(*mixed(4))
    await projector.catch_up()
    begun = await control.rebuild("orders", actor="operator:1")
    assert (begun.position, begun.rate, begun.remaining, begun.begun_by) == (0, None, None, "operator:1")
    await projector.catch_up()
    done = await state(control, "orders", "candidate")
    assert done.position == len(log.events)
    assert done.caught_up_at is not None
    assert done.rate
    assert done.rate > 0


async def test_a_projection_that_is_rebuilt_does_not_hold_up_the_others(
    engine: AsyncEngine, control: Control
) -> None:
    log = MemoryLog(mixed(20))
    projector = Projector(engine, log, projections(), batch=10)
    await projector.catch_up()
    head, reads, read_log = len(log.events), [], log.read_log

    async def noted(*, after: int, limit: int) -> Sequence[Recorded]:
        reads.append(after)
        return await read_log(after=after, limit=limit)

    log.read_log = noted  # type: ignore[method-assign]
    await control.rebuild("orders", actor="operator:1")
    log.append(*shop())
    await projector.catch_up()
    assert reads[:2] == [head, 0]
    assert set((await stands(engine, state="candidate")).values()) == {len(log.events)}


class NewStock(Stock):
    version = 2


async def test_a_new_version_is_filled_beside_the_old_one_and_goes_live_by_itself(
    engine: AsyncEngine, control: Control, expected: Expected, dump: DumpRows
) -> None:
    log = MemoryLog(mixed(5))
    rows = await expected(log)
    await Projector(engine, log, [Stock()]).catch_up()
    newer = Projector(engine, log, [NewStock()], batch=10)
    await newer.catch_up()
    assert (
        (await state(control, "stock", "live")).version,
        (await state(control, "stock", "previous")).version,
    ) == (2, 1)
    assert (await dump())["stock"] == rows["stock"]
    log.append(*completed(ORDER))
    await Projector(engine, log, [Stock()]).catch_up()  # a process of the old release feeds what it knows
    assert (await state(control, "stock", "previous")).position == len(log.events)
    assert (await state(control, "stock", "live")).position < len(log.events)
    await control.roll_back("stock", actor="operator:1")
    await newer.catch_up()
    assert (await state(control, "stock", "live")).version == 1  # who went back meant it


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
        await forget(engine)
        assert await Projector(engine, log, projections(), batch=batch).catch_up()
        dumps.append(await dump())
    for order_id, stream in zip(ids, streams, strict=True):
        view = await models.order(order_id)
        assert view is not None
        assert (view.version, view.record) == (len(stream), fold_record(stream))
    assert dumps[0] == dumps[1]
