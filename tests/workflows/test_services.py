"""Each service's steps are on a queue of their own: a dead one stalls only those."""

import pytest

from activities.contracts import TaskQueue
from domain.orders.model import OrderStatus
from tests.support.shop import Shop


@pytest.mark.parametrize(
    ("dead", "reached"), [(TaskQueue.PAYMENTS, "PaymentRequested"), (TaskQueue.SHIPPING, "ShipmentBooked")]
)
async def test_a_dead_service_stalls_only_its_own_step(shop: Shop, dead: TaskQueue, reached: str) -> None:
    await shop.close()
    await shop.open(only=[queue for queue in TaskQueue if queue is not dead])
    order_id = await shop.place(("MUG", 1))
    before = "StockReserved" if dead is TaskQueue.PAYMENTS else "OrderConfirmed"
    await shop.until(order_id, lambda _: before in shop.types(order_id))
    await shop.gateway.note(order_id, key="n", note="it still takes commands", actor="operator:eve")
    assert reached not in shop.types(order_id)
    assert "OrderStepStalled" not in shop.types(order_id)

    await shop.close()
    await shop.open()
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
