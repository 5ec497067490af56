"""Our own database away for longer than a workflow's task can wait: nothing fails, and nothing freezes."""

import pytest

from domain.orders.model import OrderStatus
from tests.support.shop import Shop
from workflows.errors import CommandTimeout

OWN_STEPS = ("StockReserved", "OrderConfirmed", "ShipmentDispatched", "ShipmentDelivered", "OrderCompleted")


@pytest.mark.parametrize("event", ["OrderPlaced", *OWN_STEPS])
async def test_an_own_step_goes_on_when_the_database_is_back(shop: Shop, event: str) -> None:
    shop.store.lose_before(event, times=4)  # three local attempts, and one after them
    order_id = await shop.place(("MUG", 1))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert "OrderStepStalled" not in shop.types(order_id)


@pytest.mark.parametrize("event", OWN_STEPS)
async def test_an_answer_that_was_lost_is_no_second_event(shop: Shop, event: str) -> None:
    shop.store.lose_after(event)
    order_id = await shop.place(("MUG", 1))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert shop.types(order_id).count(event) == 1


async def test_a_command_waits_for_the_database_too(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    shop.store.lose_before("OrderCancellationRequested", times=4)
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


async def test_a_workflow_that_waits_for_the_database_takes_commands_and_news(shop: Shop) -> None:
    shop.store.lose_before("OrderConfirmed", times=3)
    gate = shop.store.hold("OrderConfirmed")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    with pytest.raises(CommandTimeout):  # taken, and behind the step that waits
        await shop.impatient().cancel(order_id, key="c", reason="changed my mind", actor="customer:ada")
    details = (await shop.handle(order_id).query("__temporal_workflow_metadata")) or {}
    assert "waiting for the database" in str(details)
    gate.open()
    first = await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert await shop.cancel(order_id) == first
