"""What is true after every step in a test's world: of the money, of the stock, of the log."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, cast
from uuid import UUID

from activities.gateways.credit import PREFIX
from activities.gateways.protocol import PaymentEffect
from activities.order_stream import load_order
from activities.stock_book import stock_stream
from domain.credit.events import CreditEvent
from domain.credit.model import INITIAL as NO_CREDIT
from domain.credit.model import Credit
from domain.credit.model import evolve as evolve_credit
from domain.inventory.events import (
    StockAdjusted,
    StockEvent,
    StockReceived,
    UnitsRestocked,
    UnitsShipped,
)
from domain.inventory.model import StockItem
from domain.inventory.model import evolve as evolve_stock
from domain.ledger import disagreements, entries
from domain.money import Money, total
from domain.orders.events import OrderCancelled, OrderCompleted, OrderStepResolved
from domain.orders.model import OrderStatus
from domain.payments.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentRefunded,
    PaymentVoided,
)
from domain.payments.ledger import Balances, post
from domain.payments.model import Asking
from domain.record import OrderRecord
from eventstore.store import Recorded
from tests.support.world.world import SKUS, WAREHOUSES, Life, World, run

MOVED: Final = {
    PaymentAuthorized: "authorization",
    PaymentCaptured: "capture",
    PaymentVoided: "void",
    PaymentRefunded: "refund",
}


@dataclass(slots=True)
class Seen:
    """What was seen of one order's stream so far."""

    version: int = 0
    balances: Balances = field(default_factory=dict)
    wrote: set[tuple[str, str]] = field(default_factory=set)
    moved: dict[str, tuple[str, Money]] = field(default_factory=dict)
    most: int = 0  # that the customer ever owed
    ended: bool = False


