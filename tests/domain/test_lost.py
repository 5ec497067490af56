"""Lost parcels: what may be decided about them, and what it makes of money, stock and status."""

import pytest

from domain.errors import DomainError, NotAllowed
from domain.inventory.events import Allocation, StockReserved, UnitsReserved
from domain.inventory.model import StockItem
from domain.lost import answer_with_refund, answer_with_replacement
from domain.orders.events import OrderConfirmed
from domain.payments.events import PaymentCaptured, RefundGranted
from domain.record import OrderStreamEvent, fold_record
from domain.shipping.decide import arrive, lose
from domain.shipping.events import (
    LostAnswer,
    LostShipmentAnswered,
    ShipmentBooked,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentFound,
    ShipmentItem,
    ShipmentLost,
)
from domain.shipping.model import FulfilmentStatus
from tests.support.samples import AUTHORIZED, NOON, ORDER, PLACED, TOTAL, eur

ITEMS = (ShipmentItem("MUG", 2), ShipmentItem("TEA", 1))
PARTS = (Allocation("BER", "MUG", 2), Allocation("BER", "TEA", 1))
AGAIN = (Allocation("LYS", "MUG", 2), Allocation("LYS", "TEA", 1))
SENT = (
    PLACED,
    StockReserved(PARTS),
    *AUTHORIZED,
    OrderConfirmed(),
    ShipmentBooked("s", "BER", ITEMS, "b", "t"),
    PaymentCaptured("capture#0", "c", TOTAL),
    ShipmentDispatched("s", NOON),
)
LOST = (*SENT, ShipmentLost("s", NOON))
REFUNDED = (
    LostShipmentAnswered("s", LostAnswer.REFUND, "gone", "operator:o"),
    RefundGranted("lost-s", TOTAL, "parcel s was lost", "operator:o"),
)
REPLACED = LostShipmentAnswered("s", LostAnswer.REPLACE, "gone", "operator:o", "s-R", "LYS")


def refund(*events: OrderStreamEvent) -> list[OrderStreamEvent]:
    return answer_with_refund(fold_record(events), "s", share=TOTAL, reason="gone", by="operator:o").order


def replacement(stock: dict[str, tuple[int, int]], *events: OrderStreamEvent) -> list[object]:
    """`stock`: pieces of MUG and of TEA by warehouse."""
    items = {
        (warehouse, sku): StockItem(on_hand=pieces)
        for warehouse, both in stock.items()
        for sku, pieces in zip(("MUG", "TEA"), both, strict=True)
    }
    done = answer_with_replacement(fold_record(events), items, list(stock), "s", reason="gone", by="operator:o")
    return [*done.order, *(event for events in done.stock.values() for event in events)]


def test_a_parcel_is_lost_once_and_not_after_it_arrived() -> None:
    assert lose(fold_record(SENT).shipments, "s", NOON) == [ShipmentLost("s", NOON)]
    assert lose(fold_record(LOST).shipments, "s", NOON) == []
    assert lose(fold_record([*SENT, ShipmentDelivered("s")]).shipments, "s", NOON) == []
    with pytest.raises(NotAllowed):
        lose(fold_record(SENT[:-1]).shipments, "s", NOON)


def test_a_lost_parcel_needs_attention_until_it_is_answered_or_found() -> None:
    assert not fold_record(SENT).attention
    assert fold_record(LOST).attention
    assert not fold_record([*LOST, *REFUNDED]).attention
    found = fold_record([*LOST, ShipmentFound("s")])
    assert not found.attention
    assert found.all_delivered


def test_its_share_is_granted_or_what_is_left_of_it() -> None:
    assert refund(*LOST) == list(REFUNDED)
    earlier = RefundGranted("g", eur("30.00"), "chipped", "o")
    assert refund(*LOST, earlier)[1] == RefundGranted("lost-s", eur("5.70"), "parcel s was lost", "operator:o")
    assert refund(*LOST, RefundGranted("g", TOTAL, "chipped", "o")) == [REFUNDED[0]]


def test_what_was_refunded_is_not_to_be_delivered() -> None:
    record = fold_record([*LOST, *REFUNDED])
    assert (record.all_delivered, record.fulfilment_status) == (True, FulfilmentStatus.LOST)
    assert [line.shipped for line in record.lines] == [0, 0]
    assert not fold_record([*LOST, REPLACED]).all_delivered


def test_a_replacement_comes_from_the_first_warehouse_that_has_all_of_it() -> None:
    both = [StockReserved(AGAIN), REPLACED, UnitsReserved(ORDER, 2), UnitsReserved(ORDER, 1)]
    assert replacement({"BER": (2, 0), "LYS": (2, 1)}, *LOST) == both
    with pytest.raises(NotAllowed) as refused:
        replacement({"BER": (2, 0), "LYS": (1, 1)}, *LOST)
    assert refused.value.code == "out-of-stock"


def test_the_goods_of_a_replacement_are_held_until_it_leaves() -> None:
    record = fold_record([*LOST, StockReserved(AGAIN), REPLACED])
    assert (record.held, record.planned) == (AGAIN, PARTS)
    assert "s-R" in record.parcels_to_send


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (SENT, "not-lost"),
        ((*LOST, *REFUNDED), "not-lost"),
        ((*LOST, ShipmentFound("s")), "not-lost"),
        (SENT[:5], "shipment-not-found"),
    ],
)
def test_what_takes_no_answer(events: tuple[OrderStreamEvent, ...], code: str) -> None:
    for attempt in (lambda: refund(*events), lambda: replacement({"BER": (9, 9)}, *events)):
        with pytest.raises(DomainError) as refused:
            attempt()
        assert refused.value.code == code


def test_a_lost_parcel_that_arrives_is_found_and_stays_found() -> None:
    for events in (LOST, (*LOST, *REFUNDED)):
        assert arrive(fold_record(events).shipments, "s") == [ShipmentFound("s")]
        found = fold_record([*events, ShipmentFound("s")]).shipments
        assert arrive(found, "s") == lose(found, "s", NOON) == []
