"""Which orders are open, as the recovery asks for them."""

from datetime import timedelta

from domain.orders.events import OrderCancellationRequested
from readmodels.queries import ReadModels
from tests.readmodels.conftest import Happen
from tests.support.histories import Happened, completed
from tests.support.samples import NOON, ORDER, OTHER_ORDER, PLACED

LATER = NOON + timedelta(days=1)


async def test_orders_that_have_not_ended_by_id(happen: Happen, models: ReadModels) -> None:
    await happen(*completed(ORDER)[:3], *completed(OTHER_ORDER))
    assert await models.unfinished(LATER, None) == [ORDER]
    assert await models.unfinished(LATER, ORDER) == []
    assert await models.unfinished(NOON - timedelta(days=1), None) == []


async def test_an_order_that_is_being_undone_is_open(happen: Happen, models: ReadModels) -> None:
    stream = f"order/{ORDER}"
    await happen(Happened(stream, PLACED), Happened(stream, OrderCancellationRequested("r", "customer:c-1")))
    assert await models.unfinished(LATER, None) == [ORDER]
