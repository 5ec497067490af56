"""An order's whole life as a Hypothesis state machine: commands, steps, faults, time and stock in any order."""

from collections import Counter
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.inventory import decide as inventory
from domain.money import Money
from domain.orders.events import OnUnavailable
from domain.shipping.events import LostAnswer
from tests.support.world.agenda import Agenda
from tests.support.world.commands import COMMANDS, fitting
from tests.support.world.rules import Rules
from tests.support.world.world import FEES, SKUS, WAREHOUSES, Life, World

MOST_ORDERS: Final = 4
MOST_STEPS: Final = 400
"""Steps within which every order comes to its end, once nothing fails any more."""

DONE: Final[Counter[str]] = Counter()
"""Activities that did something, and events that they wrote, over all runs of the machine."""

FAULTS: Final = (
    "",
    "",
    "lost",
    "down",
    "declined",
    "refused",
    "unwritten 0",
    "unwritten 1",
    "lost write 0",
    "lost write 1",
)

HAPPENINGS: Final = ("time", "time", "twice", "crash", "count", "receive", "receive", "adjust", "credit")

WHAT: Final = (*["go on"] * 4, *["fail"] * 4, *["command"] * 6, *["happen"] * 3, "place")

numbers = st.integers(0, 999)
orders = st.integers(0, MOST_ORDERS - 1)


class Shop(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.watch = Rules(self.world)

    def teardown(self) -> None:
        """Whatever happened, every order comes to its end, and the books close with it."""
        for life in self.world.lives:
            self.end(life)
        DONE.update(self.world.done.keys())
        DONE.update(self.watch.events.keys())

    @initialize(pieces=st.integers(0, 9))
    def open(self, pieces: int) -> None:
        for sku in SKUS:
            for warehouse in WAREHOUSES:
                if pieces:
                    self.world.change_stock(
                        warehouse, sku, lambda item: inventory.receive(item, pieces, "delivery")
                    )
        self.world.grant_credit("ada", Money(20000, "EUR"))

    @rule(what=st.sampled_from(WHAT), order=orders, a=numbers, b=numbers)
    def step(self, what: str, order: int, a: int, b: int) -> None:
        """All in one rule: Hypothesis leaves out whole rules of a run, and without placing nothing happens."""
        lives = self.world.lives
        if what == "place" and len(lives) < MOST_ORDERS:
            self.place(a, b)
        elif what == "happen":
            self.happen(HAPPENINGS[a % len(HAPPENINGS)], a, b)
        elif lives:
            life = lives[order % len(lives)]
            match what:
                case "command":
                    self.command(life, a, b)
                case "fail":
                    self.advance(life, a, FAULTS[b % len(FAULTS)])
                case _:
                    for _ in range(1 + b % 8):
                        self.advance(life, a, "")
                        self.watch.check()

    def place(self, a: int, b: int) -> None:
        """Of one product or both, paid by card or with credit, in one of three currencies."""
        lines = {sku: 1 + (a + index) % 3 for index, sku in enumerate(SKUS[:2]) if (a + index) % 3 or not index}
        self.world.place(
            lines,
            currency=("EUR", "EUR", "EUR", "JPY", "KWD")[b % 5],
            method="store_credit" if a % 5 == 4 else "sim_ok",
            shipping=sorted(FEES)[b % 2],
            on_unavailable=list(OnUnavailable)[a % 4],
            screening=() if b % 6 else ("a large order",),
        )

    def command(self, life: Life, a: int, b: int) -> None:
        """One that the order could take as it stands; now and then any."""
        names = fitting(self.world.record(life)) if b % 8 else sorted(COMMANDS)
        if names:
            COMMANDS[names[a % len(names)]](self.world, life, a // 3 + b, b)

    def advance(self, life: Life, which: int, fault: str) -> None:
        """What a workflow would do next, with something that fails."""
        entries = Agenda(self.world, life).entries()
        if entries:
            self.plan(fault)
            entries[which % len(entries)][1]()
            self.plan("")

    def happen(self, what: str, which: int, by: int) -> None:
        world, place = self.world, (WAREHOUSES[which % 2], SKUS[by % 3])
        match what:
            case "time":
                world.pass_time(timedelta(hours=(1, 13, 25, 49, 121)[by % 5]))
            case "twice":
                world.twice()
            case "crash":
                world.crash()
            case "count":
                world.change_stock(*place, lambda item: inventory.adjust(item, by % 9 - item.on_hand, "count"))
            case "receive":
                world.change_stock(*place, lambda item: inventory.receive(item, by % 5, "delivery"))
            case "adjust":
                world.change_stock(*place, lambda item: inventory.adjust(item, by % 7 - 4, "broken"))
            case _:
                world.grant_credit("ada", Money(by * 100 + 1, ("EUR", "JPY")[which % 2]))

    @invariant()
    def every_rule_holds(self) -> None:
        self.watch.check()

    # Help

    def plan(self, fault: str) -> None:
        world = self.world
        kind, _, number = fault.rpartition(" ")
        world.store.lose = (int(number), kind == "lost write") if kind else None
        world.books.faults.fault = world.carrier.faults.fault = fault if fault and not kind else None

    def end(self, life: Life) -> None:
        world, steps = self.world, 0
        while not (world.record(life).status.terminal and not Agenda(world, life).entries()):
            steps += 1
            assert steps < MOST_STEPS, stuck(world, life)
            self.answer(life)
            entries = Agenda(world, life).entries()
            urgent = [entry for entry in entries if entry[0].partition(":")[0] in ("reauthorize", "void")]
            for entry in (urgent or entries)[:1]:
                entry[1]()
            self.watch.check()

    def answer(self, life: Life) -> None:
        """Do what an order waits for that people have to do."""
        record = self.world.record(life)
        if record.order.status.terminal and not record.order.stalled:
            return
        for _ in record.order.stalled:
            COMMANDS["resolve"](self.world, life, 0, 0)
        for _ in record.order.holds:
            COMMANDS["release_hold"](self.world, life, 0, 0)
        for _ in record.shipments.lost:
            COMMANDS["answer_lost"](self.world, life, list(LostAnswer).index(LostAnswer.REFUND), 1)
        if record.payment.lapsing:
            COMMANDS["pay"](self.world, life, 0, 0)
        if record.order.decision:
            COMMANDS["decide"](self.world, life, 2, 0)
        elif record.short:
            COMMANDS["cancel"](self.world, life, 0, 0)


def stuck(world: World, life: Life) -> str:
    record, labels = world.record(life), [label for label, _ in Agenda(world, life).entries()]
    parcels = {name: parcel.status for name, parcel in record.shipments.by_id.items()}
    return (
        f"{record.status}, {record.amounts}, {record.payment.pending}, {parcels}; next: {labels}; {world.refused}"
    )
