"""Every event posts entries that sum to zero, and the ledger tells the same as the order's sums."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ledger import balances_of, disagreements, entries
from domain.money import Money
from domain.orders.events import OrderCancellationRequested, OrderCancelled, OrderLinesCancelled, Totals
from domain.payments.events import (
    ChargebackOpened,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
)
from domain.payments.ledger import Account, Balances, Entry, charge, entries_of, post
from domain.record import OrderStreamEvent, fold_record
from tests.support.samples import AUTHORIZED, PLACED, TOTAL, eur

amounts = st.integers(0, 10**9).map(lambda minor: Money(minor, "EUR"))
MOVES = (PaymentAuthorized, PaymentCaptured, PaymentVoided, PaymentRefunded)


def ledger(*events: OrderStreamEvent) -> dict[str, str]:
    """The balances after the placing and these events, zeros left out."""
    found = balances_of([PLACED, *events])
    return {account.value: str(Money(minor, "EUR").decimal) for account, minor in found.items() if minor}


def test_a_placed_order_is_receivable() -> None:
    assert ledger() == {"receivable": "35.70", "goods": "-25.00", "shipping": "-5.00", "tax": "-5.70"}


def test_an_authorisation_is_a_promise() -> None:
    assert ledger(*AUTHORIZED)["authorized"] == "35.70"
    assert ledger(*AUTHORIZED)["commitments"] == "-35.70"
    assert ledger(*AUTHORIZED)["receivable"] == "35.70"


def test_a_capture_uses_the_promise_up_and_pays() -> None:
    found = ledger(*AUTHORIZED, PaymentCaptured("capture#0", "c", eur("20.00")))
    assert (found["authorized"], found["gateway"], found["receivable"]) == ("15.70", "20.00", "15.70")


def test_what_is_paid_in_full_leaves_revenue_and_cash() -> None:
    found = ledger(*AUTHORIZED, PaymentCaptured("capture#0", "c", TOTAL))
    assert found == {"gateway": "35.70", "goods": "-25.00", "shipping": "-5.00", "tax": "-5.70"}


def test_a_chargeback_takes_cash_and_leaves_the_debt_paid() -> None:
    captured = (*AUTHORIZED, PaymentCaptured("capture#0", "c", TOTAL))
    found = ledger(*captured, ChargebackOpened("dp_1", eur("10.00"), "fraudulent"))
    assert (found["gateway"], found["chargebacks"], found.get("receivable")) == ("25.70", "10.00", None)


def test_a_cancelled_order_leaves_nothing() -> None:
    undone: Sequence[OrderStreamEvent] = [
        *AUTHORIZED,
        PaymentCaptured("capture#0", "c", eur("20.00")),
        OrderCancellationRequested("r", "c-1"),
        PaymentVoided("void#0", "v", eur("15.70")),
        PaymentRefunded("refund#0", "r", eur("20.00")),
        OrderCancelled("r"),
    ]
    assert ledger(*undone) == {}
    assert not disagreements(balances_of([PLACED, *undone]), fold_record([PLACED, *undone]))


@pytest.mark.parametrize(
    "event", [PaymentRequested("a#0", "sim_ok", TOTAL), PaymentDeclined("a#0", "card-declined", "No")]
)
def test_requests_and_refusals_post_nothing(event: PaymentEvent) -> None:
    assert entries_of(event) == ()


@given(event=st.sampled_from(MOVES), amount=amounts)
def test_what_a_money_event_posts_sums_to_zero(event: type, amount: Money) -> None:
    posted = entries_of(event("step#0", "ref", amount))
    assert sum(entry.amount.minor for entry in posted) == 0
    assert bool(posted) is bool(amount)


@given(before=st.dictionaries(st.sampled_from(list(Account)), st.integers(-(10**9), 10**9)), owed=amounts)
def test_a_charge_sets_what_is_owed_and_sums_to_zero(before: dict[Account, int], owed: Money) -> None:
    posted = charge(before, {Account.GOODS: owed})
    assert sum(entry.amount.minor for entry in posted) == 0
    assert post(before, posted).get(Account.GOODS, 0) == -owed.minor
    assert charge(post(before, posted), {Account.GOODS: owed}) == ()


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (Entry(Account.GATEWAY, eur("0.01")), "does not balance: 1 minor"),
        (None, "due: 35.70 EUR, and the ledger has 0.00 EUR"),
    ],
)
def test_a_disagreement_is_seen(entry: Entry | None, fault: str) -> None:
    balances: Balances = post(balances_of([PLACED]), [entry]) if entry else {}
    assert fault in "; ".join(disagreements(balances, fold_record([PLACED])))


def test_lines_that_are_cancelled_or_replaced_change_what_is_charged_for() -> None:
    fewer = Totals(subtotal=eur("20.00"), shipping=eur("5.00"), tax=eur("4.75"), total=eur("29.75"))
    cancelled = OrderLinesCancelled((PLACED.lines[1],), fewer, "out of stock", "system")
    assert ledger(cancelled) == {"receivable": "29.75", "goods": "-20.00", "shipping": "-5.00", "tax": "-4.75"}
    assert not disagreements(balances_of([PLACED, cancelled]), fold_record([PLACED, cancelled]))


def test_later_entries_go_by_what_was_posted_before() -> None:
    placed = balances_of([PLACED])
    assert entries(placed, PLACED, "EUR") == ()
