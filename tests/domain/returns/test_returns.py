"""What may come back, until when, and what it is worth."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain import rma
from domain.errors import DomainError
from domain.inventory.events import UnitsRestocked
from domain.orders.events import OrderCompleted, OrderConfirmed
from domain.payments.events import PaymentCaptured, RefundGranted
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.returns import decide
from domain.returns.events import (
    InspectedItem,
    ReturnApproved,
    ReturnClosed,
    ReturnInspected,
    ReturnItem,
    ReturnKind,
    ReturnReceived,
    ReturnRejected,
    ReturnRequested,
    ReturnTerms,
)
from domain.rma import Delivery, ReturnRequest, ReturnRules
from domain.shipping.events import ShipmentBooked, ShipmentDelivered, ShipmentDispatched, ShipmentItem
from domain.shipping.model import FulfilmentStatus
from tests.support.samples import AUTHORIZED, NOON, ORDER, PLACED, TAX_RATE, TOTAL, eur

ID = UUID("2d4c5a1e-7f0b-5c7d-9a1e-3b6f8d2c4e10")
OTHER = UUID("3d4c5a1e-7f0b-5c7d-9a1e-3b6f8d2c4e10")
ITEMS = (ShipmentItem("MUG", 2), ShipmentItem("TEA", 1))
DELIVERED: tuple[OrderStreamEvent, ...] = (
    replace(PLACED, tax_rate=TAX_RATE),
    *AUTHORIZED,
    OrderConfirmed(),
    ShipmentBooked("s-1", "BER", ITEMS, "b", "t"),
    ShipmentDispatched("s-1"),
    PaymentCaptured("capture#0", "c", TOTAL),
    ShipmentDelivered("s-1"),
)
COMPLETED = (*DELIVERED, OrderCompleted())
DELIVERIES = [Delivery(NOON, (ReturnItem("MUG", 2), ReturnItem("TEA", 1)))]
RULES = ReturnRules(timedelta(days=30), ReturnTerms(), auto_approve=False)
EVE = "operator:eve"


def wanted(*items: tuple[str, int], kind: ReturnKind = ReturnKind.RETURN, name: UUID = ID) -> ReturnRequest:
    return ReturnRequest(name, kind, tuple(ReturnItem(*item) for item in items), "too small", "customer:c-1")


def asked(
    *items: tuple[str, int],
    kind: ReturnKind = ReturnKind.RETURN,
    terms: ReturnTerms = RULES.terms,
    name: UUID = ID,
) -> ReturnRequested:
    request = wanted(*items, kind=kind, name=name)
    return ReturnRequested(name, kind, request.items, "too small", "customer:c-1", terms)


def back(*items: tuple[str, int], terms: ReturnTerms = RULES.terms, name: UUID = ID) -> list[OrderStreamEvent]:
    """Asked for, approved and received in Berlin."""
    return [asked(*items, terms=terms, name=name), ReturnApproved(name, "", EVE), ReturnReceived(name, "BER", EVE)]


def request(record: OrderRecord, *items: tuple[str, int], days: int = 1, rules: ReturnRules = RULES) -> object:
    return rma.request(record, wanted(*items), DELIVERIES, rules, at=NOON + timedelta(days=days))


def refused(code: str, *events: OrderStreamEvent) -> "Refusal":
    return Refusal(code, fold_record(events))


class Refusal:
    def __init__(self, code: str, record: OrderRecord) -> None:
        self.code, self.record = code, record

    def __call__(self, *items: tuple[str, int], days: int = 1) -> DomainError:
        with pytest.raises(DomainError) as caught:
            request(self.record, *items, days=days)
        assert caught.value.code == self.code
        return caught.value


@pytest.mark.parametrize("history", [DELIVERED, COMPLETED])
def test_delivered_goods_may_be_returned(history: tuple[OrderStreamEvent, ...]) -> None:
    assert request(fold_record(history), ("MUG", 2)) == [asked(("MUG", 2))]


def test_a_rule_approves_a_return_and_never_a_claim() -> None:
    rules = replace(RULES, auto_approve=True)
    record = fold_record(COMPLETED)
    assert request(record, ("MUG", 1), rules=rules) == [
        asked(("MUG", 1)),
        ReturnApproved(ID, "within the rules", "rule"),
    ]
    claim = wanted(("MUG", 1), kind=ReturnKind.CLAIM)
    assert rma.request(record, claim, DELIVERIES, rules, at=NOON) == [asked(("MUG", 1), kind=ReturnKind.CLAIM)]


def test_what_did_not_arrive_or_was_returned_is_not_returned() -> None:
    assert refused("more-than-delivered", *COMPLETED)(("MUG", 3)).details == {"returnable": {"MUG": 2, "TEA": 1}}
    refused("more-than-delivered", *DELIVERED[:-1])(("MUG", 1))
    refused("more-than-delivered", *COMPLETED, asked(("MUG", 1)))(("MUG", 2))
    assert request(fold_record([*COMPLETED, asked(("MUG", 2)), ReturnRejected(ID, "", EVE)]), ("MUG", 2))


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([("SPOON", 1)], "unknown-line"),
        ([("MUG", 1), ("MUG", 1)], "invalid-return"),
        ([("MUG", 0)], "invalid-return"),
        ([], "invalid-return"),
    ],
)
def test_lines_that_are_none(items: list[tuple[str, int]], code: str) -> None:
    refused(code, *COMPLETED)(*items)


def test_the_window() -> None:
    assert request(fold_record(COMPLETED), ("MUG", 1), days=30)
    assert refused("return-window-over", *COMPLETED)(("MUG", 1), days=31).details["returnable"] == 0


def test_an_order_that_is_not_under_way_has_nothing_to_return() -> None:
    assert refused("invalid-transition", PLACED)(("MUG", 1)).details["status"] == "placed"


def test_each_command_says_what_is_possible_instead() -> None:
    state = fold_record([*COMPLETED, asked(("MUG", 1))]).returns
    with pytest.raises(DomainError) as caught:
        decide.receive(state, ID, warehouse=None, warehouses=("BER",), by=EVE)
    assert caught.value.details == {"status": "requested", "possible": ["approve", "reject"]}
    with pytest.raises(DomainError) as caught:
        decide.approve(state, OTHER, reason="", by=EVE)
    assert caught.value.code == "return-not-found"


def test_it_is_received_at_a_warehouse_of_the_shop() -> None:
    state = fold_record([*COMPLETED, asked(("MUG", 1)), ReturnApproved(ID, "", EVE)]).returns
    given = {"warehouses": ("BER", "LYS"), "by": EVE}
    assert decide.receive(state, ID, warehouse=None, **given) == [ReturnReceived(ID, "BER", EVE)]  # type: ignore[arg-type]
    assert decide.receive(state, ID, warehouse="LYS", **given) == [ReturnReceived(ID, "LYS", EVE)]  # type: ignore[arg-type]
    with pytest.raises(DomainError) as caught:
        decide.receive(state, ID, warehouse="MUC", **given)  # type: ignore[arg-type]
    assert caught.value.code == "unknown-warehouse"


def test_an_inspection_restocks_writes_off_and_refunds_at_once() -> None:
    record = fold_record([*COMPLETED, *back(("MUG", 2))])
    found = (InspectedItem("MUG", restocked=1, damaged=1),)
    outcome = rma.inspect(record, ID, found, by=EVE)
    assert outcome.stock == {("BER", "MUG"): [UnitsRestocked(ORDER, 1)]}
    assert outcome.order == [
        ReturnInspected(ID, found, EVE),
        RefundGranted(f"return-{ID}", eur("23.80"), "return", EVE),
    ]
    after = fold_record(outcome.order, record)
    mug = after.lines[0]
    assert (mug.return_requested, mug.received, mug.written_off) == (2, 2, 1)
    assert after.fulfilment_status is FulfilmentStatus.PARTIALLY_RETURNED
    assert after.all_delivered


def test_pieces_sent_back_are_not_refunded_and_are_the_customers() -> None:
    record = fold_record([*COMPLETED, *back(("MUG", 2))])
    outcome = rma.inspect(record, ID, (InspectedItem("MUG", dismissed=2),), by=EVE)
    assert [type(event) for event in outcome.order] == [ReturnInspected]
    assert not outcome.stock
    assert fold_record(outcome.order, record).fulfilment_status is FulfilmentStatus.DELIVERED


@pytest.mark.parametrize(
    "found",
    [
        (InspectedItem("MUG", 1),),
        (InspectedItem("MUG", 3),),
        (InspectedItem("MUG", 3, -1),),
        (InspectedItem("MUG", 2), InspectedItem("TEA", 1)),
        (InspectedItem("MUG", 1), InspectedItem("MUG", 1)),
        (),
    ],
)
def test_an_inspection_accounts_for_every_piece(found: tuple[InspectedItem, ...]) -> None:
    with pytest.raises(DomainError) as caught:
        rma.inspect(fold_record([*COMPLETED, *back(("MUG", 2))]), ID, found, by=EVE)
    assert caught.value.code == "invalid-inspection"


@pytest.mark.parametrize(
    ("terms", "amount"),
    [
        (ReturnTerms(), "29.75"),
        (ReturnTerms(restocking_fee=Decimal(10)), "26.77"),
        (ReturnTerms(refund_shipping=True), "35.70"),
        (ReturnTerms(restocking_fee=Decimal(100)), None),
    ],
)
def test_fees_of_a_whole_order(terms: ReturnTerms, amount: str | None) -> None:
    record = fold_record([*COMPLETED, *back(("MUG", 2), ("TEA", 1), terms=terms)])
    found = (InspectedItem("MUG", restocked=2), InspectedItem("TEA", restocked=1))
    outcome = rma.inspect(record, ID, found, by=EVE)
    grants = [event.amount for event in outcome.order if isinstance(event, RefundGranted)]
    assert grants == ([] if amount is None else [eur(amount)])
    assert fold_record(outcome.order, record).fulfilment_status is FulfilmentStatus.RETURNED


def test_no_more_goes_back_than_is_left() -> None:
    before = RefundGranted("g-1", eur("30.00"), "", EVE)
    record = fold_record([*COMPLETED, before, *back(("MUG", 2))])
    outcome = rma.inspect(record, ID, (InspectedItem("MUG", restocked=2),), by=EVE)
    assert [event.amount for event in outcome.order if isinstance(event, RefundGranted)] == [eur("5.70")]


def test_a_claim_is_paid_when_it_is_approved_and_brings_nothing_back() -> None:
    claim = asked(("MUG", 1), kind=ReturnKind.CLAIM, terms=ReturnTerms(restocking_fee=Decimal(50)))
    record = fold_record([*COMPLETED, claim])
    events = rma.approve(record, {}, (), ID, reason="seen", by=EVE).order
    assert events == [
        ReturnApproved(ID, "seen", EVE),
        RefundGranted(f"return-{ID}", eur("11.90"), "claim", EVE),
    ]
    after = fold_record(events, record)
    assert (after.lines[0].received, after.lines[0].written_off) == (0, 1)
    assert after.fulfilment_status is FulfilmentStatus.DELIVERED


def test_it_is_closed_once() -> None:
    inspected = ReturnInspected(ID, (InspectedItem("MUG", dismissed=1),), EVE)
    record = fold_record([*COMPLETED, *back(("MUG", 1)), inspected])
    assert decide.close(record.returns, ID) == [ReturnClosed(ID)]
    assert decide.close(fold_record([ReturnClosed(ID)], record).returns, ID) == []
