"""The order's life when all goes well, and what its stream says afterwards."""

from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.model import FulfilmentStatus
from tests.support.shop import Shop


async def test_an_order_is_placed_paid_delivered_and_completed(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 2), ("TEE", 1))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert (record.status, record.payment_status, record.fulfilment_status) == (
        OrderStatus.COMPLETED,
        PaymentStatus.CAPTURED,
        FulfilmentStatus.DELIVERED,
    )
    assert not record.amounts.due
    assert shop.payments.total(order_id, "capture") == record.order.totals.total.minor
    assert shop.types(order_id) == [
        "OrderPlaced",
        "StockReserved",
        "PaymentRequested",
        "PaymentAuthorized",
        "OrderConfirmed",
        "ShipmentBooked",
        "ShipmentDispatched",
        "CaptureRequested",
        "PaymentCaptured",
        "ShipmentDelivered",
        "OrderCompleted",
    ]
