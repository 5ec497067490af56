"""A customer's store credit: a balance by currency, and what each order has reserved and spent of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from domain.credit.events import (
    CreditEvent,
    CreditGranted,
    CreditReleased,
    CreditReserved,
    CreditReturned,
    CreditSpent,
    CreditStepClosed,
)
from domain.money import Money

Movement = CreditReserved | CreditSpent | CreditReleased | CreditReturned


@dataclass(frozen=True, slots=True)
class Reserved:
    """What one order has taken: `open` can be spent still, `spent` was and did not come back."""

    order_id: UUID
    open: Money
    spent: Money


@dataclass(frozen=True, slots=True)
class Credit:
    """`balances` by currency; `steps` is what each order's step has moved, `closed` those that never will."""

    balances: Mapping[str, Money] = field(default_factory=dict)
    reserved: Mapping[str, Reserved] = field(default_factory=dict)
    steps: Mapping[tuple[UUID, str], Movement] = field(default_factory=dict)
    closed: frozenset[tuple[UUID, str]] = frozenset()

    def balance(self, currency: str) -> Money:
        return self.balances.get(currency, Money.zero(currency))

    def still_reserved(self) -> list[Money]:
        """What is taken for orders and not spent, by currency."""
        sums: dict[str, Money] = {}
        for each in self.reserved.values():
            currency = each.open.currency
            sums[currency] = sums.get(currency, Money.zero(currency)) + each.open
        return [each for _, each in sorted(sums.items()) if each]


INITIAL = Credit()


def evolve(state: Credit, event: CreditEvent) -> Credit:
    match event:
        case CreditGranted(amount=amount):
            return _gained(state, amount)
        case CreditStepClosed(order_id, step):
            return replace(state, closed=state.closed | {(order_id, step)})
        case CreditReserved(order_id, _, payment, amount):
            taken = Reserved(order_id, amount, Money.zero(amount.currency))
            moved = _gained(replace(state, reserved={**state.reserved, payment: taken}), -amount)
        case CreditSpent(payment=payment, amount=amount):
            moved = _changed(state, payment, -amount, amount)
        case CreditReleased(payment=payment, amount=amount):
            moved = _gained(_changed(state, payment, -amount, Money.zero(amount.currency)), amount)
        case CreditReturned(payment=payment, amount=amount):
            moved = _gained(_changed(state, payment, Money.zero(amount.currency), -amount), amount)
        case _:
            assert_never(event)
    return replace(moved, steps={**state.steps, (event.order_id, event.step): event})


def _gained(state: Credit, amount: Money) -> Credit:
    return replace(state, balances={**state.balances, amount.currency: state.balance(amount.currency) + amount})


def _changed(state: Credit, payment: str, opened: Money, spent: Money) -> Credit:
    before = state.reserved.get(payment)
    if before is None:
        return state
    after = replace(before, open=before.open + opened, spent=before.spent + spent)
    return replace(state, reserved={**state.reserved, payment: after})
