"""Events that cannot be applied stop whom they concern, loudly, and nothing is lost."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from eventstore.store import Undecodable
from readmodels import batches, positions
from readmodels.engine import Projector
from readmodels.products import Products
from readmodels.projections import projections
from readmodels.queries import ReadModels
from readmodels.stock import Stock
from tests.readmodels.conftest import DumpRows, Expected
from tests.readmodels.faults import Breaks
from tests.readmodels.memory_log import MemoryLog
from tests.readmodels.watching import eventually, running, stands, until
from tests.support.histories import completed, mixed, shop
from tests.support.samples import ORDER, OTHER_ORDER


@pytest.mark.parametrize("fault", ["raises", "fails"])
async def test_a_projection_stops_before_what_it_cannot_apply(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Everything before that event is applied, the others go on, and the event is tried again until it works."""
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.02)
    log = MemoryLog(mixed(20))
    rows = await expected(log)
    poison = next(n for n, event in enumerate(log.events, 1) if n > 70 and event.stream_id.startswith("order/"))
    broken = Breaks(**{fault: poison})
    projector = Projector(engine, log, [broken, *projections()], batch=50, standby_poll=0.02)
    async with running(projector):
        await until(engine, len(log.events))
        assert await dump() == rows
        assert await stands(engine, broken) == {"breaks": poison - 1}
        halt = projector.halted["breaks"]
        assert (halt.position, set(projector.halted)) == (poison, {"breaks"})
        assert ("bug" if fault == "raises" else "division by zero") in halt.error
        broken.raises = broken.fails = None
        await until(engine, len(log.events), broken)
        await eventually(lambda: not projector.halted)


async def test_an_undecodable_event_stops_only_who_reads_its_stream(
    engine: AsyncEngine, models: ReadModels, expected: Expected, monkeypatch: pytest.MonkeyPatch, dump: DumpRows
) -> None:
    monkeypatch.setattr(batches, "FIRST_PAUSE", 0.02)
    log = MemoryLog([*shop(), *completed(ORDER), *completed(OTHER_ORDER)])
    rows = await expected(log)
    place = next(n for n, event in enumerate(log.events) if event.type == "OrderConfirmed")
    good, poison = log.events[place], Undecodable("of a newer release", 2, "{}")
    log.events[place] = good._replace(event=poison)
    projector = Projector(engine, log, projections(), standby_poll=0.02)
    async with engine.begin() as connection:
        for projection in projections():
            await positions.rebuild(connection, projection)
    async with running(projector):
        await until(engine, len(log.events), Stock(), Products())
        stopped = {"orders", "timeline", "saga_steps"}
        assert await stands(engine) == {
            name: place if name in stopped else len(log.events) for name in (await stands(engine))
        }
        assert set(projector.halted) == stopped
        view = await models.order(ORDER)
        assert view is not None
        assert view.version == 4
        assert await models.order(OTHER_ORDER) is None
        log.events[place] = good
        await until(engine, len(log.events))
    assert await dump() == rows
