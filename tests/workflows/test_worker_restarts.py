"""Workers that stop and start: the order goes on from where it was, with nothing done twice."""

from datetime import timedelta

from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import POLICIES, Shop

POLL = timedelta(seconds=POLICIES.tracking_poll + 60)


async def test_an_order_goes_on_with_another_worker(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.close()
    await shop.open(max_cached=0)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.payments.books) == 2


async def test_a_workflow_that_is_never_cached_replays_every_step(shop: Shop) -> None:
    await shop.close()
    await shop.open(max_cached=0)
    await shop.stock("JAR", 5, "LYS")
    shop.payments.faults.plan("authorize", "down", "down")
    order_id = await shop.place(("MUG", 1), ("JAR", 2))
    await shop.resolve(order_id, await shop.stalled(order_id))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.payments.books) == 3


async def test_a_parked_order_stays_parked(shop: Shop) -> None:
    shop.payments.faults.plan("authorize", "down", "down")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    await shop.close()
    await shop.open(max_cached=0)
    await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_cancellation_goes_on_with_another_worker(shop: Shop) -> None:
    shop.auto = False
    shop.payments.faults.plan("void", "down", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.cancel(order_id)
    step = await shop.stalled(order_id)
    await shop.close()
    await shop.open(max_cached=0)
    await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
