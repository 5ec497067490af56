"""Commands of one order: one at a time, once under a key, and each an event with who gave it."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.errors import DomainError, InvalidValue, NotAllowed
from domain.orders.events import OrderAssigned, OrderNoted, StepAction
from domain.orders.model import OrderStatus
from tests.support.gateways import Gate
from tests.support.shop import Shop

DOWN = ("down", "down")


async def held_open(shop: Shop) -> tuple[UUID, str, asyncio.Task[Any], Gate]:
    """An order, its stalled step, and an adoption of that step that waits at the gateway."""
    shop.payments.faults.plan("authorize", "lost", "down")
    shop.payments.faults.plan("find", "down")
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    gate = shop.payments.faults.hold("find")
    reference = shop.payments.books[order_id, step].reference
    adopting = asyncio.create_task(shop.resolve(order_id, step, StepAction.ADOPT, reference=reference))
    await gate.entered.wait()
    return order_id, step, adopting, gate


async def test_a_second_change_waits_for_the_first(shop: Shop) -> None:
    order_id, _, first, gate = await held_open(shop)
    second = await shop.start_cancelling(order_id)
    assert "OrderCancellationRequested" not in shop.types(order_id)
    gate.open()

    await first
    await second.result()
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    types = shop.types(order_id)
    adopted = types.index("OrderStepResolved")
    assert types[adopted : adopted + 2] == ["OrderStepResolved", "PaymentAuthorized"]
    assert types.index("OrderCancellationRequested") > adopted


async def test_a_second_change_is_refused_when_the_first_takes_long(shop: Shop) -> None:
    order_id, step, first, gate = await held_open(shop)
    with pytest.raises(NotAllowed) as refused:
        await shop.cancel(order_id)
    assert (refused.value.code, refused.value.details) == ("order-busy", {"change": f"adopt {step}"})
    gate.open()
    await first
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_a_key_stands_for_one_command(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    first = await shop.cancel(order_id)
    assert await shop.cancel(order_id) == first

    async def another() -> None:
        with pytest.raises(InvalidValue) as refused:
            await shop.gateway.cancel(order_id, key="c", reason="another", actor="customer:ada")
        assert refused.value.code == "idempotency-key-reuse"

    await another()
    await shop.ended(order_id)
    await another()
    assert await shop.cancel(order_id) == first


async def test_a_key_stands_for_one_command_in_a_second_run(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.gateway.note(order_id, key="n", note="one", actor="operator:eve")
    await shop.start_again(order_id)
    await shop.gateway.note(order_id, key="n", note="one", actor="operator:eve")
    with pytest.raises(InvalidValue) as refused:
        await shop.gateway.note(order_id, key="n", note="two", actor="operator:eve")
    assert refused.value.code == "idempotency-key-reuse"
    assert shop.types(order_id).count("OrderNoted") == 1


async def test_a_refused_command_keeps_its_key(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    for _ in range(2):
        with pytest.raises(DomainError) as refused:
            await shop.resolve(order_id, "authorize#0", key="k")
        assert refused.value.code == "step-not-stalled"
    with pytest.raises(InvalidValue) as other:
        await shop.resolve(order_id, "book#0", key="k")
    assert other.value.code == "idempotency-key-reuse"


async def test_hand_over_and_notes_are_events_with_their_author(shop: Shop) -> None:
    shop.payments.faults.plan("authorize", *DOWN)
    order_id = await shop.place(("MUG", 1))
    step = await shop.stalled(order_id)
    assigned = await shop.gateway.assign(
        order_id, key="a", assignee="eve", reason="knows the gateway", actor="operator:adam"
    )
    noted = await shop.gateway.note(order_id, key="n", note="rang them up", actor="operator:eve")
    stored = shop.store.streams[f"order/{order_id}"]
    assert [await shop.vault.open(stored[version - 1].event) for version in (assigned.version, noted.version)] == [
        OrderAssigned("eve", "knows the gateway", "operator:adam"),
        OrderNoted("rang them up", "operator:eve"),
    ]
    assert (await shop.record(order_id)).order.assignee == "eve"
    await shop.resolve(order_id, step)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    with pytest.raises(NotAllowed) as refused:
        await shop.gateway.note(order_id, key="m", note="late", actor="operator:eve")
    assert refused.value.code == "order-closed"


async def test_a_refused_booking_is_known_to_a_second_run(shop: Shop) -> None:
    shop.carrier.faults.plan("book", "refused", "refused")
    order_id = await shop.place(("MUG", 1))
    await shop.resolve(order_id, await shop.stalled(order_id))
    await shop.until(order_id, lambda _: shop.types(order_id).count("OrderStepStalled") == 2)
    assert shop.types(order_id).count("BookingRefused") == 2
    await shop.start_again(order_id)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert [booking.idempotency_key.partition("#")[2] for booking in shop.carrier.books.values()] == ["2"]


async def test_nobody_is_asked_to_stop_what_nobody_was_asked_for(shop: Shop) -> None:
    """The cancellation comes while the order is being confirmed; the carrier is dead, and not needed."""
    shop.carrier.faults.plan("find", *["down"] * 20)
    shop.store.lose_before("OrderConfirmed", times=3)  # what follows is a regular activity, which can be held
    gate = shop.store.hold("OrderConfirmed")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    cancelling = await shop.start_cancelling(order_id)
    gate.open()
    await cancelling.result()
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert "OrderConfirmed" in shop.types(order_id)
    assert not shop.carrier.faults.calls
    assert "OrderStepStalled" not in shop.types(order_id)
