"""An order's double-entry ledger: its accounts, and what each money event posts to them.

An entry's amount is a debit when positive and a credit when negative; the entries of one event sum to zero.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    ChargebackOpened,
    PaymentAbandoned,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentMethodChosen,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)


class Account(StrEnum):
    """`receivable` is what the customer has still to pay; a credit balance of it is owed to the customer.

    `authorized` is what can still be captured, and `commitments` its contra account: a promise moves no money.
    `refunds` is what the customer was let off afterwards. `gateway` is what the gateway holds or paid out for the
    shop; what the customer's bank took back lies in `chargebacks` until the dispute is over, because the
    customer's debt is paid all the same.
    """

    RECEIVABLE = "receivable"
    AUTHORIZED = "authorized"
    COMMITMENTS = "commitments"
    GATEWAY = "gateway"
    CHARGEBACKS = "chargebacks"
    REFUNDS = "refunds"
    GOODS = "goods"
    SHIPPING = "shipping"
    TAX = "tax"


REVENUE = (Account.GOODS, Account.SHIPPING, Account.TAX)
"""What the customer is charged for. Their balances are credits; with what was let off, they are −owed."""
OWED = (*REVENUE, Account.REFUNDS)


@dataclass(frozen=True, slots=True)
class Entry:
    account: Account
    amount: Money


Balances = Mapping[Account, int]
"""Minor units by account, in the order's currency. An account without entries is missing."""


def transfer(debit: Account, credit: Account, amount: Money) -> tuple[Entry, ...]:
    """`amount` to the debit of one account and the credit of another; no entries for nothing."""
    return (Entry(debit, amount), Entry(credit, -amount)) if amount else ()


def post(balances: Balances, entries: Iterable[Entry]) -> Balances:
    after = dict(balances)
    for entry in entries:
        after[entry.account] = after.get(entry.account, 0) + entry.amount.minor
    return after


def charge(balances: Balances, owed: Mapping[Account, Money]) -> tuple[Entry, ...]:
    """Bring what the customer is charged for to the sums of `owed`, whatever it was before."""
    changes = [
        (account, Money(amount.minor + balances.get(account, 0), amount.currency))
        for account, amount in owed.items()
    ]
    return tuple(
        entry for account, more in changes for entry in transfer(Account.RECEIVABLE, account, more) if more
    )


def entries_of(event: PaymentEvent) -> tuple[Entry, ...]:
    """What a money event posts. Requests and refusals move nothing."""
    match event:
        case PaymentAuthorized(amount=amount):
            return transfer(Account.AUTHORIZED, Account.COMMITMENTS, amount)
        case PaymentVoided(amount=amount):
            return transfer(Account.COMMITMENTS, Account.AUTHORIZED, amount)
        case PaymentCaptured(amount=amount):
            return (
                *transfer(Account.COMMITMENTS, Account.AUTHORIZED, amount),
                *transfer(Account.GATEWAY, Account.RECEIVABLE, amount),
            )
        case PaymentRefunded(amount=amount):
            return transfer(Account.RECEIVABLE, Account.GATEWAY, amount)
        case RefundGranted(amount=amount):
            return transfer(Account.REFUNDS, Account.RECEIVABLE, amount)
        case ChargebackOpened(amount=amount):
            return transfer(Account.CHARGEBACKS, Account.GATEWAY, amount)
        case PaymentRequested() | CaptureRequested() | VoidRequested() | RefundRequested():
            return ()
        case PaymentDeclined() | PaymentMethodChosen() | PaymentAbandoned() | PaymentActionRefused():
            return ()
        case _:
            assert_never(event)
