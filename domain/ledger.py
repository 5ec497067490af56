"""The ledger of a whole order: what it is charged for, posted beside what its money events post."""

from collections.abc import Iterable
from typing import get_args

from domain.money import Money
from domain.orders.events import (
    LineSubstituted,
    OrderAmended,
    OrderCancelled,
    OrderLinesCancelled,
    OrderPlaced,
    Totals,
)
from domain.payments.events import PaymentEvent
from domain.payments.ledger import OWED, REVENUE, Account, Balances, Entry, charge, entries_of, post
from domain.record import OrderRecord, OrderStreamEvent

_MONEY = get_args(PaymentEvent)


def entries(balances: Balances, event: OrderStreamEvent, currency: str) -> tuple[Entry, ...]:
    """What the order's next event posts; the entries sum to zero.

    Args:
        balances: The ledger before the event.
    """
    match event:
        case OrderPlaced(totals=totals) | OrderLinesCancelled(totals=totals) | LineSubstituted(totals=totals):
            return charge(balances, _charged(totals))
        case OrderAmended(terms=terms):
            return charge(balances, _charged(terms.totals))
        case OrderCancelled():
            if not balances:  # nothing was ever charged for, and an empty ledger has no currency
                return ()
            return charge(balances, dict.fromkeys(OWED, Money.zero(currency)))
        case _:
            return entries_of(event) if isinstance(event, _MONEY) else ()


def balances_of(events: Iterable[OrderStreamEvent]) -> Balances:
    """The ledger after all these events of one order, its placing first."""
    balances: Balances = {}
    currency = ""
    for event in events:
        if isinstance(event, OrderPlaced):
            currency = event.totals.total.currency
        balances = post(balances, entries(balances, event, currency))
    return balances


def disagreements(balances: Balances, record: OrderRecord) -> list[str]:
    """Where the ledger and the order's sums, two folds of the same events, differ; and whether it balances."""
    if total := sum(balances.values()):
        return [f"the ledger does not balance: {total} minor units"]
    charged_back = record.payment.charged_back
    expected = {
        "due": (record.amounts.due, balances.get(Account.RECEIVABLE, 0)),
        "authorised": (record.payment.open, balances.get(Account.AUTHORIZED, 0)),
        "paid": (record.payment.paid - charged_back, balances.get(Account.GATEWAY, 0)),
        "charged back": (charged_back, balances.get(Account.CHARGEBACKS, 0)),
        "owed": (record.owed, -sum(balances.get(account, 0) for account in OWED)),
    }
    return [
        f"{name}: {amount}, and the ledger has {Money(minor, amount.currency)}"
        for name, (amount, minor) in expected.items()
        if amount.minor != minor
    ]


def _charged(totals: Totals) -> dict[Account, Money]:
    return dict(zip(REVENUE, (totals.subtotal, totals.shipping, totals.tax), strict=True))
