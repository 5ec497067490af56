"""A refund is granted once and given back once, of an open order and of a completed one."""

import asyncio
from uuid import UUID, uuid4

import pytest

from activities.gateways.protocol import PaymentEffect
from domain.errors import InvalidValue, NotAllowed, NotFound
from domain.money import Money
from domain.orders.events import StepAction
from domain.orders.model import OrderStatus
from domain.shipping.events import TrackingStatus
from tests.support.shop import POLICIES, Shop
from workflows.refund_commands import RefundCommands
from workflows.refunds import refund_workflow_id


async def grant(shop: Shop, order_id: UUID, key: str, minor: int | None = 100, **lines: int) -> None:
    commands = RefundCommands(shop.environment.client, shop.store, shop.vault, 10, POLICIES)
    amount = None if minor is None else Money(minor, "EUR")
    await commands.grant(order_id, key=key, amount=amount, lines=lines, reason="chipped", actor="operator:o")


async def given_back(shop: Shop, order_id: UUID, key: str) -> None:
    handle = shop.environment.client.get_workflow_handle(refund_workflow_id(order_id, key))
    await asyncio.wait_for(handle.result(), 20)


async def test_of_a_completed_order_once_per_key(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 2))
    await shop.ended(order_id)
    await asyncio.gather(*(grant(shop, order_id, key) for key in ("k1", "k1", "k2")))
    await grant(shop, order_id, "k3", None, MUG=1)
    for key in ("k1", "k2", "k3"):
        await given_back(shop, order_id, key)
    await grant(shop, order_id, "k1")
    await given_back(shop, order_id, "k1")

    record = await shop.record(order_id)
    piece = Money(2379, "EUR")  # 19.99 with 19 % of tax
    assert record.payment.granted == record.payment.refunded == Money(200, "EUR") + piece
    assert not record.amounts.due
    assert shop.payments.total(order_id, "refund") == record.payment.refunded.minor


async def test_of_an_open_order_which_then_completes(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    with pytest.raises(NotAllowed):
        await grant(shop, order_id, "too-early")
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    held = shop.payments.faults.hold("refund")
    await grant(shop, order_id, "k")
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED  # it waits for no refund that is on its way
    held.open()
    await given_back(shop, order_id, "k")
    assert not (await shop.record(order_id)).amounts.due


async def parked(shop: Shop, order_id: UUID) -> str:
    """The refund's step that waits for an operator, of a completed order."""
    step = await shop.stalled(order_id)
    assert (await shop.record(order_id)).status is OrderStatus.COMPLETED
    return step


async def test_an_unknown_outcome_is_looked_up(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", "lost")
    await grant(shop, order_id, "lost")
    await given_back(shop, order_id, "lost")
    assert shop.payments.total(order_id, "refund") == 100


@pytest.mark.parametrize("faults", [("refused",), ("down", "down")])
async def test_what_cannot_be_given_back_parks_and_is_retried(shop: Shop, faults: tuple[str, ...]) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", *faults)
    await grant(shop, order_id, "k")
    step = await parked(shop, order_id)
    assert step == "give-back:k#0"
    with pytest.raises(NotAllowed) as refused:
        await shop.resolve(order_id, step, StepAction.COMPENSATE)
    assert refused.value.details == {"possible": ["retry", "adopt"]}
    await shop.resolve(order_id, step)
    await given_back(shop, order_id, "k")
    assert not (await shop.record(order_id)).attention
    assert shop.payments.total(order_id, "refund") == 100


async def test_a_refund_made_by_hand_is_adopted(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", "down", "down")
    await grant(shop, order_id, "k")
    step = await parked(shop, order_id)
    payment = (await shop.record(order_id)).payment.reference
    assert payment
    effect = PaymentEffect("refund", "by-hand", payment, order_id, "dashboard", Money(100, "EUR"))
    shop.payments.books[order_id, "dashboard"] = effect
    await shop.resolve(order_id, step, StepAction.ADOPT, reference="by-hand")
    await given_back(shop, order_id, "k")
    assert shop.types(order_id).count("PaymentRefunded") == 1
    assert shop.payments.total(order_id, "refund") == 100


async def test_of_an_open_order_it_stays_parked_when_that_completes(shop: Shop) -> None:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED)
    await shop.until(order_id, lambda record: bool(record.payment.captured))
    shop.payments.faults.plan("refund", "down", "down")
    await grant(shop, order_id, "k")
    step = await shop.stalled(order_id)
    await shop.news(shop.booking(order_id), TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED
    assert await parked(shop, order_id) == step
    await shop.resolve(order_id, step)
    await given_back(shop, order_id, "k")


async def test_a_process_that_dies_between_the_effect_and_its_event_gives_back_once(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.store.lose_before("PaymentRefunded")
    await grant(shop, order_id, "k")
    await given_back(shop, order_id, "k")
    assert shop.payments.total(order_id, "refund") == 100
    assert shop.types(order_id).count("PaymentRefunded") == 1


async def test_what_is_refused_reaches_the_caller(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    with pytest.raises(NotAllowed):
        await grant(shop, order_id, "too-much", 10**6)
    with pytest.raises(NotFound):
        await grant(shop, uuid4(), "nobody")
    await grant(shop, order_id, "k")
    with pytest.raises(InvalidValue) as reused:
        await grant(shop, order_id, "k", 99)
    assert reused.value.code == "idempotency-key-reuse"
    await given_back(shop, order_id, "k")
