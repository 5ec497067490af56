"""Whatever is asked of stock, in whatever order: nothing is oversold and no piece is lost or made."""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.decider import fold
from domain.errors import DomainError
from domain.inventory import decide
from domain.inventory.events import (
    StockAdjusted,
    StockEvent,
    StockReceived,
    UnitsReleased,
    UnitsReserved,
    UnitsShipped,
)
from domain.inventory.model import StockItem, evolve

orders = st.sampled_from([UUID(int=number) for number in range(1, 4)])
quantities = st.integers(-2, 8)


class Stock(RuleBasedStateMachine):
    """Decides, and counts beside the fold: what came in, what left, and which order holds how many."""

    def __init__(self) -> None:
        super().__init__()
        self.state = StockItem()
        self.log: list[StockEvent] = []
        self.held: Counter[UUID] = Counter()

    def ask(self, decision: Callable[[StockItem], Sequence[StockEvent]]) -> Sequence[StockEvent]:
        try:
            events = decision(self.state)
        except DomainError:
            return ()
        self.state = fold(evolve, self.state, events)
        self.log += events
        return events

    @rule(quantity=quantities)
    def receive(self, quantity: int) -> None:
        events = self.ask(lambda stock: decide.receive(stock, quantity, "delivery"))
        assert bool(events) == (quantity > 0)

    @rule(change=st.integers(-8, 8))
    def adjust(self, change: int) -> None:
        self.ask(lambda stock: decide.adjust(stock, change, "count"))

    @rule(order=orders, quantity=quantities)
    def reserve(self, order: UUID, quantity: int) -> None:
        available = self.state.available
        events = self.ask(lambda stock: decide.reserve(stock, order, quantity))
        assert bool(events) == (0 < quantity <= available)
        self.held[order] += quantity if events else 0

    @rule(order=orders)
    def release(self, order: UUID) -> None:
        self.ask(lambda stock: decide.release(stock, order))
        self.held[order] = 0

    @rule(order=orders, quantity=quantities)
    def ship(self, order: UUID, quantity: int) -> None:
        events = self.ask(lambda stock: decide.ship(stock, order, quantity))
        assert bool(events) == (0 < quantity <= self.held[order])
        self.held[order] -= quantity if events else 0

    @invariant()
    def never_oversold(self) -> None:
        assert self.state.on_hand >= self.state.reserved >= 0
        assert all(held > 0 for held in self.state.holds.values())

    @invariant()
    def no_piece_is_lost_or_made(self) -> None:
        def pieces(kind: type[StockEvent]) -> int:
            return sum(event.quantity for event in self.log if isinstance(event, kind))

        assert pieces(StockReceived) - pieces(UnitsShipped) + pieces(StockAdjusted) == self.state.on_hand
        assert pieces(UnitsReserved) - pieces(UnitsReleased) - pieces(UnitsShipped) == self.state.reserved

    @invariant()
    def every_order_holds_what_it_reserved(self) -> None:
        assert self.state.holds == +self.held

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert fold(evolve, StockItem(), self.log) == self.state


TestStock = Stock.TestCase
TestStock.settings = settings(max_examples=60, stateful_step_count=30)
