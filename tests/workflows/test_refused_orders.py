"""Orders that stock or payment refuse: undone at once, with the reason."""

from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from tests.support.shop import Shop


async def test_a_declined_order_is_cancelled_and_its_stock_freed(shop: Shop) -> None:
    shop.payments.faults.plan("authorize", "declined")
    order_id = await shop.place(("MUG", 2))

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    record = await shop.record(order_id)
    assert record.order.reason == "payment declined: card-declined"
    assert record.payment_status is PaymentStatus.FAILED
    assert not shop.payments.books
    assert shop.types(order_id) == [
        "OrderPlaced",
        "StockReserved",
        "PaymentRequested",
        "PaymentDeclined",
        "OrderCancellationRequested",
        "StockReleased",
        "OrderCancelled",
    ]


async def test_an_order_that_stock_does_not_cover_is_never_charged(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 11), ("TEE", 1))

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert (await shop.record(order_id)).order.reason == "out of stock: MUG (10 of 11)"
    assert not shop.payments.faults.calls
    assert shop.types(order_id) == [
        "OrderPlaced",
        "StockUnavailable",
        "OrderCancellationRequested",
        "OrderCancelled",
    ]


async def test_a_cancelled_orders_stock_serves_the_next_order(shop: Shop) -> None:
    shop.payments.faults.plan("authorize", "declined")
    assert await shop.ended(await shop.place(("MUG", 10))) is OrderStatus.CANCELLED
    assert await shop.ended(await shop.place(("MUG", 10))) is OrderStatus.COMPLETED
