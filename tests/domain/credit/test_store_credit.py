"""Store credit: granted, reserved for an order, spent, and given back; never below zero, and a step once."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.credit import decide
from domain.credit.events import (
    CreditEvent,
    CreditGranted,
    CreditReleased,
    CreditReserved,
    CreditReturned,
    CreditSpent,
    CreditStepClosed,
)
from domain.credit.model import INITIAL, Credit, evolve
from domain.decider import fold
from domain.errors import DomainError, InvalidValue
from domain.money import Money
from tests.support.samples import eur
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given
ORDER, OTHER = UUID(int=1), UUID(int=2)
GRANTED = CreditGranted("c-1", eur("20.00"), "goodwill", "operator:eve")
RESERVED = CreditReserved(ORDER, "authorize#0", "credit_1", eur("15.00"))
SPENT = CreditSpent(ORDER, "capture:p#0", "credit_1", eur("10.00"))


def test_it_is_granted() -> None:
    given().when(decide.grant, "c-1", amount=eur("20.00"), reason="goodwill", by="operator:eve").then(GRANTED)
    refused = given().when(decide.grant, "c-1", amount=eur("0"), reason="r", by="o")
    refused.then_refused("invalid-amount", InvalidValue)


def test_an_order_takes_what_there_is_and_no_more() -> None:
    wanted: dict[str, Any] = {"payment": "credit_1", "amount": eur("15.00")}
    given(GRANTED).when(decide.reserve, ORDER, "authorize#0", **wanted).then(RESERVED)
    given(GRANTED, RESERVED).when(decide.reserve, ORDER, "authorize#0", **wanted).then_nothing()  # once per step
    other = given(GRANTED, RESERVED).when(decide.reserve, OTHER, "authorize#0", **wanted)
    refusal = other.then_refused("insufficient-store-credit")
    assert refusal.details == {"left": str(eur("5.00"))}


def test_a_grant_in_one_currency_pays_nothing_in_another() -> None:
    dollars: dict[str, Any] = {"payment": "credit_1", "amount": Money(1, "USD")}
    given(GRANTED).when(decide.reserve, ORDER, "authorize#0", **dollars).then_refused("insufficient-store-credit")


def test_it_is_spent_within_what_is_reserved() -> None:
    spend: dict[str, Any] = {"payment": "credit_1", "amount": eur("10.00")}
    given(GRANTED, RESERVED).when(decide.spend, ORDER, "capture:p#0", **spend).then(SPENT)
    again = given(GRANTED, RESERVED, SPENT).when(decide.spend, ORDER, "capture:q#0", **spend)
    again.then_refused("exceeds-store-credit")
    given(GRANTED, RESERVED).when(decide.spend, OTHER, "capture:p#0", **spend).then_refused("unknown-payment")


def test_the_rest_and_what_was_spent_come_back() -> None:
    released = CreditReleased(ORDER, "void#0", "credit_1", eur("5.00"))
    given(GRANTED, RESERVED, SPENT).when(decide.release, ORDER, "void#0", payment="credit_1").then(released)
    back = CreditReturned(ORDER, "refund#0", "credit_1", eur("10.00"))
    given(GRANTED, RESERVED, SPENT, released).when(
        decide.give_back, ORDER, "refund#0", payment="credit_1", amount=eur("10.00")
    ).then(back)
    assert given(GRANTED, RESERVED, SPENT, released, back).state.balance("EUR") == eur("20.00")
    more = given(GRANTED, RESERVED, SPENT).when(
        decide.give_back, ORDER, "refund#0", payment="credit_1", amount=eur("10.01")
    )
    more.then_refused("exceeds-store-credit")


def test_a_step_that_was_closed_moves_nothing() -> None:
    closed = CreditStepClosed(ORDER, "authorize#0")
    given(GRANTED).when(decide.close, ORDER, "authorize#0").then(closed)
    given(GRANTED, RESERVED).when(decide.close, ORDER, "authorize#0").then_nothing()
    late = given(GRANTED, closed).when(
        decide.reserve, ORDER, "authorize#0", payment="credit_1", amount=eur("15.00")
    )
    late.then_refused("abandoned")


amounts = st.integers(-1, 12).map(lambda minor: Money(minor, "EUR"))
orders = st.sampled_from((ORDER, OTHER))


class Credits(RuleBasedStateMachine):
    """Two orders that share one customer's credit."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.log, self.number = INITIAL, list[CreditEvent](), 0

    def ask(self, decided: Callable[[Credit, str], Sequence[CreditEvent]]) -> None:
        self.number += 1
        try:
            events = decided(self.state, f"step#{self.number}")
        except DomainError:
            return
        self.state = fold(evolve, self.state, events)
        self.log += events

    @rule(amount=amounts)
    def grant(self, amount: Money) -> None:
        self.ask(lambda state, _: decide.grant(state, "c", amount=amount, reason="r", by="o"))

    @rule(order=orders, amount=amounts)
    def reserve(self, order: UUID, amount: Money) -> None:
        self.ask(lambda state, step: decide.reserve(state, order, step, payment=f"p-{order.int}", amount=amount))

    @rule(order=orders, amount=amounts)
    def spend(self, order: UUID, amount: Money) -> None:
        self.ask(lambda state, step: decide.spend(state, order, step, payment=f"p-{order.int}", amount=amount))

    @rule(order=orders)
    def release(self, order: UUID) -> None:
        self.ask(lambda state, step: decide.release(state, order, step, payment=f"p-{order.int}"))

    @rule(order=orders, amount=amounts)
    def give_back(self, order: UUID, amount: Money) -> None:
        self.ask(lambda state, step: decide.give_back(state, order, step, payment=f"p-{order.int}", amount=amount))

    @invariant()
    def nothing_is_below_zero(self) -> None:
        assert self.state.balance("EUR").minor >= 0
        assert all(each.open.minor >= 0 and each.spent.minor >= 0 for each in self.state.reserved.values())

    @invariant()
    def the_balance_is_what_was_granted_less_what_orders_hold(self) -> None:
        sums = dict.fromkeys((CreditGranted, CreditReserved, CreditReleased, CreditReturned), 0)
        for event in self.log:
            if type(event) in sums and not isinstance(event, CreditStepClosed):
                sums[type(event)] += event.amount.minor
        back = sums[CreditReleased] + sums[CreditReturned]
        assert self.state.balance("EUR").minor == sums[CreditGranted] - sums[CreditReserved] + back


TestCredits = Credits.TestCase
TestCredits.settings = settings(max_examples=60, stateful_step_count=30)


@pytest.mark.parametrize("event", [GRANTED, RESERVED, SPENT])
def test_any_event_folds_on_nothing(event: CreditEvent) -> None:
    assert isinstance(evolve(INITIAL, event), Credit)
