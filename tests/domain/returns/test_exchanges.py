"""Goods in place of money: what is reserved, sent and freed again, and what is refused."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from domain import rma
from domain.availability import Outcome
from domain.errors import DomainError
from domain.inventory.events import Allocation, StockReleased, StockReserved, UnitsReleased, UnitsReserved
from domain.inventory.model import StockItem
from domain.orders.model import of_aftercare
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.returns import decide
from domain.returns.events import (
    InspectedItem,
    ReplacementPlanned,
    ReturnApproved,
    ReturnItem,
    ReturnKind,
    ReturnLabelBooked,
    ReturnLabelCancelled,
    ReturnParcelMoved,
    ReturnReceived,
    ReturnTerms,
)
from domain.returns.model import ReturnStatus
from domain.rma import ReturnRequest, returnable
from domain.shipping.events import ShipmentBooked, ShipmentDelivered, ShipmentDispatched, ShipmentItem
from domain.shipping.model import FulfilmentStatus
from tests.domain.returns.test_returns import COMPLETED as BARE
from tests.domain.returns.test_returns import DELIVERIES, EVE, ID, OTHER, RULES, asked
from tests.support.samples import NOON, ORDER, eur

STOCK = {(warehouse, sku): StockItem(on_hand=2) for warehouse in ("BER", "LYS") for sku in ("MUG", "TEA", "CUP")}
PLACES = ("BER", "LYS")
SENT = StockReserved((Allocation("BER", "MUG", 2), Allocation("BER", "TEA", 1)))
COMPLETED = (BARE[0], SENT, *BARE[1:])
MUGS = asked(("MUG", 2), kind=ReturnKind.EXCHANGE)
PARCEL = f"RMA-{ID}"


def approved(*events: OrderStreamEvent, stock: Mapping[tuple[str, str], StockItem] = STOCK) -> Outcome:
    return rma.approve(fold_record([*COMPLETED, *events]), stock, PLACES, ID, reason="fine", by=EVE)


def after(*events: OrderStreamEvent) -> OrderRecord:
    return fold_record([*COMPLETED, *events])


def request(kind: ReturnKind, item: ReturnItem, **prices: int) -> list[OrderStreamEvent]:
    known = {sku: eur(f"{minor / 100:.2f}") for sku, minor in prices.items()}
    wanted = ReturnRequest(ID, kind, (item,), "another colour", "customer:c-1", known)
    return rma.request(after(), wanted, DELIVERIES, RULES, at=NOON + timedelta(days=1))


def test_what_replaces_the_goods_is_reserved_with_the_approval_and_nothing_is_granted() -> None:
    outcome = approved(MUGS)
    assert outcome.order == [
        ReturnApproved(ID, "fine", EVE),
        StockReserved((Allocation("BER", "MUG", 2),)),
        ReplacementPlanned(ID, "BER", (ReturnItem("MUG", 2),)),
    ]
    assert outcome.stock == {("BER", "MUG"): [UnitsReserved(ORDER, 2)]}
    record = after(MUGS, *outcome.order)
    assert record.returns.by_id[ID].status is ReturnStatus.APPROVED
    assert record.held == (Allocation("BER", "MUG", 2),)
    assert (record.planned, record.parcels_to_send) == (after().planned, after().parcels_to_send)


def test_one_warehouse_has_all_of_it_or_it_is_not_approved() -> None:
    short = {**STOCK, ("BER", "MUG"): StockItem(on_hand=1)}
    assert approved(MUGS, stock=short).order[2] == ReplacementPlanned(ID, "LYS", (ReturnItem("MUG", 2),))
    with pytest.raises(DomainError) as refused:
        approved(MUGS, stock={**short, ("LYS", "MUG"): StockItem(on_hand=1)})
    assert refused.value.code == "out-of-stock"


def test_what_is_sent_back_is_not_replaced() -> None:
    events = [MUGS, *approved(MUGS).order, ReturnReceived(ID, "LYS", EVE)]
    outcome = rma.inspect(after(*events), ID, (InspectedItem("MUG", restocked=1, dismissed=1),), by=EVE)
    assert outcome.order[1:] == [
        ReplacementPlanned(ID, "BER", (ReturnItem("MUG", 1),)),
        StockReleased((Allocation("BER", "MUG", 1),)),
    ]
    assert outcome.stock[("BER", "MUG")] == [UnitsReleased(ORDER, 1)]
    record = after(*events, *outcome.order)
    assert record.returns.by_id[ID].status is ReturnStatus.REPLACING
    assert record.held == (Allocation("BER", "MUG", 1),)
    assert not record.payment.granted
    assert record.fulfilment_status is FulfilmentStatus.DELIVERED


def test_what_was_sent_again_may_come_back_again() -> None:
    events = [MUGS, *approved(MUGS).order, ReturnReceived(ID, "BER", EVE)]
    inspected = rma.inspect(after(*events), ID, (InspectedItem("MUG", restocked=2),), by=EVE).order
    items = (ShipmentItem("MUG", 2),)
    sent = (ShipmentBooked(PARCEL, "BER", items, "b", "t"), ShipmentDispatched(PARCEL), ShipmentDelivered(PARCEL))
    assert returnable(after(*events, *inspected))["MUG"] == 0
    record = after(*events, *inspected, *sent)
    assert returnable(record)["MUG"] == 2
    assert record.held == ()
    assert record.lines[0].delivered == 2
    assert [type(each).__name__ for each in decide.close(record.returns, ID)] == ["ReturnClosed"]


def test_a_rejected_exchange_frees_what_was_reserved() -> None:
    events = [MUGS, *approved(MUGS).order]
    outcome = rma.reject(after(*events), ID, reason="never came", by=EVE)
    assert outcome.order[1:] == [StockReleased((Allocation("BER", "MUG", 2),))]
    record = after(*events, *outcome.order)
    assert record.held == ()
    assert record.planned == after().planned


def test_a_replacement_of_what_broke_brings_nothing_back_and_costs_nothing() -> None:
    broken = asked(("TEA", 1), kind=ReturnKind.REPLACEMENT)
    record = after(broken, *approved(broken).order)
    assert record.returns.by_id[ID].status is ReturnStatus.REPLACING
    assert record.lines[1].written_off == 1
    assert not record.payment.granted
    assert record.fulfilment_status is FulfilmentStatus.DELIVERED


def test_something_else_of_the_same_price_is_sent_instead() -> None:
    events = request(ReturnKind.EXCHANGE, ReturnItem("MUG", 1, "CUP"), CUP=1000)
    outcome = approved(*events)
    assert outcome.order[2] == ReplacementPlanned(ID, "BER", (ReturnItem("CUP", 1),))


@pytest.mark.parametrize(
    ("kind", "prices", "code"),
    [
        (ReturnKind.EXCHANGE, {"CUP": 999}, "prices-differ"),
        (ReturnKind.EXCHANGE, {"CUP": 1001}, "prices-differ"),
        (ReturnKind.EXCHANGE, {}, "unknown-sku"),
        (ReturnKind.RETURN, {"CUP": 1000}, "invalid-return"),
        (ReturnKind.REPLACEMENT, {"CUP": 1000}, "invalid-return"),
    ],
)
def test_no_money_moves(kind: ReturnKind, prices: dict[str, int], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        request(kind, ReturnItem("MUG", 1, "CUP"), **prices)
    assert refused.value.code == code


LABELLED = (
    asked(("MUG", 1), terms=ReturnTerms(label=True)),
    ReturnApproved(ID, "", EVE),
    ReturnLabelBooked(ID, "bkg-1", "T1"),
)


def test_a_label_is_booked_followed_and_cancelled_while_nothing_was_sent() -> None:
    assert after(*LABELLED[:2]).returns.by_id[ID].wants_label
    returns = after(*LABELLED).returns
    assert not returns.by_id[ID].wants_label
    assert decide.label(returns, ID, booking="bkg-2", tracking="T2") == []
    assert decide.cancel_label(returns, ID) == [ReturnLabelCancelled(ID, "bkg-1")]
    assert decide.cancel_label(after(*LABELLED, ReturnLabelCancelled(ID, "bkg-1")).returns, ID) == []
    sent = after(*LABELLED, ReturnParcelMoved(ID)).returns
    assert decide.move(returns, ID, arrived=False) == [ReturnParcelMoved(ID)]
    assert decide.move(sent, ID, arrived=False) == []
    assert decide.move(sent, ID, arrived=True) == [ReturnParcelMoved(ID, arrived=True)]
    assert decide.move(after(*LABELLED[:2]).returns, ID, arrived=True) == []


@pytest.mark.parametrize(
    ("of", "cancelled"), [(f"RMA-{OTHER}-BACK", False), (PARCEL, False), (f"RMA-{ID}-BACK", True)]
)
def test_only_a_booking_of_the_label_is_adopted(of: str, cancelled: bool) -> None:
    returns = after(*LABELLED[:2]).returns
    given = {"booking": "b", "tracking": "T"}
    with pytest.raises(DomainError) as refused:
        decide.adopt_label(returns, ID, of=of, cancelled=cancelled, **given)
    assert refused.value.code == "adoption-refused"
    fits = decide.adopt_label(returns, ID, of=f"RMA-{ID}-BACK", cancelled=False, **given)
    assert fits == [ReturnLabelBooked(ID, "b", "T")]


def test_steps_on_a_returns_parcels_are_aftercare() -> None:
    assert of_aftercare(f"book:{PARCEL}#0")
    assert of_aftercare(f"unbook:{PARCEL}-BACK#1")
    assert not of_aftercare("book:7K3M-9QXD-4WTE-BER#0")
