"""Returns in any order, of any pieces: never more comes back than went out, nor more money than was paid."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain import rma
from domain.availability import Outcome
from domain.errors import DomainError
from domain.inventory.events import Allocation, StockReserved, UnitsRestocked
from domain.inventory.model import StockItem
from domain.ledger import balances_of, disagreements
from domain.money import Money
from domain.record import EMPTY, OrderRecord, OrderStreamEvent, fold_record
from domain.refunds import grant
from domain.returns import decide
from domain.returns.events import InspectedItem, ReturnItem, ReturnKind, ReturnTerms
from domain.rma import ReturnRequest, ReturnRules
from domain.shipping.model import FulfilmentStatus
from tests.domain.returns.test_returns import COMPLETED, DELIVERIES
from tests.support.samples import NOON, TOTAL

ORDERED = {"MUG": 2, "TEA": 1}
SENT = StockReserved(tuple(Allocation("BER", sku, count) for sku, count in ORDERED.items()))
STOCK = {("BER", sku): StockItem(on_hand=5) for sku in ORDERED}
ids = st.integers(0, 2).map(lambda number: UUID(int=number))
pieces = st.dictionaries(st.sampled_from(sorted(ORDERED)), st.integers(1, 2), min_size=1)
terms = st.builds(ReturnTerms, st.sampled_from([Decimal(0), Decimal("7.5"), Decimal(100)]), st.booleans())
Decision = Callable[[OrderRecord], Sequence[OrderStreamEvent]]


class ReturnMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.record = EMPTY
        self.log: list[OrderStreamEvent] = []
        self.restocked: Counter[str] = Counter()
        self.grants = 0

    def ask(self, decision: Decision) -> None:
        try:
            events = decision(self.record)
        except DomainError:
            return
        self.log += events
        self.record = fold_record(events, self.record)

    @initialize()
    def deliver(self) -> None:
        self.ask(lambda _: (COMPLETED[0], SENT, *COMPLETED[1:]))

    @rule(name=ids, items=pieces, kind=st.sampled_from(ReturnKind), terms=terms, auto=st.booleans())
    def request(self, name: UUID, items: dict[str, int], kind: ReturnKind, terms: ReturnTerms, auto: bool) -> None:
        if name in self.record.returns.by_id:
            return  # its key stands for it already
        wanted = ReturnRequest(name, kind, tuple(ReturnItem(*item) for item in items.items()), "r", "c")
        rules = ReturnRules(timedelta(days=30), terms, auto)
        self.ask(lambda record: rma.request(record, wanted, DELIVERIES, rules, at=NOON))

    @rule(name=ids)
    def approve(self, name: UUID) -> None:
        self.ask(lambda record: rma.approve(record, STOCK, ("BER",), name, reason="", by="o").order)

    @rule(name=ids)
    def reject(self, name: UUID) -> None:
        self.ask(lambda record: rma.reject(record, name, reason="", by="o").order)

    @rule(name=ids)
    def receive(self, name: UUID) -> None:
        self.ask(lambda record: decide.receive(record.returns, name, warehouse=None, warehouses=("BER",), by="o"))

    @rule(name=ids, split=st.lists(st.integers(0, 2), min_size=6, max_size=6))
    def inspect(self, name: UUID, split: list[int]) -> None:
        known = self.record.returns.by_id.get(name)
        if known is None:
            return
        parts = iter(split)
        found = []
        for item in known.requested.items:
            restocked = min(next(parts), item.quantity)
            damaged = min(next(parts), item.quantity - restocked)
            found.append(InspectedItem(item.sku, restocked, damaged, item.quantity - restocked - damaged))
        outcome = Outcome()

        def inspected(record: OrderRecord) -> Sequence[OrderStreamEvent]:
            nonlocal outcome
            outcome = rma.inspect(record, name, tuple(found), by="o")
            return outcome.order

        self.ask(inspected)
        for (_, sku), events in outcome.stock.items():
            self.restocked[sku] += sum(event.quantity for event in events if isinstance(event, UnitsRestocked))

    @rule(name=ids)
    def close(self, name: UUID) -> None:
        self.ask(lambda record: decide.close(record.returns, name))

    @precondition(lambda self: self.grants < 2)
    @rule(minor=st.integers(1, 500))
    def grant_another(self, minor: int) -> None:
        self.grants += 1
        amount, name = Money(minor, "EUR"), f"g-{self.grants}"
        self.ask(lambda record: grant(record, name, amount=amount, lines={}, reason="", by="o"))

    @invariant()
    def pieces_are_conserved(self) -> None:
        for line in self.record.lines if self.log else ():
            sku = line.line.sku
            assert 0 <= line.received <= line.return_requested <= line.delivered == ORDERED[sku]
            assert 0 <= self.restocked[sku] + line.written_off <= line.return_requested

    @invariant()
    def what_replaces_goods_is_held_until_it_is_sent(self) -> None:
        promised: Counter[str] = Counter()
        for plan in self.record.returns.replacements if self.log else ():
            promised.update({item.sku: item.quantity for item in plan.items})
        held = Counter({part.sku: part.quantity for part in self.record.held} if self.log else {})
        assert held == promised
        assert all(promised[sku] <= count for sku, count in self.record.returns.requested.items())

    @invariant()
    def money_is_conserved(self) -> None:
        if self.log:
            assert Money.zero("EUR") <= self.record.payment.granted <= TOTAL
            assert self.record.owed == TOTAL - self.record.payment.granted
            assert not disagreements(balances_of(self.log), self.record)

    @invariant()
    def only_a_return_changes_what_was_delivered(self) -> None:
        if self.log:
            back = sum(line.received for line in self.record.lines) - self.record.returns.replaced.total()
            whole = FulfilmentStatus.RETURNED if back == 3 else FulfilmentStatus.PARTIALLY_RETURNED
            assert self.record.fulfilment_status is (whole if back else FulfilmentStatus.DELIVERED)
            assert self.record.all_delivered


TestReturns = ReturnMachine.TestCase
TestReturns.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
