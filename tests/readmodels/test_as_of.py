"""Folding the stream and reading the row tell the same of now, for orders made at random, however it is asked."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest

from api.as_of import order_as_of
from domain.errors import NotFound
from domain.record import fold_record
from eventstore.connections import open_pool
from eventstore.history import PostgresHistory
from eventstore.postgres import PostgresEventStore
from eventstore.sequencer import sequence_all
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.subscription import PostgresLog
from eventstore.time_travel import AtPosition, AtTime, AtVersion
from ops.bootstrap import codec
from readmodels.engine import Projector
from readmodels.projections import projections
from readmodels.queries import ReadModels
from tests.eventstore.samples import until
from tests.readmodels.conftest import engine_of
from tests.support.histories import NAMESPACE, Happened, mixed

ORDERS = 12


@dataclass(frozen=True, slots=True)
class Shop:
    """Orders in the store and in their read model. `cut` of the events are there, some orders under way."""

    happened: Sequence[Happened]
    history: PostgresHistory
    models: ReadModels
    head: int


@pytest.fixture(params=[1, 2])
async def shop(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Shop]:
    pool, events, engine = await open_pool(database, size=4), codec(), engine_of(database)
    store, log = PostgresEventStore(pool, events), PostgresLog(pool, events, dsn=database)
    happened = list(mixed(ORDERS, seed=request.param))[:-25]
    for nr, each in enumerate(happened):
        new = NewEvent(uuid5(NAMESPACE, f"event {nr}"), each.event, {"step": each.step or ""})
        await store.append([StreamWrite(each.stream_id, Expected.ANY, (new,))])

    async def sequenced() -> bool:
        await sequence_all(database)
        return await log.head() == len(happened)

    await until(sequenced)
    assert await Projector(engine, log, projections(), batch=50).catch_up()
    yield Shop(happened, PostgresHistory(pool, events), ReadModels(engine), len(happened))
    await engine.dispose()
    await store.close()
    await pool.close()


async def test_now_is_what_the_read_model_shows(shop: Shop) -> None:
    ends = set()
    for number in range(ORDERS):
        order_id = uuid5(NAMESPACE, str(number))
        view = await shop.models.order(order_id)
        assert view is not None
        ends.add(view.record.status)
        for as_of in (AtVersion(view.version), AtTime(view.updated_at), AtPosition(shop.head)):
            assert await order_as_of(shop.history, order_id, as_of) == view
    assert len(ends) > 1, "orders of one kind alone would prove little"


async def test_before_is_what_had_happened_by_then(shop: Shop) -> None:
    order_id = uuid5(NAMESPACE, "0")
    mine = [(nr, each.event) for nr, each in enumerate(shop.happened, 1) if each.stream_id == f"order/{order_id}"]
    for version, (position, _) in enumerate(mine, 1):
        expected = fold_record(event for _, event in mine[:version])  # type: ignore[misc]
        at_version = await order_as_of(shop.history, order_id, AtVersion(version))
        assert (at_version.version, at_version.record) == (version, expected)
        assert await order_as_of(shop.history, order_id, AtPosition(position)) == at_version
        assert await order_as_of(shop.history, order_id, AtTime(at_version.updated_at)) == at_version
    with pytest.raises(NotFound, match="not placed then"):
        await order_as_of(shop.history, order_id, AtPosition(mine[0][0] - 1))
    with pytest.raises(NotFound):
        await order_as_of(shop.history, UUID(int=0), AtPosition(shop.head))
