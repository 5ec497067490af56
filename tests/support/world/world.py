"""A shop without Temporal: every activity of an order's life on one store, one gateway and one carrier in memory.

What a workflow remembers is here read off the stream anew each time (`tests.support.world.agenda`), so that every
step is also a recovery. Nothing waits: each step runs to its end, its refusal or its lost answer at once.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar, cast
from uuid import UUID, uuid5

from activities.aggregates import Command, decide_stock
from activities.amendments import AmendmentActivities
from activities.contracts import Effect, EffectOutcome, PlaceStep, Step
from activities.gateways.credit import WithStoreCredit, change_credit
from activities.gateways.protocol import Unknown
from activities.holds import HoldActivities
from activities.inventory import InventoryActivities
from activities.lost import LostParcelActivities
from activities.order_stream import LoadedOrder, RecentOrders, load_order
from activities.orders import OrderActivities
from activities.paying import PayingActivities
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from activities.return_labels import ReturnLabelActivities
from activities.returns import ReturnActivities
from activities.shipping import ShippingActivities
from activities.stock_book import StockBook, stock_stream
from activities.stock_changes import StockWriter
from domain.credit import decide as credit
from domain.errors import DomainError
from domain.identifiers import WAYBILL_NAMESPACE, Address, Quantity, Sku, order_number
from domain.inventory.events import StockEvent
from domain.inventory.model import StockItem
from domain.money import Money
from domain.orders.decide import OrderRules, PlaceOrder, PricedLine, price
from domain.orders.events import OnUnavailable
from domain.record import OrderRecord
from eventstore.snapshots import Snapshots
from eventstore.store import StoreUnavailable
from eventstore.vault import Vault
from tests.support.memory_keys import MemoryKeys
from tests.support.samples import NOON
from tests.support.world.outside import StrictPayments, WorldCarrier, WorldStore

WAREHOUSES: Final = ("BER", "LYS")
SKUS: Final = ("MUG", "TEA", "HAT")
PRICES: Final = {"MUG": 1999, "TEA": 335, "HAT": 1999}
FEES: Final = {"standard": 490, "express": 1213}
ADDRESSES: Final = (
    Address("Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB"),
    Address("Ada Lovelace", "Unter den Linden 1", "Berlin", "10117", "DE"),
)
TAX: Final = {"GB": Decimal("0.19"), "DE": Decimal("0.07")}

R = TypeVar("R")
P = TypeVar("P")
Method = Callable[[P], Awaitable[R]]


def run(coroutine: Awaitable[R]) -> R:
    """To its end, at once."""
    try:
        cast(Coroutine[Any, Any, R], coroutine).send(None)
    except StopIteration as done:
        return cast(R, done.value)
    raise AssertionError("something waits where nothing is to be waited for")


@dataclass(slots=True)
class Life:
    """What is known of an order beside its stream: the number of each step's next try, and who said no.

    `declined` and `given_up` are amendments; `collected`: the carrier would not give a parcel back.
    """

    order_id: UUID
    tries: Counter[str] = field(default_factory=Counter)
    declined: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    collected: bool = False
    shortage: str | None = None

    def step(self, label: str, actor: str = "system") -> Step:
        return Step(self.order_id, f"{label}#{self.tries[label]}", actor)


class World:
    def __init__(self) -> None:
        self.now = NOON
        self.store = WorldStore(lambda: self.now)
        self.recent = RecentOrders(self.store)
        self.books = StrictPayments(lambda: self.now)
        self.gateway = WithStoreCredit(self.books, self.store)
        self.carrier = WorldCarrier()
        self.snapshots = Snapshots(None)
        self.lives: list[Life] = []
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.numbers = 0
        self.last: tuple[Callable[[Any], Awaitable[Any]], Any] | None = None
        self._open()

    def _open(self) -> None:
        store, vault = self.recent, Vault(MemoryKeys())
        stock = StockWriter(store, StockBook(store, self.snapshots), WAREHOUSES)
        self.stock = stock
        self.orders = OrderActivities(store, lambda: self.now)
        self.holds = HoldActivities(store)
        self.inventory = InventoryActivities(store, stock)
        self.payments = PaymentActivities(store, self.gateway)
        self.paying = PayingActivities(store)
        self.refunds = RefundActivities(store)
        self.shipping = ShippingActivities(store, self.carrier, vault)
        self.labels = ReturnLabelActivities(store, self.carrier, vault, WAREHOUSES[0])
        self.returns = ReturnActivities(store, stock)
        self.lost = LostParcelActivities(store, stock)
        self.amendments = AmendmentActivities(store, stock)

    @property
    def services(self) -> tuple[object, ...]:
        """Whose activities an order's life is made of."""
        return (
            self.orders, self.holds, self.inventory, self.payments, self.paying, self.refunds, self.shipping,
            self.labels, self.returns, self.lost, self.amendments,
        )  # fmt: skip

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def order(self, life: Life) -> LoadedOrder:
        return run(load_order(self.recent, life.order_id))

    def record(self, life: Life) -> OrderRecord:
        return self.order(life).record

    # Doing

    def do(self, method: Method[P, R], given: P) -> R | None:
        """Run an activity; None where it was refused, and then nothing has changed, or its answer was lost."""
        before, name = self.store.written, method.__name__
        try:
            answer = run(method(given))
        except DomainError as refused:
            self.unchanged(before, name)
            self.refused[f"{name}: {refused.code}"] += 1
            return None
        except Unknown:
            return None
        except StoreUnavailable:
            self.doubt(*SKUS)  # spares a conflict, which would be waited for
            return None
        finally:
            self.store.lose = None
            self.books.faults.fault = self.carrier.faults.fault = None
        self.done[name] += 1
        self.last = (method, given) if self.store.written > before else None
        return answer

    def step(self, life: Life, label: str, method: Method[P, R], given: Callable[[Step], P]) -> R | None:
        """Run a step of the order; once it has its outcome, its label counts on."""
        answer = self.do(method, given(life.step(label)))
        if answer is not None:
            life.tries[label] += 1
        return answer

    def command(self, life: Life, name: str, method: Method[P, R], given: Callable[[Step], P]) -> R | None:
        """A command, under a key of its own."""
        return self.do(method, given(Step(life.order_id, f"{name}:{self.number()}", "operator:eve")))

    def twice(self) -> None:
        """The last step once more, as by an attempt that did not know: nothing happens."""
        if self.last is None:
            return
        (method, given), before = self.last, (self.store.written, len(self.books.books), len(self.carrier.books))
        run(method(given))
        assert (self.store.written, len(self.books.books), len(self.carrier.books)) == before

    # What orders begin with

    def place(
        self,
        lines: dict[str, int],
        *,
        currency: str = "EUR",
        method: str = "sim_ok",
        customer: str = "ada",
        shipping: str = "standard",
        on_unavailable: OnUnavailable = OnUnavailable.CANCEL,
        screening: tuple[str, ...] = (),
    ) -> Life:
        life = Life(uuid5(WAYBILL_NAMESPACE, f"order {self.number()}"))
        rules = rules_of(currency, shipping, ADDRESSES[0].country)
        wanted = [
            PricedLine(Sku(sku), sku.title(), Quantity(count), Money(PRICES[sku], currency))
            for sku, count in lines.items()
        ]
        priced, totals = price(wanted, currency, rules)
        command = PlaceOrder(
            order_id=life.order_id,
            order_number=order_number(life.order_id),
            customer_id=customer,
            email=None,
            currency=currency,
            lines=priced,
            totals=totals,
            shipping_address=ADDRESSES[0],
            payment_method=method,
            on_unavailable=on_unavailable,
            fingerprint="f",
            tax_rate=rules.tax_rate,
            shipping_method=shipping,
            screening=screening,
        )
        self.step(life, "place", self.orders.place_order, lambda step: PlaceStep(step, command))
        self.lives.append(life)
        return life

    def grant_credit(self, customer: str, amount: Money) -> None:
        run(
            change_credit(
                self.store,
                customer,
                f"grant:{self.number()}",
                "operator:eve",
                lambda state: credit.grant(state, customer, amount=amount, reason="sorry", by="operator:eve"),
            )
        )

    def change_stock(self, warehouse: str, sku: str, decide: Callable[[StockItem], list[StockEvent]]) -> None:
        command = Command(f"stock:{self.number()}", "operator:eve")
        before = self.store.written
        try:
            run(decide_stock(self.store, self.snapshots, WAREHOUSES, warehouse, Sku(sku), command, decide))
        except DomainError:
            self.unchanged(before, "stock")
        self.doubt(sku)

    def unchanged(self, written: int, name: str) -> None:
        assert self.store.written == written, f"{name} is refused, and wrote"

    def doubt(self, *skus: str) -> None:
        """Another process has written here."""
        self.stock.book.doubt([stock_stream(each, sku) for each in WAREHOUSES for sku in skus])

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    def crash(self) -> None:
        """The process is gone, and with it all that it remembered of streams."""
        self.recent = RecentOrders(self.store)
        self._open()


def rules_of(currency: str, shipping: str, country: str) -> OrderRules:
    return OrderRules(Money(FEES[shipping], currency), TAX[country], 1, 10_000_000, 100)


def refused(answer: object) -> bool:
    return isinstance(answer, Effect) and answer.outcome is EffectOutcome.REFUSED
