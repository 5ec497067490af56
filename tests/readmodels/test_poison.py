"""An event that cannot be applied parks its key and those behind it; everything else goes on, nothing is lost."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import NotFound
from eventstore.store import Recorded, Undecodable
from readmodels import engine as running_engine
from readmodels import poison
from readmodels.base import Tables, Write
from readmodels.control import Control
from readmodels.engine import Projector
from readmodels.operating import ParkedKey
from readmodels.projections import projections
from readmodels.queries import ReadModels
from tests.readmodels.conftest import DumpRows, Expected
from tests.readmodels.faults import Breaks, Still
from tests.readmodels.memory_log import MemoryLog
from tests.readmodels.watching import eventually, running, stands, until
from tests.support.histories import completed, mixed, shop
from tests.support.samples import ORDER, OTHER_ORDER

STREAM, OTHER = f"order/{ORDER}", f"order/{OTHER_ORDER}"
ORDERS = [each.name for each in projections() if "order/" in each.streams]


@pytest.fixture
def control(engine: AsyncEngine) -> Control:
    return Control(engine)


async def parked(control: Control, projection: str) -> Sequence[ParkedKey]:
    return (await control.parked(projection, limit=100, cursor=None)).items


async def until_parked(control: Control, projection: str, *keys: str) -> None:
    async with asyncio.timeout(30):
        while {each.key for each in await parked(control, projection)} != set(keys):
            await asyncio.sleep(0.01)


def spoil(log: MemoryLog, stream: str, type_name: str) -> tuple[int, Recorded]:
    """Make an event undecodable; gives its index and what it was."""
    place = next(n for n, each in enumerate(log.events) if (each.stream_id, each.type) == (stream, type_name))
    good = log.events[place]
    log.events[place] = good._replace(event=Undecodable("of a newer release", 2, "{}"))
    return place, good


def two_orders() -> MemoryLog:
    return MemoryLog([*shop(), *completed(ORDER), *completed(OTHER_ORDER)])


async def test_an_undecodable_event_parks_its_stream_and_no_other(
    engine: AsyncEngine, models: ReadModels, control: Control, expected: Expected, dump: DumpRows
) -> None:
    """Its later events wait, live ones too; when it can be read, all of them are applied in order."""
    log = two_orders()
    rows = await expected(log)
    place, good = spoil(log, STREAM, "OrderConfirmed")
    last = log.events.pop()  # of the other order; it comes while the first one is parked
    late = next(
        n for n, each in enumerate(log.events) if each.stream_id == STREAM and each.type == "OrderCompleted"
    )
    assert place < late
    async with running(Projector(engine, log, projections(), batch=5, standby_poll=0.02)):
        await until(engine, len(log.events))
        for projection in ORDERS:
            (key,) = await parked(control, projection)
            assert (key.key, key.position, key.type, key.state) == (STREAM, place + 1, "OrderConfirmed", "live")
            assert "newer release" in key.error
            behind = [n for n, each in enumerate(log.events) if each.stream_id == STREAM and n >= place]
            assert key.waiting == len(behind)
        assert [await parked(control, each) for each in ("stock", "products")] == [[], []]
        view = await models.order(ORDER)
        assert view is not None
        assert view.version == good.version - 1
        log.events.append(last)
        await until(engine, len(log.events))
        other = await models.order(OTHER_ORDER)
        assert other is not None
        assert other.version == last.version
        log.events[place] = good
        for projection in ORDERS:
            assert await control.retry(projection, None, actor="operator:1") == 1
            await until_parked(control, projection)
    assert await dump() == rows


@pytest.mark.parametrize("fault", ["raises", "fails"])
async def test_a_projection_that_breaks_in_python_or_in_the_database_goes_on_with_the_rest(
    engine: AsyncEngine, control: Control, expected: Expected, dump: DumpRows, fault: str
) -> None:
    log = MemoryLog(mixed(20))
    rows = await expected(log)
    place = next(n for n, each in enumerate(log.events, 1) if n > 70 and each.stream_id.startswith("order/"))
    broken = Breaks(**{fault: place})
    async with running(Projector(engine, log, [broken, *projections()], batch=50, standby_poll=0.02)):
        await until(engine, len(log.events), broken, *projections())
        assert await dump() == rows
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT projection, key, position, error FROM parked_key"))
            ((projection, key, position, error),) = [tuple(row) for row in found]
        assert (projection, key, position) == ("breaks", log.events[place - 1].stream_id, place)
        assert ("bug" if fault == "raises" else "division by zero") in error


async def test_a_retry_that_fails_again_counts_and_keeps_everything(
    engine: AsyncEngine, control: Control, expected: Expected, dump: DumpRows
) -> None:
    log = two_orders()
    rows = await expected(log)
    place, good = spoil(log, STREAM, "OrderConfirmed")
    async with running(Projector(engine, log, projections(), standby_poll=0.02)):
        await until_parked(control, "orders", STREAM)
        (before,) = await parked(control, "orders")
        await control.retry("orders", STREAM, actor="operator:1")
        async with asyncio.timeout(30):
            while (await parked(control, "orders"))[0].attempts == before.attempts:
                await asyncio.sleep(0.01)
        (after,) = await parked(control, "orders")
        assert (after.position, after.waiting, after.wanted) == (before.position, before.waiting, False)
        log.events[place] = good
        for projection in ORDERS:
            await control.retry(projection, STREAM, actor="operator:1")
            await until_parked(control, projection)
    assert await dump() == rows


async def test_a_skipped_event_is_passed_over_and_those_behind_it_are_applied(
    engine: AsyncEngine, models: ReadModels, control: Control
) -> None:
    """Also by a rebuild, which tries it again first; the next events of the stream follow as if it were there."""
    log = two_orders()
    place, good = spoil(log, STREAM, "OrderConfirmed")
    log.events, late = log.events[:-1], log.events[-1]
    async with running(Projector(engine, log, projections(), standby_poll=0.02)):
        await until_parked(control, "orders", STREAM)
        given_up = await control.skip("orders", STREAM, reason="written by hand", actor="operator:1")
        assert given_up.position == place + 1
        await until_parked(control, "orders")
        view = await models.order(ORDER)
        assert view is not None
        assert view.version == max(each.version for each in log.events if each.stream_id == STREAM)
        log.events.append(late)
        await until(engine, len(log.events))
        await control.rebuild("orders", actor="operator:1")
        await until(engine, len(log.events), projections()[0], state="candidate")
        assert (await control.compare("orders")).same
        assert await parked(control, "orders") == []
        log.events[place] = good
        await control.discard("orders", actor="operator:1")
        await control.rebuild("orders", actor="operator:1")
        await until(engine, len(log.events), projections()[0], state="candidate")
        compared = await control.compare("orders")
        assert compared.tables[0].different == 1  # it can be applied now, so it is
        async with engine.connect() as connection:
            noted = await connection.execute(
                text("SELECT actor, key, position, reason FROM projection_action WHERE action = 'skip'")
            )
            assert ("operator:1", STREAM, place + 1, "written by hand") in [tuple(row) for row in noted]


async def test_a_new_process_tries_what_is_parked_by_itself(
    engine: AsyncEngine, control: Control, expected: Expected, dump: DumpRows
) -> None:
    """The next release may know the event."""
    log = two_orders()
    rows = await expected(log)
    place, good = spoil(log, STREAM, "OrderConfirmed")
    await Projector(engine, log, projections()).catch_up()
    assert [each.key for each in await parked(control, "timeline")] == [STREAM]
    log.events[place] = good
    await Projector(engine, log, projections()).catch_up()
    assert await dump() == rows


async def test_a_read_that_waits_for_a_parked_event_does_not_see_it(
    engine: AsyncEngine, models: ReadModels, control: Control
) -> None:
    log = two_orders()
    _, good = spoil(log, STREAM, "OrderConfirmed")
    await Projector(engine, log, projections()).catch_up()
    async with engine.begin() as connection:  # what the real log would hold of these two streams
        await connection.execute(text("DELETE FROM log"))
        await connection.execute(text("DELETE FROM event"))
        for each in log.events:
            await connection.execute(
                text("""
                    WITH e AS (INSERT INTO event (stream_id, version, event_id, type, schema_version, recorded_at,
                                                  metadata, data)
                               VALUES (:stream, :version, :id, :type, 1, now(), '{}', '{}') RETURNING xid, seq)
                    INSERT INTO log SELECT :position, xid, seq, '' FROM e
                """),
                {
                    "stream": each.stream_id,
                    "version": each.version,
                    "id": each.event_id,
                    "type": each.type,
                    "position": each.position,
                },
            )
    for projection in ORDERS:
        assert await models.wait_for(projection, STREAM, good.version - 1, timeout=10)
        assert not await models.wait_for(projection, STREAM, good.version, timeout=0.05)
        assert await models.wait_for(projection, OTHER, 5, timeout=10)


class AllBreaks(Still):
    """Wrong about every event: it is not the events that are at fault."""

    name, version, streams, tables = "all_breaks", 1, ("order/",), ()
    wrong = True

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        if self.wrong:
            raise LookupError("a bug")
        return []


async def test_a_projection_that_can_apply_nothing_stands_still_instead(
    engine: AsyncEngine, expected: Expected, dump: DumpRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, before the batch that would park too much, and is tried again."""
    monkeypatch.setattr(running_engine, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(poison, "MAX_PARKED", 3)
    log = MemoryLog(mixed(20))
    rows = await expected(log)
    broken = AllBreaks()
    projector = Projector(engine, log, [broken, *projections()], batch=50, standby_poll=0.02)
    async with running(projector):
        await until(engine, len(log.events), *projections())
        assert await dump() == rows
        await eventually(lambda: projector.halted.keys() == {"all_breaks"})
        assert "a bug" in projector.halted["all_breaks"].error
        assert (await stands(engine, broken))["all_breaks"] < len(log.events)
        broken.wrong = False
        await until(engine, len(log.events), broken)
        await eventually(lambda: not projector.halted)


async def test_keys_that_are_not_parked(control: Control, projector: Projector, log: MemoryLog) -> None:
    log.append(*mixed(1))
    await projector.catch_up()
    assert await control.retry("orders", None, actor="operator:1") == 0
    for call in (
        control.retry("orders", "order/x", actor="operator:1"),
        control.skip("orders", "order/x", reason="r", actor="operator:1"),
        control.parked("nothing", limit=1, cursor=None),
    ):
        with pytest.raises(NotFound):
            await call
