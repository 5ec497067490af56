"""The timeline holds every event of an order, with who did it and where it stands in the log."""

import json
from datetime import timedelta

from domain.orders.events import OrderConfirmed
from readmodels.queries import ReadModels
from readmodels.views import TimelineEntry
from tests.readmodels.conftest import Happen
from tests.support.histories import Happened, completed, shop
from tests.support.samples import AUTHORIZED, NOON, ORDER, OTHER_ORDER, PLACED

STREAM = f"order/{ORDER}"


async def test_an_event_is_shown_as_it_happened(happen: Happen, models: ReadModels) -> None:
    await happen(*shop()[:2], Happened(STREAM, PLACED), Happened(STREAM, AUTHORIZED[0], "authorize#1"))
    placed, requested = await models.timeline(ORDER, after=0, limit=10)
    assert (placed.step, placed.actor) == (None, None)
    assert json.loads(placed.data)["order_number"] == PLACED.order_number
    assert requested == TimelineEntry(
        position=4,
        version=2,
        type="PaymentRequested",
        recorded_at=NOON + timedelta(seconds=4),
        step="authorize#1",
        actor="operator:1",
        data=requested.data,
    )
    data = json.loads(requested.data)
    assert data["step"] == "authorize#1"
    assert data["amount"] == {"minor": 3570, "currency": "EUR"}


async def test_it_is_read_in_parts_and_in_order(happen: Happen, models: ReadModels) -> None:
    await happen(*completed(ORDER), *completed(OTHER_ORDER))
    first = await models.timeline(ORDER, after=0, limit=4)
    rest = await models.timeline(ORDER, after=first[-1].version, limit=100)
    assert [entry.version for entry in (*first, *rest)] == list(range(1, 12))
    assert [entry.type for entry in rest][-1] == "OrderCompleted"
    assert await models.timeline(ORDER, after=11, limit=1) == []


async def test_an_event_without_fields(happen: Happen, models: ReadModels) -> None:
    await happen(Happened(STREAM, PLACED), Happened(STREAM, OrderConfirmed()))
    assert (await models.timeline(ORDER, after=1, limit=1))[0].data == "{}"