class Rules:
    """Looks at what a step has touched, and only at what is new in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: Counter[str] = Counter()
        self._ids: set[UUID] = set()
        self._orders: dict[UUID, Seen] = {}
        self._items: dict[str, tuple[int, StockItem, int]] = {}
        self._credits: dict[str, tuple[int, Credit]] = {}

    def check(self) -> None:
        touched, self.world.store.touched = self.world.store.touched, set()
        for stream in touched:
            if stream.startswith("stock/"):
                self._stock(stream)
            elif stream.startswith("credit/"):
                self._credit(stream)
        for life in self.world.lives:
            if f"order/{life.order_id}" in touched or life.order_id in self._touched_outside():
                self._order(life)
        if any(stream.startswith(("stock/", "order/")) for stream in touched):
            self._reserved()

    def _touched_outside(self) -> set[UUID]:
        """Orders with effects at the gateway that no event tells of yet."""
        return set(self.world.books.of_order)

    # The log

    def _new(self, stream: str, known: int) -> list[Recorded]:
        stored = self.world.store.streams[stream][known:]
        assert [each.version for each in stored] == list(range(known + 1, known + 1 + len(stored)))
        for each in stored:
            assert each.event_id not in self._ids
            self._ids.add(each.event_id)
            self.events[each.type] += 1
        return stored

    def _written(self, seen: Seen, each: Recorded) -> None:
        """A step writes a type of event once, and an ended order neither ends again nor begins anything."""
        key = (each.metadata["step"], each.type)
        assert key not in seen.wrote or isinstance(each.event, OrderStepResolved), key
        seen.wrote.add(key)
        ends = isinstance(each.event, OrderCancelled | OrderCompleted)
        assert not (ends and seen.ended)
        seen.ended = seen.ended or ends

    # Money

    def _order(self, life: Life) -> None:
        seen = self._orders.setdefault(life.order_id, Seen())
        record = run(load_order(self.world.recent, life.order_id)).record
        for each in self._new(f"order/{life.order_id}", seen.version):
            self._written(seen, each)
            seen.balances = post(seen.balances, entries(seen.balances, each.event, record.order.currency))  # type: ignore[arg-type]
            if isinstance(each.event, PaymentAuthorized | PaymentCaptured | PaymentVoided | PaymentRefunded):
                kind = MOVED[type(each.event)]
                assert each.event.reference not in seen.moved, "an effect stands in the books twice"
                seen.moved[each.event.reference] = (kind, each.event.amount)
            seen.version = each.version
        seen.most = max(seen.most, record.order.totals.total.minor)
        _totals(record)
        _sums(record)
        assert not disagreements(seen.balances, record)
        self._books(life, record, seen)
        _covered(record)
        _ended(record)

    def _books(self, life: Life, record: OrderRecord, seen: Seen) -> None:
        """The gateway's books and the order's, charge by charge: one may be ahead only by what is asked for."""
        effects = self._effects(life)
        known = {each.reference: each for each in effects}
        for reference, (kind, amount) in seen.moved.items():
            assert reference in known, f"{reference} stands in no books outside"
            assert (known[reference].kind, known[reference].amount) == (kind, amount)
        for each in effects:
            if each.reference not in seen.moved:
                asked = record.payment.pending.get(each.idempotency_key)
                assert asked is not None, f"{each.idempotency_key} was done outside, and nobody asks for it"
                assert asked.amount == each.amount
        sums: Counter[str] = Counter()
        for each in effects:
            sums[each.kind] += each.amount.minor
        assert sums["authorization"] >= sums["capture"] + sums["void"]
        assert seen.most >= sums["capture"] - sums["refund"] >= 0, "more was charged than was ever owed"

    def _effects(self, life: Life) -> list[PaymentEffect]:
        mine = list(self.world.books.of_order.get(life.order_id, ()))
        if any(each.reference.startswith(PREFIX) for each in self.world.record(life).payment.authorizations):
            mine = list(run(self.world.gateway.list_effects(life.order_id)))
        return mine

    # Goods

    def _stock(self, stream: str) -> None:
        version, item, on_hand = self._items.get(stream, (0, StockItem(), 0))
        for each in self._new(stream, version):
            event = cast(StockEvent, each.event)
            item, version = evolve_stock(item, event), each.version
            match event:
                case StockReceived() | StockAdjusted() | UnitsRestocked():
                    on_hand += event.quantity
                case UnitsShipped():
                    on_hand -= event.quantity
                case _:
                    pass  # moves nothing in or out
            assert item.on_hand >= item.reserved >= 0
            assert all(held > 0 for held in item.holds.values())
        assert item.on_hand == on_hand
        assert not (item.waiting and item.available), "somebody waits for what is there"
        self._items[stream] = (version, item, on_hand)

    def _reserved(self) -> None:
        """What is reserved is what orders hold, piece by piece; who waits may have got what it has not noted."""
        lives = {life.order_id: self.world.record(life) for life in self.world.lives}
        for warehouse in WAREHOUSES:
            for sku in SKUS:
                item = self._items.get(stock_stream(warehouse, sku), (0, StockItem(), 0))[1]
                assert not (set(item.holds) | set(item.waiting)) - set(lives)
                for order_id, record in lives.items():
                    held = sum(
                        part.quantity for part in record.held if (part.warehouse, part.sku) == (warehouse, sku)
                    )
                    has = item.holds.get(order_id, 0)
                    assert has == held or (has > held and sku in record.short), (warehouse, sku, has, held)

    def _credit(self, stream: str) -> None:
        version, state = self._credits.get(stream, (0, NO_CREDIT))
        for each in self._new(stream, version):
            state, version = evolve_credit(state, cast(CreditEvent, each.event)), each.version
            assert all(balance.minor >= 0 for balance in state.balances.values())
        self._credits[stream] = (version, state)


def _totals(record: OrderRecord) -> None:
    """The price is the sum of its parts, and the tax that of their net sum."""
    terms = record.order.terms
    totals = terms.totals
    assert totals.subtotal == total((line.total for line in terms.lines), record.order.currency)
    assert totals.tax == (totals.subtotal + totals.shipping).percent(terms.tax_rate)
    assert totals.total == totals.subtotal + totals.shipping + totals.tax


def _sums(record: OrderRecord) -> None:
    money = record.payment
    assert money.authorized.minor >= money.captured.minor >= money.refunded.minor >= 0
    assert money.open.minor >= 0
    assert money.captured.minor >= money.granted.minor >= 0
    assert sum(each.open.minor for each in money.authorizations) == money.open.minor
    for each in money.authorizations:
        assert each.open.minor >= 0
        assert money.free(each).minor >= 0
        assert money.refundable(each).minor >= 0


def _covered(record: OrderRecord) -> None:
    """What is sent is paid for: captured, or authorised."""
    if record.order.status is OrderStatus.CONFIRMED:
        assert record.payment.open + record.settled >= record.order.owed


def _ended(record: OrderRecord) -> None:
    """Nothing stays authorised, a cancelled order holds no money, and a completed one is paid to the cent."""
    status, money = record.order.status, record.payment
    if not status.terminal:
        return
    assert not money.open
    assert not record.order.attention
    assert not [each for each in money.pending.values() if each.kind is not Asking.REFUND]
    if status is OrderStatus.CANCELLED:
        assert not money.held
        assert not record.held
        assert not record.amounts.due
    else:
        assert record.settled == record.order.owed
        assert record.all_delivered
