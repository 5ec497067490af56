"""The returns' rows: the fold of each return's events, in whatever batches they came."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.returns.events import (
    InspectedItem,
    ReturnApproved,
    ReturnClosed,
    ReturnEvent,
    ReturnInspected,
    ReturnLabelBooked,
    ReturnLabelCancelled,
    ReturnRejected,
)
from domain.returns.model import ReturnStatus
from readmodels.engine import Projector
from readmodels.queries import ReadModels
from readmodels.returns import ReturnRows
from tests.domain.returns.test_returns import COMPLETED, EVE, ID, OTHER, asked, back
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened
from tests.support.samples import ORDER

FOUND = (InspectedItem("MUG", 1),)
EVENTS = (*COMPLETED, *back(("MUG", 1)), asked(("TEA", 1), name=OTHER), ReturnInspected(ID, FOUND, EVE))
LIFE = tuple(Happened(f"order/{ORDER}", event) for event in EVENTS)


@pytest.mark.parametrize("batch", [1, 4, 100])
async def test_a_row_is_the_fold_of_its_events(
    engine: AsyncEngine, log: MemoryLog, models: ReadModels, batch: int
) -> None:
    log.append(*LIFE)
    await Projector(engine, log, [ReturnRows()], batch=batch).catch_up()
    first, second = (await models.returns(None, limit=10, cursor=None)).items
    assert (first.order_id, first.known.inspected, first.known.warehouse) == (ORDER, FOUND, "BER")
    assert first.requested_at < first.updated_at
    waiting = await models.returns(ReturnStatus.REQUESTED, limit=10, cursor=None)
    assert [view.known.return_id for view in waiting.items] == [OTHER] == [second.known.return_id]


async def test_pages_and_what_waits_for_its_money(engine: AsyncEngine, log: MemoryLog, models: ReadModels) -> None:
    log.append(*LIFE)
    await Projector(engine, log, [ReturnRows()], batch=100).catch_up()
    first = await models.returns(None, limit=1, cursor=None)
    rest = await models.returns(None, limit=1, cursor=first.next_cursor)
    assert [page.items[0].known.return_id for page in (first, rest)] == [ID, OTHER]
    assert rest.next_cursor is None

    changed = first.items[0].updated_at
    assert await models.unpaid_returns(changed, None) == [(ORDER, ID)]
    assert await models.unpaid_returns(changed, ID) == []
    assert await models.unpaid_returns(changed - timedelta(days=1), None) == []
    log.append(Happened(f"order/{ORDER}", ReturnClosed(ID)))
    await Projector(engine, log, [ReturnRows()], batch=100).catch_up()
    assert await models.unpaid_returns(changed + timedelta(days=1), None) == []


async def test_what_a_label_leaves_to_do(engine: AsyncEngine, log: MemoryLog, models: ReadModels) -> None:
    later = datetime.now(UTC) + timedelta(days=1)
    projector = Projector(engine, log, [ReturnRows()], batch=100)
    steps: list[tuple[ReturnEvent, bool]] = [
        (ReturnApproved(OTHER, "fine", EVE), False),  # without a label it waits for the goods alone
        (ReturnLabelBooked(OTHER, "bk-1", "trk-1"), True),
        (ReturnRejected(OTHER, "never came", EVE), True),
        (ReturnLabelCancelled(OTHER, "bk-1"), False),
    ]
    log.append(*(Happened(f"order/{ORDER}", event) for event in (*COMPLETED, asked(("TEA", 1), name=OTHER))))
    for event, at_work in steps:
        log.append(Happened(f"order/{ORDER}", event))
        await projector.catch_up()
        assert await models.unpaid_returns(later, None) == [(ORDER, OTHER)] * at_work
