"""The drafts' rows: the fold of each draft's stream, in whatever batches it came."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.drafts.events import (
    DraftChanged,
    DraftContents,
    DraftCreated,
    DraftDiscarded,
    DraftLine,
    DraftPlaced,
    DraftSubmitted,
)
from domain.drafts.model import DraftStatus
from readmodels.drafts import Drafts
from readmodels.engine import Projector
from readmodels.queries import ReadModels
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened
from tests.support.samples import ADDRESS, LINES, ORDER, OTHER_ORDER, TAX_RATE, TOTALS

FULL = DraftContents("c-2", "EUR", lines=(DraftLine("MUG", 2),), shipping_address=ADDRESS, payment_method="sim_ok")
LIFE = (
    Happened(f"draft/{ORDER}", DraftCreated(ORDER, DraftContents("c-1", "EUR"), "operator:o", "f")),
    Happened(f"draft/{OTHER_ORDER}", DraftCreated(OTHER_ORDER, FULL, "operator:o", "f")),
    Happened(f"draft/{ORDER}", DraftChanged(FULL, "operator:o")),
    Happened(f"draft/{OTHER_ORDER}", DraftDiscarded("r", "operator:o")),
    Happened(f"draft/{ORDER}", DraftSubmitted(LINES, TOTALS, TAX_RATE, (), "g", "operator:o")),
    Happened(f"draft/{ORDER}", DraftPlaced("N")),
)


@pytest.mark.parametrize("batch", [1, 4, 100])
async def test_a_row_is_the_fold_of_its_stream(
    engine: AsyncEngine, log: MemoryLog, models: ReadModels, batch: int
) -> None:
    log.append(*LIFE)
    await Projector(engine, log, [Drafts()], batch=batch).catch_up()
    view = await models.draft(ORDER)
    assert view
    assert (view.draft.status, view.draft.contents, view.draft.order_number) == (DraftStatus.PLACED, FULL, "N")
    assert (view.version, view.created_at < view.updated_at) == (4, True)
    assert await models.draft(UUID(int=1)) is None


async def test_the_newest_first_by_status_and_customer(
    engine: AsyncEngine, log: MemoryLog, models: ReadModels
) -> None:
    log.append(*LIFE)
    await Projector(engine, log, [Drafts()], batch=100).catch_up()
    first = await models.drafts(None, "c-2", limit=1, cursor=None)
    rest = await models.drafts(None, "c-2", limit=1, cursor=first.next_cursor)
    assert [page.items[0].draft.draft_id for page in (first, rest)] == [OTHER_ORDER, ORDER]
    assert rest.next_cursor is None
    assert (await models.drafts(None, "c-1", limit=1, cursor=None)).items == []
    (discarded,) = (await models.drafts(DraftStatus.DISCARDED, None, limit=9, cursor=None)).items
    assert discarded.draft.draft_id == OTHER_ORDER
