"""Lines cancelled before the order is confirmed: while it waits for stock, is held, or is not paid."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.errors import NotAllowed
from domain.orders.events import OnUnavailable
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from tests.support.shop import POLICIES, Shop
from tests.workflows.amending import amend


async def short(shop: Shop, wish: OnUnavailable, *lines: tuple[str, int]) -> UUID:
    """An order of more than there is, once it waits."""
    order_id = await shop.place(*(lines or (("MUG", 11), ("TEE", 1))), on_unavailable=wish)
    await shop.until(order_id, lambda record: bool(record.short))
    return order_id


async def restock(shop: Shop, pieces: int) -> None:
    given = {"change": pieces, "reason": "delivery", "actor": "operator:eve"}
    await shop.gateway.adjust_stock("MUG", "BER", key=f"r-{pieces}", **given)  # type: ignore[arg-type]


async def cancel_line(shop: Shop, order_id: UUID, sku: str) -> None:
    await amend(shop, order_id, {sku: 0}, key=f"line-{sku}", whole=True)


@pytest.mark.parametrize("wish", [OnUnavailable.ASK, OnUnavailable.WAIT])
async def test_a_line_that_is_waited_for_is_cancelled_and_the_rest_is_sent(
    shop: Shop, wish: OnUnavailable
) -> None:
    order_id = await short(shop, wish)
    await cancel_line(shop, order_id, "MUG")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.payment.authorized == record.order.totals.total
    assert [line.sku for line in record.order.lines] == ["TEE"]
    mugs = await shop.item("MUG")
    assert (mugs.reserved, mugs.waiting) == (0, {})
    assert shop.types(order_id).count("CustomerDecisionMade") == (1 if wish is OnUnavailable.ASK else 0)


async def test_what_a_cancelled_line_held_goes_to_whoever_waits(shop: Shop) -> None:
    first = await short(shop, OnUnavailable.WAIT)
    second = await short(shop, OnUnavailable.WAIT, ("MUG", 3))
    await cancel_line(shop, first, "MUG")
    assert await shop.ended(second) is OrderStatus.COMPLETED
    assert await shop.ended(first) is OrderStatus.COMPLETED


async def test_another_line_is_cancelled_while_the_order_waits_on(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.WAIT)
    await cancel_line(shop, order_id, "TEE")
    assert (await shop.item("TEE")).reserved == 0
    assert (await shop.record(order_id)).short == ("MUG",)
    await cancel_line(shop, order_id, "TEE")  # its key stands for what was done
    await restock(shop, 1)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_without_its_last_line_a_waiting_order_is_cancelled(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.ASK, ("MUG", 11))
    await cancel_line(shop, order_id, "MUG")
    assert await shop.ended(order_id) is OrderStatus.CANCELLED


async def test_a_waiting_order_is_not_amended_and_says_when_it_can_be(shop: Shop) -> None:
    order_id = await short(shop, OnUnavailable.WAIT)
    with pytest.raises(NotAllowed) as refused:
        await amend(shop, order_id, {"MUG": 1})
    assert refused.value.code == "not-yet-confirmed"
    assert refused.value.details == {"status": "placed", "possible_from": "confirmed"}
    await restock(shop, 1)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_held_order_loses_a_line_before_anything_of_it_is_reserved(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1), ("TEE", 1), screening=("the total is high",))
    await cancel_line(shop, order_id, "TEE")
    assert shop.types(order_id) == ["OrderPlaced", "HoldPlaced", "OrderLinesCancelled"]
    await shop.gateway.release_hold(
        order_id, key="r", hold_id="screening", reason="it is fine", actor="operator:eve"
    )
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [*shop.carrier.labels[order_id].items] == [("MUG", 1)]


async def test_an_unpaid_order_loses_a_line_and_is_paid_and_sent_without_it(shop: Shop) -> None:
    shop.gateway = replace(shop.gateway, policies=replace(POLICIES, unpaid_expiry=3600.0))
    shop.payments.faults.plan("authorize", "declined")
    order_id = await shop.place(("MUG", 1), ("TEE", 1))
    await shop.until(order_id, lambda record: record.payment_status is PaymentStatus.FAILED)
    await cancel_line(shop, order_id, "TEE")
    await shop.gateway.pay(order_id, key="p", method="sim_ok", actor="customer:ada")
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    record = await shop.record(order_id)
    assert record.payment.authorized == record.payment.captured == record.order.totals.total
    assert [*shop.carrier.labels[order_id].items] == [("MUG", 1)]


async def test_a_line_that_is_being_paid_for_stays_until_the_order_is_confirmed(shop: Shop) -> None:
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1), ("TEE", 1))
    await gate.entered.wait()
    with pytest.raises(NotAllowed) as refused:
        await cancel_line(shop, order_id, "TEE")
    assert refused.value.code == "not-yet-confirmed"
    gate.open()
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
