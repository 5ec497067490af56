"""The ledger's rows: what each event posted, whoever wrote the rows before, in whatever batches they came."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ledger import balances_of
from domain.orders.events import OrderCancelled
from domain.record import OrderStreamEvent
from readmodels.engine import Projector
from readmodels.ledger import Ledger
from readmodels.queries import ReadModels
from tests.readmodels.conftest import Happen
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened, completed, declined
from tests.support.samples import ORDER, OTHER_ORDER

TYPES = ["OrderPlaced", "PaymentAuthorized", "PaymentCaptured"]


async def test_each_posting_balances_and_the_last_holds_the_sums(happen: Happen, models: ReadModels) -> None:
    await happen(*completed(ORDER), *declined(OTHER_ORDER))
    postings = await models.ledger(ORDER)
    assert [posting.type for posting in postings] == TYPES
    for posting in postings:
        assert posting.entries
        assert sum(entry.amount.minor for entry in posting.entries) == 0
        assert sum(balance.minor for balance in posting.balances.values()) == 0
    assert {account: amount.minor for account, amount in postings[-1].balances.items()} == balances_of(
        _events(completed(ORDER))
    )


async def test_a_declined_order_ends_with_nothing(happen: Happen, models: ReadModels) -> None:
    await happen(*declined(ORDER))
    *_, last = await models.ledger(ORDER)
    assert last.type == OrderCancelled.__name__
    assert not any(last.balances.values())


@pytest.mark.parametrize("batch", [1, 3])
async def test_balances_are_read_back_by_whoever_comes_next(
    engine: AsyncEngine, log: MemoryLog, models: ReadModels, batch: int
) -> None:
    log.append(*completed(ORDER), *completed(OTHER_ORDER))
    await Projector(engine, log, [Ledger(recent=1)], batch=batch).catch_up()
    for order_id in (ORDER, OTHER_ORDER):
        *_, last = await models.ledger(order_id)
        found = {account: amount.minor for account, amount in last.balances.items()}
        assert found == balances_of(_events(completed(order_id)))


def _events(happened: list[Happened]) -> list[OrderStreamEvent]:
    return [each.event for each in happened if each.stream_id.startswith("order/")]  # type: ignore[misc]
