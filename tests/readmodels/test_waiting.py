"""Read your writes and lag, on the real store: appended, sequenced, projected."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import InvalidValue, NotFound
from domain.record import fold_record
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.sequencer import Sequencer, sequence_all
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.subscription import PostgresLog
from ops.bootstrap import codec
from readmodels import orders, waiting
from readmodels.engine import Projector
from readmodels.projections import projections
from readmodels.queries import ReadModels
from readmodels.views import OrderFilter
from readmodels.waiting import Waiter
from tests.readmodels.conftest import engine_of
from tests.support.histories import Happened, completed, mixed
from tests.support.samples import ORDER

STREAM = f"order/{ORDER}"


class Stack:
    """Store, log, projector and read models of one database; nothing runs by itself."""

    def __init__(self, dsn: str, store: PostgresEventStore, log: PostgresLog, engine: AsyncEngine) -> None:
        self.dsn, self.store, self.log, self.engine = dsn, store, log, engine
        self.models = ReadModels(engine)

    def projector(self) -> Projector:
        return Projector(self.engine, self.log, projections(), standby_poll=0.02)

    async def append(self, *happened: Happened) -> None:
        for item in happened:
            metadata = {"step": item.step} if item.step else {}
            event = NewEvent(uuid4(), item.event, metadata)
            await self.store.append([StreamWrite(item.stream_id, Expected.ANY, [event])])


@pytest.fixture
async def real(database: str) -> AsyncIterator[Stack]:
    pool, engine = await open_pool(database, size=4), engine_of(database)
    store = PostgresEventStore(pool, codec())
    yield Stack(database, store, PostgresLog(pool, codec(), dsn=database), engine)
    await store.close()
    await engine.dispose()
    await pool.close()


async def test_rows_of_the_real_log_are_the_folds_of_its_streams(real: Stack) -> None:
    await real.append(*mixed(15))
    await sequence_all(real.dsn)
    assert await real.projector().catch_up()
    page = await real.models.orders(OrderFilter(), limit=100, cursor=None)
    assert len(page.items) == 15
    for summary in page.items:
        recorded = await real.store.read_stream(f"order/{summary.order_id}")
        view = await real.models.order(summary.order_id)
        assert view is not None
        assert (view.version, view.updated_at) == (len(recorded), recorded[-1].recorded_at)
        assert view.record == fold_record(item.event for item in recorded)  # type: ignore[misc]


@pytest.mark.parametrize("projection", ["orders", "timeline", "saga_steps"])
async def test_a_wait_lasts_until_the_event_is_sequenced_and_projected(real: Stack, projection: str) -> None:
    await real.append(*completed(ORDER)[:3])
    wait = asyncio.create_task(real.models.wait_for(projection, STREAM, 1, timeout=20))
    assert not await real.models.wait_for(projection, STREAM, 1, timeout=0.05)
    await sequence_all(real.dsn)
    assert not await real.models.wait_for(projection, STREAM, 1, timeout=0.05)
    assert not wait.done()
    await real.projector().catch_up()
    assert await wait
    assert await real.models.wait_for(projection, STREAM, 1, timeout=5)


async def test_a_wait_for_what_was_never_written_ends(real: Stack) -> None:
    assert not await real.models.wait_for("orders", STREAM, 1, timeout=0.02)
    assert not await real.models.wait_for("stock", "stock/BER/MUG", 1, timeout=0.02)


async def test_a_wait_for_an_unknown_projection_is_refused(real: Stack) -> None:
    with pytest.raises(NotFound) as refused:
        await real.models.wait_for("nothing", STREAM, 1, timeout=1)
    assert refused.value.code == "projection-not-found"


@pytest.mark.parametrize(
    ("stream", "version"), [("order/\0", 1), ("stock/\ud800", 1), (STREAM, 2**63), (STREAM, -1)]
)
async def test_a_wait_that_would_spoil_the_others_is_refused(real: Stack, stream: str, version: int) -> None:
    with pytest.raises(InvalidValue) as refused:
        await real.models.wait_for("timeline", stream, version, timeout=1)
    assert refused.value.code == "invalid-position"


async def test_a_wait_for_an_order_id_that_was_made_up_ends(real: Stack) -> None:
    assert not await real.models.wait_for("orders", "order/made-up", 1, timeout=0.02)


async def test_many_waiters_share_one_look(real: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    await real.append(*completed(ORDER))
    looks = 0
    reached = waiting._reached

    async def counted(connection: AsyncConnection, waiters: Sequence[Waiter]) -> Sequence[Waiter]:
        nonlocal looks
        looks += 1
        return await reached(connection, waiters)

    monkeypatch.setattr(waiting, "_reached", counted)
    async with asyncio.TaskGroup() as group:
        waits = [
            group.create_task(real.models.wait_for("timeline", STREAM, 1 + number % 11, timeout=20))
            for number in range(300)
        ]
        await asyncio.sleep(0.1)
        await sequence_all(real.dsn)
        await real.projector().catch_up()
    assert all(wait.result() for wait in waits)
    assert looks < 50


async def test_running_processes_show_a_write_within_moments(real: Stack) -> None:
    async with asyncio.timeout(20):
        tasks = [asyncio.create_task(run) for run in (Sequencer(real.dsn).run(), real.projector().run())]
        for number, happened in enumerate(completed(ORDER), 1):
            await real.append(happened)
            stream, version = happened.stream_id, len(await real.store.read_stream(happened.stream_id))
            name = "orders" if stream == STREAM else "stock"
            assert await real.models.wait_for(name, stream, version, timeout=10), number
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_lag_counts_events_and_seconds(real: Stack) -> None:
    names = sorted(projection.name for projection in projections())
    lags = await real.models.lag()
    assert [(lag.projection, lag.position, lag.head, lag.seconds) for lag in lags] == [
        (name, 0, 0, 0.0) for name in names
    ]
    await real.append(*completed(ORDER)[:5])
    await sequence_all(real.dsn)
    await Projector(real.engine, real.log, [each for each in projections() if each.name != "orders"]).catch_up()
    by_name = {lag.projection: lag for lag in await real.models.lag()}
    assert (by_name["orders"].events, by_name["timeline"].events) == (5, 0)
    assert by_name["orders"].seconds > 0
    assert by_name["timeline"].seconds == 0
    assert by_name["orders"].version == orders.VERSION
