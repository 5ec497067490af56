"""The cases' rows: the fold of each case's stream, in whatever batches it came."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.reconciliation.events import (
    CaseAction,
    CaseActionRefused,
    CaseActionRequested,
    CaseKind,
    CaseOpened,
    CaseSettled,
)
from domain.reconciliation.model import CaseStatus
from readmodels.cases import Cases
from readmodels.engine import Projector
from readmodels.queries import ReadModels
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened
from tests.support.samples import ORDER, OTHER_ORDER, eur

FIRST = CaseOpened(OTHER_ORDER, CaseKind.CAPTURED_TWICE, ORDER, "capture", "s", "c-2", "a", None, eur("9.00"))
SECOND = CaseOpened(ORDER, CaseKind.REFUND_MISSING, ORDER, "refund", "refund#0", "r", "a", eur("4.00"), None)
STREAM = f"case/{FIRST.case_id}"
LIFE = (
    Happened(STREAM, FIRST),
    Happened(f"case/{SECOND.case_id}", SECOND),
    Happened(STREAM, CaseActionRequested("answer:1", CaseAction.ADOPT, "r", "operator:o")),
    Happened(STREAM, CaseActionRefused("answer:1", "does-not-fit", "no room")),
    Happened(STREAM, CaseActionRequested("answer:2", CaseAction.REFUND, "r", "operator:o")),
    Happened(STREAM, CaseSettled("answer:2", "ref-1", eur("9.00"))),
)


@pytest.mark.parametrize("batch", [1, 4, 100])
async def test_a_row_is_the_fold_of_its_stream(
    engine: AsyncEngine, log: MemoryLog, models: ReadModels, batch: int
) -> None:
    log.append(*LIFE)
    await Projector(engine, log, [Cases()], batch=batch).catch_up()
    view = await models.case(FIRST.case_id)
    assert view
    assert (view.case.status, view.case.tries, view.version) == (CaseStatus.SETTLED, 2, 5)
    assert view.opened_at < view.updated_at
    waiting = await models.cases(CaseStatus.OPEN, limit=10, cursor=None)
    assert [each.case.opened for each in waiting.items] == [SECOND]


async def test_pages_are_oldest_first(engine: AsyncEngine, log: MemoryLog, models: ReadModels) -> None:
    log.append(*LIFE)
    await Projector(engine, log, [Cases()], batch=100).catch_up()
    first = await models.cases(None, limit=1, cursor=None)
    rest = await models.cases(None, limit=1, cursor=first.next_cursor)
    assert [page.items[0].case.opened for page in (first, rest)] == [FIRST, SECOND]
    assert rest.next_cursor is None
    assert await models.case(OTHER_ORDER)


async def test_those_whose_action_is_under_way(engine: AsyncEngine, log: MemoryLog, models: ReadModels) -> None:
    log.append(*LIFE[:3])
    await Projector(engine, log, [Cases()], batch=100).catch_up()
    late = datetime.now(UTC) + timedelta(days=10_000)
    assert await models.settling_cases(late, None) == [FIRST.case_id]
    assert await models.settling_cases(late, FIRST.case_id) == []
    assert await models.settling_cases(late - timedelta(days=50_000), None) == []
