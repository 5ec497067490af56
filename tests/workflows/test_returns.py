"""A return goes from its request to the money, once, whoever is away or killed in between."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from domain.errors import InvalidValue, NotAllowed, NotFound
from domain.inventory.model import StockItem, evolve
from domain.money import Money
from domain.orders.events import OnUnavailable
from domain.orders.model import OrderStatus
from domain.returns.events import InspectedItem, ReturnKind, ReturnTerms
from domain.returns.model import ReturnStatus
from domain.shipping.events import TrackingStatus
from domain.shipping.model import FulfilmentStatus
from ops.aftercare_recovery import Aftercare
from ops.recovery import Recovery
from tests.support.shop import POLICIES, Shop
from tests.workflows.returning import approve, closed, inspect, receive, request, rules_of
from workflows.return_contracts import return_workflow_id

PIECE = Money(2379, "EUR")  # 19.99 with 19 % of tax


async def nothing_open(before: datetime, after: UUID | None) -> Sequence[UUID]:
    return []


def on_hand(shop: Shop, sku: str, warehouse: str = "BER") -> int:
    item = StockItem()
    for recorded in shop.store.streams.get(f"stock/{warehouse}/{sku}", []):
        item = evolve(item, recorded.event)  # type: ignore[arg-type]
    return item.on_hand


async def test_of_a_completed_order_to_the_money(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 3), ("TEE", 1))
    await shop.ended(order_id)
    return_id = await request(shop, order_id, ("MUG", 3))
    await approve(shop, order_id, return_id)
    await receive(shop, order_id, return_id, "LYS")
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1, damaged=1, dismissed=1))

    record = await closed(shop, order_id, return_id)
    assert record.returns.by_id[return_id].status is ReturnStatus.CLOSED
    assert record.payment.refunded == record.payment.granted == Money(4758, "EUR")
    assert shop.payments.total(order_id, "refund") == 4758
    assert not record.amounts.due
    assert (on_hand(shop, "MUG"), on_hand(shop, "MUG", "LYS")) == (7, 1)
    assert record.fulfilment_status is FulfilmentStatus.PARTIALLY_RETURNED
    mug = record.lines[0]
    assert (mug.delivered, mug.return_requested, mug.received, mug.written_off) == (3, 3, 2, 1)


async def test_a_rejected_one_may_be_asked_for_again(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    first = await request(shop, order_id, ("MUG", 1))
    await shop.gateway.reject_return(order_id, first, key="n", reason="worn", actor="operator:eve")
    await closed(shop, order_id, first)
    with pytest.raises(NotAllowed) as refused:
        await approve(shop, order_id, first)
    assert refused.value.details == {"status": "rejected", "possible": []}
    second = await request(shop, order_id, ("MUG", 1), key="again")
    assert (await shop.record(order_id)).returns.by_id[second].status is ReturnStatus.REQUESTED


async def test_fees_are_those_of_the_request_and_a_rule_approves(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    rules = rules_of(ReturnTerms(restocking_fee=Decimal(10), refund_shipping=True), auto_approve=True)
    return_id = await request(shop, order_id, ("MUG", 1), rules=rules)
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1))
    record = await closed(shop, order_id, return_id)
    fee = Money(238, "EUR")
    assert record.payment.refunded == record.order.totals.total - fee
    assert record.fulfilment_status is FulfilmentStatus.RETURNED


async def test_a_claim_is_paid_without_the_goods(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 2))
    await shop.ended(order_id)
    return_id = await request(shop, order_id, ("MUG", 1), kind=ReturnKind.CLAIM)
    await approve(shop, order_id, return_id)
    record = await closed(shop, order_id, return_id)
    assert record.payment.refunded == PIECE
    assert on_hand(shop, "MUG") == 8


async def test_of_an_open_order_which_then_completes(shop: Shop) -> None:
    await shop.stock("JAR", 5, "LYS")
    shop.auto = False
    order_id = await shop.place(("MUG", 1), ("JAR", 1))
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == 2)
    await shop.news(shop.booking(order_id), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    await shop.until(order_id, lambda record: "ShipmentDelivered" in shop.types(order_id))
    with pytest.raises(NotAllowed) as refused:
        await request(shop, order_id, ("JAR", 1))
    assert refused.value.code == "more-than-delivered"
    return_id = await request(shop, order_id, ("MUG", 1), key="delivered")
    await approve(shop, order_id, return_id)
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1))
    await closed(shop, order_id, return_id)
    await shop.news(shop.booking(order_id, "LYS"), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    assert await shop.ended(order_id) is OrderStatus.COMPLETED


async def test_what_is_restocked_goes_to_those_who_wait(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 10))
    await shop.ended(order_id)
    waiting = await shop.place(("MUG", 2), on_unavailable=OnUnavailable.WAIT)
    await shop.until(waiting, lambda record: bool(record.short))
    return_id = await request(shop, order_id, ("MUG", 2))
    await approve(shop, order_id, return_id)
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=2))
    assert await shop.ended(waiting) is OrderStatus.COMPLETED
    await closed(shop, order_id, return_id)


async def test_a_key_stands_for_one_request_and_twins_get_one_answer(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 2))
    await shop.ended(order_id)
    ids = await asyncio.gather(*(request(shop, order_id, ("MUG", 1)) for _ in range(3)))
    assert len(set(ids)) == 1
    assert shop.types(order_id).count("ReturnRequested") == 1
    with pytest.raises(InvalidValue) as refused:
        await request(shop, order_id, ("MUG", 2))
    assert refused.value.code == "idempotency-key-reuse"


async def test_what_does_not_exist(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await request(shop, uuid4(), ("MUG", 1))
    order_id = await shop.place(("MUG", 1))
    with pytest.raises(NotFound) as refused:
        await approve(shop, order_id, uuid4())
    assert refused.value.code == "return-not-found"


async def test_the_window_closes(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    rules = rules_of()
    over = type(rules)(timedelta(0), rules.terms, auto_approve=False)
    with pytest.raises(NotAllowed) as refused:
        await request(shop, order_id, ("MUG", 1), rules=over)
    assert refused.value.code == "return-window-over"


async def test_a_lost_workflow_goes_on_from_the_stream_and_pays_once(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    return_id = await request(shop, order_id, ("MUG", 1))
    client = shop.environment.client
    await client.get_workflow_handle(return_workflow_id(return_id)).terminate()
    await approve(shop, order_id, return_id)  # starts another
    await receive(shop, order_id, return_id)
    held = shop.payments.faults.hold("refund")
    await inspect(shop, order_id, return_id, InspectedItem("MUG", damaged=1))
    await shop.until(order_id, lambda record: "RefundRequested" in shop.types(order_id))
    await client.get_workflow_handle(return_workflow_id(return_id)).terminate()
    held.open()

    async def unpaid(before: datetime, after: UUID | None) -> Sequence[tuple[UUID, UUID]]:
        return [] if after else [(order_id, return_id)]

    recovery = Recovery(
        client,
        shop.store,
        nothing_open,
        POLICIES,
        rate=1000,
        aftercare=[Aftercare(shop.store, POLICIES).returns(unpaid)],
    )
    assert await recovery.resume_aftercare() == {"returns": 1}
    record = await closed(shop, order_id, return_id)
    assert shop.payments.total(order_id, "refund") == record.payment.refunded.minor == PIECE.minor


async def test_an_unknown_outcome_of_the_refund_is_looked_up(shop: Shop) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.payments.faults.plan("refund", "lost")
    return_id = await request(shop, order_id, ("MUG", 1), rules=rules_of(auto_approve=True))
    await receive(shop, order_id, return_id)
    await inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1))
    record = await closed(shop, order_id, return_id)
    assert shop.payments.total(order_id, "refund") == record.payment.refunded.minor
