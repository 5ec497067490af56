"""Orders over shared stock, in any order of events: nothing is sold twice, and nobody overtakes who waits."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.availability import Outcome, Place, Question, decide, places_of, release, reserve, take_up
from domain.decider import fold
from domain.errors import NotAllowed
from domain.inventory.events import StockEvent, StockReceived, StockUnavailable
from domain.inventory.model import StockItem, evolve
from domain.inventory.queue import serve
from domain.orders.decide import cancel, request_cancellation
from domain.orders.events import Decision, OnUnavailable, OrderLine
from domain.orders.pricing import totals_of
from domain.record import OrderRecord, fold_record
from tests.support.samples import NOON, PLACED, TAX_RATE, eur

PLACES, SKUS = ("BER", "LYS"), ("MUG", "TEA")
DEADLINE = NOON + timedelta(days=1)
QUESTION = Question("reserve#0", Decision.DROP, DEADLINE)
pieces = st.integers(1, 4)
chosen = st.integers(0, 20)


class Shelves(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stock: dict[Place, StockItem] = {(place, sku): StockItem() for place in PLACES for sku in SKUS}
        self.orders: list[OrderRecord] = []
        self.received = dict.fromkeys(SKUS, 0)

    def append(self, changes: dict[Place, list[StockEvent]]) -> None:
        """As every append of stock does it: what comes free goes to those who wait, at once."""
        for place, events in changes.items():
            self.stock[place] = fold(evolve, self.stock[place], events)
        for sku in SKUS:
            for warehouse, more in serve({each: self.stock[each, sku] for each in PLACES}, PLACES).items():
                self.stock[warehouse, sku] = fold(evolve, self.stock[warehouse, sku], more)

    def commit(self, number: int, outcome: Outcome) -> None:
        self.orders[number] = fold_record(outcome.order, self.orders[number])
        self.append(outcome.stock)

    def pick(self, number: int) -> int | None:
        live = [index for index, record in enumerate(self.orders) if not record.status.terminal]
        return live[number % len(live)] if live else None

    @rule(place=st.sampled_from(PLACES), sku=st.sampled_from(SKUS), count=pieces)
    def receive(self, place: str, sku: str, count: int) -> None:
        self.received[sku] += count
        self.append({(place, sku): [StockReceived(count, "delivery")]})

    @rule(mugs=pieces, teas=pieces, wish=st.sampled_from(OnUnavailable))
    def place(self, mugs: int, teas: int, wish: OnUnavailable) -> None:
        lines = tuple(OrderLine(sku, sku, count, eur("9.99")) for sku, count in (("MUG", mugs), ("TEA", teas)))
        totals = totals_of(lines, "EUR", eur("5.00"), TAX_RATE)
        identity = UUID(int=len(self.orders) + 1)
        given = {"order_id": identity, "lines": lines, "totals": totals, "tax_rate": TAX_RATE}
        record = fold_record([replace(PLACED, on_unavailable=wish, **given)])  # type: ignore[arg-type]
        outcome = reserve(record, self.stock, PLACES, QUESTION)
        self.orders.append(record)
        self.commit(-1, outcome)
        if isinstance(outcome.order[-1], StockUnavailable):
            self.undo(len(self.orders) - 1)

    @rule(number=chosen, late=st.booleans())
    def look(self, number: int, late: bool) -> None:
        if (index := self.pick(number)) is not None and self.orders[index].short:
            stock = {place: self.stock[place] for place in places_of(self.orders[index], PLACES)}
            self.commit(index, take_up(self.orders[index], stock, at=DEADLINE if late else NOON))

    @rule(number=chosen, decision=st.sampled_from(Decision))
    def decide(self, number: int, decision: Decision) -> None:
        if (index := self.pick(number)) is None:
            return
        record = self.orders[index]
        stock = {place: self.stock[place] for place in places_of(record, PLACES)}
        try:
            outcome = decide(record, stock, PLACES, decision, at=NOON, by="customer:ada")
        except NotAllowed:
            return
        self.commit(index, outcome)

    @rule(number=chosen)
    def cancel(self, number: int) -> None:
        if (index := self.pick(number)) is not None:
            self.undo(index)

    def undo(self, index: int) -> None:
        record = self.orders[index]
        if record.status != "cancelling":
            asked = request_cancellation(record.order_state, dispatched=False, reason="r", requested_by="c")
            record = self.orders[index] = fold_record(asked, record)
        stock = {place: self.stock[place] for place in places_of(record, PLACES)}
        self.commit(index, release(record, stock))
        record = self.orders[index]
        ended = cancel(record.order_state, held=eur("0.00"), reserved=record.reserved)
        self.orders[index] = fold_record(ended, record)

    @invariant()
    def nothing_is_oversold_and_nothing_is_lost(self) -> None:
        for item in self.stock.values():
            assert item.on_hand >= item.reserved >= 0
        for sku in SKUS:
            assert sum(self.stock[place, sku].on_hand for place in PLACES) == self.received[sku]

    @invariant()
    def nobody_waits_for_what_is_there_and_all_warehouses_have_one_queue(self) -> None:
        for sku in SKUS:
            items = [self.stock[place, sku] for place in PLACES]
            assert len({tuple(item.waiting.items()) for item in items}) == 1
            if items[0].waiting:
                assert not any(item.available for item in items)

    @invariant()
    def each_order_holds_or_waits_for_exactly_its_lines(self) -> None:
        for record in self.orders:
            identity = record.order.placed.order_id
            for line in record.order.lines:
                held = sum(self.stock[place, line.sku].holds.get(identity, 0) for place in PLACES)
                waits = self.stock["BER", line.sku].waiting.get(identity, 0)
                assert held + waits == (0 if record.status.terminal else line.quantity)

    @invariant()
    def the_totals_are_those_of_the_lines(self) -> None:
        for record in self.orders:
            order = record.order
            assert order.totals == totals_of(order.lines, "EUR", eur("5.00"), TAX_RATE)


TestShelves = Shelves.TestCase
TestShelves.settings = settings(max_examples=60, stateful_step_count=30)
