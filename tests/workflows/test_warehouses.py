"""Orders that more than one warehouse serves: a parcel each, side by side."""

from domain.orders.model import OrderStatus
from domain.payments.events import PaymentCaptured
from domain.shipping.events import TrackingStatus
from domain.shipping.model import FulfilmentStatus
from tests.support.shop import Shop


async def test_an_order_completes_when_both_parcels_are_delivered(shop: Shop) -> None:
    shop.auto = False
    await shop.stock("JAR", 5, "LYS")
    order_id = await shop.place(("MUG", 3), ("JAR", 2))
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == 2)
    await shop.news(shop.booking(order_id, "LYS"), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    record = await shop.until(order_id, lambda record: bool(record.payment.captured))
    await shop.until(order_id, lambda record: record.fulfilment_status is FulfilmentStatus.PARTIALLY_DELIVERED)
    assert record.payment.open

    await shop.news(shop.booking(order_id, "BER"), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    stored = shop.store.streams[f"order/{order_id}"]
    shares = [each.event.amount.minor for each in stored if isinstance(each.event, PaymentCaptured)]
    total = record.order.totals.total.minor
    assert len(shares) == 2
    assert sum(shares) == total
    assert shares[0] == round(total * 2 / 5)


async def test_one_line_is_split_over_warehouses(shop: Shop) -> None:
    await shop.stock("MUG", 4, "LYS")
    order_id = await shop.place(("MUG", 13))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    pieces = {parcel.warehouse: parcel.pieces for parcel in record.shipments.by_id.values()}
    assert pieces == {"BER": 10, "LYS": 3}
    assert record.payment.captured == record.order.totals.total


async def test_one_warehouse_that_can_serve_all_is_preferred(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    await shop.stock("MUG", 5, "LYS")
    order_id = await shop.place(("MUG", 3), ("JAR", 2))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert (await shop.record(order_id)).reservation.warehouses == ("LYS",)
