"""Orders that stock does not cover: waiting in line, asked, reduced, given up; told of stock or looking for it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from domain.errors import NotAllowed
from domain.orders.events import Decision, OnUnavailable
from domain.orders.model import OrderStatus
from tests.support.shop import Shop
from workflows.gateway import CommandGateway


async def short(shop: Shop, wish: OnUnavailable, *lines: tuple[str, int]) -> UUID:
    """An order of more than there is, once it waits."""
    order_id = await shop.place(*(lines or (("MUG", 11), ("TEE", 1))), on_unavailable=wish)
    await shop.until(order_id, lambda record: bool(record.short))
    return order_id


async def restock(shop: Shop, pieces: int, warehouse: str = "BER", key: str = "r") -> None:
    await shop.gateway.adjust_stock(
        "MUG",  # type: ignore[arg-type]
        warehouse,
        key=f"{key}-{pieces}-{warehouse}",
        change=pieces,
        reason="delivery",
        actor="operator:eve",
    )


async def decide(shop: Shop, order_id: UUID, decision: Decision) -> None:
    await shop.gateway.decide(order_id, key=f"d-{decision}", decision=decision, actor="customer:ada")


async def test_waiting_orders_are_served_in_turn_and_nobody_overtakes(shop: Shop) -> None:
    first = await short(shop, OnUnavailable.WAIT, ("MUG", 11))
    second = await short(shop, OnUnavailable.WAIT, ("MUG", 2))
    await restock(shop, 2, "LYS")  # one each, while a newcomer looks on
    newcomer = await shop.place(("MUG", 1))
    assert await shop.ended(newcomer) is OrderStatus.CANCELLED
    assert await shop.ended(first) is OrderStatus.COMPLETED
    assert "OrderConfirmed" not in shop.types(second)
    await restock(shop, 1)
    assert await shop.ended(second) is OrderStatus.COMPLETED


async def test_what_another_order_gives_back_goes_to_whoever_waits(shop: Shop) -> None:
    shop.auto = False
    holder = await shop.place(("MUG", 10))
    await shop.until(holder, lambda record: record.shipments.any_booked)
    waiting = await short(shop, OnUnavailable.WAIT, ("MUG", 3))
    shop.auto = True
    await shop.cancel(holder)
    assert await shop.ended(holder) is OrderStatus.CANCELLED
    assert await shop.ended(waiting) is OrderStatus.COMPLETED


async def test_an_order_that_was_not_told_looks_for_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = await short(shop, OnUnavailable.WAIT, ("MUG", 11))
    monkeypatch.setattr(CommandGateway, "_tell_restocked", _deaf)
    await restock(shop, 1)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(minutes=11))
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def _deaf(*_: object) -> None:
    """The signal is lost."""


async def test_a_second_run_waits_on_and_takes_up_what_came_between(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.WAIT, ("MUG", 12))
    await restock(shop, 1)
    await shop.until(order_id, lambda record: record.reservation.backorders[0].quantity == 1)
    await shop.handle(order_id).terminate()
    await restock(shop, 1, "LYS")
    await shop.start_again(order_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_waiting_order_that_is_cancelled_leaves_the_queue(shop: Shop) -> None:
    first = await short(shop, OnUnavailable.WAIT, ("MUG", 11))
    second = await short(shop, OnUnavailable.WAIT, ("MUG", 2))
    await shop.cancel(first)
    assert await shop.ended(first) is OrderStatus.CANCELLED
    assert await shop.ended(second) is OrderStatus.COMPLETED


async def test_drop_goes_on_without_the_short_line(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 11), ("TEE", 1), on_unavailable=OnUnavailable.DROP)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert [line.sku for line in record.order.lines] == ["TEE"]
    assert shop.payments.total(order_id, "capture") == record.order.owed.minor == 2962


async def test_an_order_that_loses_all_its_lines_is_cancelled(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 11), on_unavailable=OnUnavailable.DROP)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


@pytest.mark.parametrize(
    ("decision", "ends"), [(Decision.DROP, OrderStatus.COMPLETED), (Decision.CANCEL, OrderStatus.CANCELLED)]
)
async def test_the_customer_decides(shop: Shop, decision: Decision, ends: OrderStatus) -> None:
    order_id = await short(shop, OnUnavailable.ASK)
    assert (await shop.record(order_id)).status is OrderStatus.AWAITING_CUSTOMER
    await decide(shop, order_id, decision)
    assert await shop.ended(order_id) is ends


async def test_a_customer_may_decide_to_wait(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.ASK)
    await decide(shop, order_id, Decision.WAIT)
    assert (await shop.record(order_id)).status is OrderStatus.PLACED
    await restock(shop, 1)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_after_the_deadline_the_default_is_taken_and_the_customer_is_too_late(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.ASK)
    await shop.environment.fast_forward(shop.handle(order_id), timedelta(days=3))
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    with pytest.raises(NotAllowed) as refused:
        await decide(shop, order_id, Decision.WAIT)
    assert refused.value.code == "order-closed"


async def test_stock_that_comes_first_answers_the_question(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.ASK)
    await restock(shop, 1)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert "OrderLinesCancelled" not in shop.types(order_id)


async def test_many_wait_for_the_last_pieces_and_as_many_get_them(shop: Shop) -> None:
    await short(shop, OnUnavailable.WAIT, ("MUG", 10), ("PEN", 1))  # takes every mug, and waits for a pen
    waiting = [await short(shop, OnUnavailable.WAIT, ("MUG", 1)) for _ in range(6)]
    await asyncio.gather(*(restock(shop, 1, key=str(number)) for number in range(3)))
    for order_id in waiting[:3]:
        assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert not any("OrderConfirmed" in shop.types(order_id) for order_id in waiting[3:])
