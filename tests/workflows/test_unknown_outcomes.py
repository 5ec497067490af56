"""Gateways that fail, or act and lose the answer: one effect in their books, whatever happens."""

import pytest

from domain.orders.model import OrderStatus
from tests.support.shop import Shop


@pytest.mark.parametrize("call", ["authorize", "capture"])
@pytest.mark.parametrize("faults", [("down",), ("lost",)])
async def test_a_payment_step_that_is_repeated_has_one_effect(
    shop: Shop, call: str, faults: tuple[str, ...]
) -> None:
    shop.payments.faults.plan(call, *faults)
    order_id = await shop.place(("MUG", 1))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "capture"]
    # A lost answer is looked up before anything is asked again.
    assert shop.payments.faults.calls[call] == (1 if faults[0] == "lost" else 2)


async def test_a_booking_whose_answer_is_lost_is_one_booking(shop: Shop) -> None:
    shop.carrier.faults.plan("book", "lost")
    order_id = await shop.place(("MUG", 1))

    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert len(shop.carrier.books) == 1
    assert shop.types(order_id).count("ShipmentBooked") == 1


@pytest.mark.parametrize(("service", "call"), [("payments", "void"), ("carrier", "cancel")])
async def test_an_undoing_whose_answer_is_lost_is_done_once(shop: Shop, service: str, call: str) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    getattr(shop, service).faults.plan(call, "lost")
    await shop.cancel(order_id)

    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert [effect.kind for effect in shop.payments.books.values()] == ["authorization", "void"]
