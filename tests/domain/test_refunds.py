"""Granting refunds: what is owed falls at once, the money follows, and never more than was paid."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError, InvalidValue, NotAllowed
from domain.ledger import balances_of, disagreements
from domain.money import Money
from domain.orders.events import OrderCancellationRequested, OrderCompleted, OrderConfirmed
from domain.payments import decide
from domain.payments.events import ChargebackOpened, PaymentCaptured, PaymentRefunded, RefundGranted
from domain.payments.ledger import Account
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.refunds import cost_of, grant
from tests.support.samples import AUTHORIZED, PLACED, TOTAL, eur

CAPTURED = (PLACED, *AUTHORIZED, OrderConfirmed(), PaymentCaptured("capture#0", "c", TOTAL))


def granted(*events: OrderStreamEvent, amount: Money | None = None, lines: dict[str, int] | None = None) -> object:
    record = fold_record(events)
    return grant(record, "g-1", amount=amount, lines=lines or {}, reason="chipped", by="operator:o")


def test_a_grant_of_an_amount() -> None:
    assert granted(*CAPTURED, amount=eur("5.00")) == [RefundGranted("g-1", eur("5.00"), "chipped", "operator:o")]
    assert granted(*CAPTURED, OrderCompleted(), amount=TOTAL) == [
        RefundGranted("g-1", TOTAL, "chipped", "operator:o")
    ]


def test_pieces_of_lines_cost_what_they_cost_with_their_tax() -> None:
    record = fold_record(CAPTURED)
    taxed = fold_record([_with_tax(), *CAPTURED[1:]])
    assert cost_of(record, {"MUG": 1, "TEA": 1}) == eur("15.00")
    assert cost_of(taxed, {"MUG": 1, "TEA": 1}) == eur("17.85")


@pytest.mark.parametrize("lines", [{"MUG": 3}, {"MUG": 0}, {"SPOON": 1}])
def test_pieces_that_were_not_ordered_are_not_refunded(lines: dict[str, int]) -> None:
    with pytest.raises(InvalidValue) as refused:
        granted(*CAPTURED, lines=lines)
    assert refused.value.code == "invalid-refund"


@pytest.mark.parametrize(("amount", "lines"), [(None, {}), (eur("1.00"), {"MUG": 1})])
def test_it_is_either_an_amount_or_lines(amount: Money | None, lines: dict[str, int]) -> None:
    with pytest.raises(InvalidValue):
        granted(*CAPTURED, amount=amount, lines=lines)


@pytest.mark.parametrize(
    "events",
    [
        (PLACED, *AUTHORIZED),
        (*CAPTURED, OrderCancellationRequested("r", "o")),
    ],
)
def test_only_an_order_that_goes_on_or_is_completed_takes_one(events: tuple[OrderStreamEvent, ...]) -> None:
    with pytest.raises(NotAllowed) as refused:
        granted(*events, amount=eur("1.00"))
    assert refused.value.code == "invalid-transition"


@pytest.mark.parametrize(
    "before",
    [
        (RefundGranted("g-0", eur("30.71"), "r", "o"),),
        (RefundGranted("g-0", eur("30.71"), "r", "o"), PaymentRefunded("refund:g-0#0", "r", eur("30.71"))),
        (ChargebackOpened("dp", eur("30.71"), "fraud"),),
    ],
    ids=["granted", "given back", "charged back"],
)
def test_nothing_is_given_twice(before: tuple[OrderStreamEvent, ...]) -> None:
    assert granted(*CAPTURED, *before, amount=eur("4.99"))
    with pytest.raises(NotAllowed) as refused:
        granted(*CAPTURED, *before, amount=eur("5.00"))
    assert refused.value.code == "amount-above-captured"


def test_another_currency_is_refused() -> None:
    with pytest.raises(InvalidValue):
        granted(*CAPTURED, amount=Money(100, "JPY"))


def test_what_is_owed_falls_with_the_grant_and_the_money_closes_it() -> None:
    let_off = (*CAPTURED, RefundGranted("g-0", eur("5.00"), "r", "o"))
    record = fold_record(let_off)
    assert (record.owed, record.amounts.due, record.settled) == (eur("30.70"), eur("-5.00"), TOTAL)
    paid_back = (*let_off, PaymentRefunded("refund:g-0#0", "r", eur("5.00")))
    record = fold_record(paid_back)
    assert (record.amounts.due, record.settled) == (eur("0.00"), TOTAL)
    balances = balances_of(paid_back)
    assert (balances[Account.REFUNDS], balances[Account.RECEIVABLE], balances[Account.GATEWAY]) == (500, 0, 3070)
    assert not disagreements(balances, record)


def test_a_refund_that_nobody_granted_is_a_debt_again() -> None:
    record = fold_record([*CAPTURED, PaymentRefunded("refund#0", "r", eur("5.00"))])
    assert record.settled == eur("30.70")


@given(st.lists(st.tuples(st.sampled_from(["capture", "grant", "refund", "charge back"]), st.integers(1, 2000))))
def test_whatever_is_granted_and_given_back_the_books_balance(moves: list[tuple[str, int]]) -> None:
    """Any parcel's captures, grants, refunds and chargebacks, as far as the deciders let them."""
    log: list[OrderStreamEvent] = [PLACED, *AUTHORIZED, OrderConfirmed()]
    for number, (move, minor) in enumerate(moves):
        record = fold_record(log)
        try:
            log += _moved(record, move, Money(minor, "EUR"), number)
        except DomainError:
            continue
        after = fold_record(log)
        assert not disagreements(balances_of(log), after)
        payment = after.payment
        assert payment.granted + payment.charged_back <= payment.captured
        assert payment.refunded <= payment.granted
        assert after.settled == payment.captured


def _moved(record: OrderRecord, move: str, amount: Money, number: int) -> list[OrderStreamEvent]:
    payment = record.payment
    match move:
        case "capture":
            step = f"capture#{number}"
            decide.request_capture(record.payment_state, step, shipment_id="p", amount=amount)
            return [PaymentCaptured(step, "c", amount)]
        case "grant":
            return [*grant(record, f"g-{number}", amount=amount, lines={}, reason="r", by="o")]
        case "charge back":
            if amount > payment.captured - payment.granted - payment.charged_back:
                return []
            return [*decide.open_chargeback(payment, reference=f"dp-{number}", amount=amount, reason="r")]
        case _:
            return _given_back(record)


def _given_back(record: OrderRecord) -> list[OrderStreamEvent]:
    """The oldest grant whose money has not gone back."""
    paid_back = 0
    for grant_id, amount in record.payment.grants.items():
        if paid_back == record.payment.refunded.minor:
            step = f"refund:{grant_id}#0"
            decide.request_granted_refund(record.payment_state, step, grant_id=grant_id)
            return [PaymentRefunded(step, "r", amount)]
        paid_back += amount.minor
    return []


def _with_tax() -> OrderStreamEvent:
    return replace(PLACED, tax_rate=Decimal("0.19"))
