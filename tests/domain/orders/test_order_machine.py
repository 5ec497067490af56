"""Whatever is asked of an order, in whatever order: it ends once, and nothing happens to it afterwards."""

from collections.abc import Callable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.decider import fold
from domain.errors import DomainError
from domain.money import Money
from domain.orders import decide
from domain.orders.events import (
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderEvent,
    OrderPlaced,
    StepAction,
)
from domain.orders.model import INITIAL, NoOrder, Order, OrderState, OrderStatus, evolve
from tests.support.samples import NOON, PLACE, TOTAL, eur

steps = st.sampled_from(("authorize#1", "capture:s-1#1", "void#1"))
amounts = st.sampled_from((eur("0"), eur("0.01"), TOTAL))
flags = st.booleans()

NEXT = {
    OrderStatus.PLACED: {OrderStatus.CONFIRMED, OrderStatus.CANCELLING},
    OrderStatus.CONFIRMED: {OrderStatus.CANCELLING, OrderStatus.COMPLETED},
    OrderStatus.CANCELLING: {OrderStatus.PLACED, OrderStatus.CONFIRMED, OrderStatus.CANCELLED},
    OrderStatus.CANCELLED: set(),
    OrderStatus.COMPLETED: set(),
}


class Orders(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state: OrderState = INITIAL
        self.log: list[OrderEvent] = []

    def ask(self, decision: Callable[[OrderState], Sequence[OrderEvent]]) -> bool:
        before = self.state
        try:
            events = decision(before)
        except DomainError:
            return False
        self.state = fold(evolve, before, events)
        self.log += events
        if isinstance(before, Order) and isinstance(self.state, Order):
            assert not before.status.terminal
            assert self.state.status in {before.status, *NEXT[before.status]}
        return True

    @rule()
    def place(self) -> None:
        first = not self.log
        assert self.ask(lambda state: decide.place(state, PLACE, NOON)) == first

    @rule(reserved=flags, authorized=amounts)
    def confirm(self, reserved: bool, authorized: Money) -> None:
        if self.ask(lambda state: decide.confirm(state, reserved=reserved, authorized=authorized)):
            assert reserved
            assert authorized == TOTAL

    @rule(dispatched=flags)
    def request_cancellation(self, dispatched: bool) -> None:
        if self.ask(
            lambda state: decide.request_cancellation(
                state, dispatched=dispatched, reason="changed", requested_by="c-1"
            )
        ):
            assert not dispatched

    @rule()
    def reject_cancellation(self) -> None:
        self.ask(lambda state: decide.reject_cancellation(state, reason="gone"))

    @rule(held=amounts, reserved=flags)
    def cancel(self, held: Money, reserved: bool) -> None:
        if self.ask(lambda state: decide.cancel(state, held=held, reserved=reserved)):
            assert not held
            assert not reserved

    @rule(delivered=flags, paid=amounts)
    def complete(self, delivered: bool, paid: Money) -> None:
        if self.ask(lambda state: decide.complete(state, delivered=delivered, paid=paid, authorized=eur("0"))):
            assert delivered
            assert paid == TOTAL

    @rule(step=steps)
    def stall(self, step: str) -> None:
        self.ask(lambda state: decide.stall(state, step=step, error_type="Unknown", error="no answer"))

    @rule(step=steps, action=st.sampled_from(StepAction), dispatched=flags)
    def resolve(self, step: str, action: StepAction, dispatched: bool) -> None:
        waiting = isinstance(self.state, Order) and step in self.state.stalled
        if self.ask(
            lambda state: decide.resolve_step(
                state, step=step, action=action, reason="up", resolved_by="o-1", dispatched=dispatched
            )
        ):
            assert waiting
            assert isinstance(self.state, Order)
            assert step not in self.state.stalled

    @invariant()
    def it_begins_with_one_placing(self) -> None:
        assert [event for event in self.log if isinstance(event, OrderPlaced)] == self.log[:1]
        assert isinstance(self.state, NoOrder) == (not self.log)

    @invariant()
    def it_ends_once_and_nothing_follows(self) -> None:
        ends = [event for event in self.log if isinstance(event, OrderCancelled | OrderCompleted)]
        assert ends in ([], self.log[-1:])
        if isinstance(self.state, Order):
            assert self.state.status.terminal == bool(ends)

    @invariant()
    def it_is_confirmed_at_most_once_and_before_it_completes(self) -> None:
        confirmed = sum(isinstance(event, OrderConfirmed) for event in self.log)
        completed = any(isinstance(event, OrderCompleted) for event in self.log)
        assert int(completed) <= confirmed <= 1

    @invariant()
    def a_closed_order_needs_no_attention_and_a_cancelled_one_owes_nothing(self) -> None:
        if isinstance(self.state, Order):
            assert not (self.state.status.terminal and self.state.attention)
            assert bool(self.state.owed) == (self.state.status is not OrderStatus.CANCELLED)

    @invariant()
    def fulfilling_is_never_a_fold_of_the_orders_own_events(self) -> None:
        assert not isinstance(self.state, Order) or self.state.status is not OrderStatus.FULFILLING

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert fold(evolve, INITIAL, self.log) == self.state


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=80, stateful_step_count=30)
