"""An order that stock does not cover: what each wish makes of it, over its own stream and the stock's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.availability import Outcome, Place, Question, decide, places_of, release, reserve, take_up
from domain.decider import fold
from domain.errors import NotAllowed
from domain.inventory.events import (
    Allocation,
    Backorder,
    BackorderFilled,
    BackorderWithdrawn,
    Shortage,
    StockBackordered,
    StockEvent,
    StockReceived,
    StockReleased,
    StockReserved,
    StockUnavailable,
    UnitsBackordered,
    UnitsReleased,
    UnitsReserved,
)
from domain.inventory.model import StockItem, evolve
from domain.orders.availability import offer_substitute
from domain.orders.events import (
    CustomerDecisionMade,
    CustomerDecisionRequested,
    Decision,
    LineSubstituted,
    OnUnavailable,
    OrderCancellationRequested,
    OrderLine,
    OrderLinesCancelled,
    SubstitutionOffered,
    Totals,
)
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from tests.support.samples import LINES, NOON, ORDER, PLACED, TAX_RATE, eur

PLACES = ("BER", "LYS")
LATER = NOON + timedelta(days=2)
QUESTION = Question("reserve#0", Decision.DROP, LATER)
ASKED = CustomerDecisionRequested("reserve#0", Decision.DROP, LATER)
TEA_ONLY = Totals(eur("5.00"), eur("5.00"), eur("1.90"), eur("11.90"))
CUP = OrderLine("CUP", "Cup", 2, eur("12.00"))
SHORT = (
    StockReserved((Allocation("BER", "MUG", 1), Allocation("BER", "TEA", 1))),
    StockBackordered((Backorder("MUG", 1),)),
)


def placed(wish: OnUnavailable, *events: OrderStreamEvent) -> OrderRecord:
    return fold_record([replace(PLACED, on_unavailable=wish, tax_rate=TAX_RATE), *events])


def shelves(**pieces: int) -> dict[Place, StockItem]:
    """BER has these; LYS has none."""
    return {
        (place, sku): fold(evolve, StockItem(), [StockReceived(count, "d")] if place == "BER" and count else [])
        for sku, count in pieces.items()
        for place in PLACES
    }


def after(stock: Mapping[Place, StockItem], outcome: Outcome) -> dict[Place, StockItem]:
    return {place: fold(evolve, item, outcome.stock.get(place, ())) for place, item in stock.items()}


def test_what_is_there_is_reserved_whatever_the_wish() -> None:
    for wish in OnUnavailable:
        outcome = reserve(placed(wish), shelves(MUG=2, TEA=1), PLACES, QUESTION)
        assert outcome.order == [StockReserved((Allocation("BER", "MUG", 2), Allocation("BER", "TEA", 1)))]
        assert outcome.stock[("BER", "MUG")] == [UnitsReserved(ORDER, 2)]


def test_cancel_reserves_nothing_and_checks_every_shelf() -> None:
    outcome = reserve(placed(OnUnavailable.CANCEL), shelves(MUG=1, TEA=1), PLACES, QUESTION)
    assert outcome.order == [StockUnavailable((Shortage("MUG", 2, 1),))]
    assert set(outcome.stock) == set(shelves(MUG=1, TEA=1))


def test_drop_takes_the_short_line_out_and_makes_totals_and_tax_right() -> None:
    outcome = reserve(placed(OnUnavailable.DROP), shelves(MUG=1, TEA=1), PLACES, QUESTION)
    assert outcome.order == [
        OrderLinesCancelled((LINES[0],), TEA_ONLY, "not available", "system"),
        StockReserved((Allocation("BER", "TEA", 1),)),
    ]
    record = placed(OnUnavailable.DROP, *outcome.order)
    assert (record.order.owed, record.secured, [line.sku for line in record.order.lines]) == (
        TEA_ONLY.total,
        True,
        ["TEA"],
    )
    assert [(each.line.sku, each.ordered, each.cancelled) for each in record.lines] == [
        ("TEA", 1, 0),
        ("MUG", 2, 2),
    ]


def test_of_an_order_that_loses_all_its_lines_nothing_is_left() -> None:
    outcome = reserve(placed(OnUnavailable.DROP), shelves(MUG=1, TEA=0), PLACES, QUESTION)
    assert isinstance(outcome.order[0], StockUnavailable)


def test_wait_takes_what_there_is_and_stands_in_every_warehouses_queue() -> None:
    outcome = reserve(placed(OnUnavailable.WAIT), shelves(MUG=1, TEA=1), PLACES, QUESTION)
    assert outcome.order == list(SHORT)
    assert outcome.stock[("BER", "MUG")] == [UnitsReserved(ORDER, 1), UnitsBackordered(ORDER, 1)]
    assert outcome.stock[("LYS", "MUG")] == [UnitsBackordered(ORDER, 1)]
    record = placed(OnUnavailable.WAIT, *outcome.order)
    assert (record.status, record.secured, record.short) == ("placed", False, ("MUG",))
    assert [(each.line.sku, each.reserved, each.backordered) for each in record.lines] == [
        ("MUG", 1, 1),
        ("TEA", 1, 0),
    ]


def test_ask_waits_too_and_asks_meanwhile() -> None:
    outcome = reserve(placed(OnUnavailable.ASK), shelves(MUG=1, TEA=1), PLACES, QUESTION)
    assert outcome.order == [*SHORT, ASKED]
    assert placed(OnUnavailable.ASK, *outcome.order).status == "awaiting_customer"


# Waiting


def waiting() -> tuple[OrderRecord, dict[Place, StockItem]]:
    """Asked about a mug, of which one is there."""
    stock = shelves(MUG=1, TEA=1)
    outcome = reserve(placed(OnUnavailable.ASK), stock, PLACES, QUESTION)
    return placed(OnUnavailable.ASK, *outcome.order), after(stock, outcome)


def came(stock: dict[Place, StockItem]) -> dict[Place, StockItem]:
    filled: list[StockEvent] = [StockReceived(1, "d"), BackorderFilled(ORDER, 1)]
    return {
        **stock,
        ("LYS", "MUG"): fold(evolve, stock["LYS", "MUG"], filled),
        ("BER", "MUG"): evolve(stock["BER", "MUG"], BackorderWithdrawn(ORDER, 1)),
    }


def test_stock_that_came_is_taken_up_and_answers_the_question() -> None:
    record, stock = waiting()
    outcome = take_up(record, came(stock), at=NOON)
    assert outcome.order == [
        StockReserved((Allocation("LYS", "MUG", 1),)),
        StockBackordered(()),
        CustomerDecisionMade("reserve#0", Decision.WAIT, "system"),
    ]
    assert fold_record(outcome.order, record).secured


def test_without_news_there_is_nothing_to_take_up() -> None:
    record, stock = waiting()
    assert take_up(record, stock, at=NOON).order == []


def test_after_the_deadline_the_default_is_taken() -> None:
    record, stock = waiting()
    outcome = take_up(record, stock, at=LATER)
    assert outcome.order == [
        CustomerDecisionMade("reserve#0", Decision.DROP, "system", by_default=True),
        OrderLinesCancelled((LINES[0],), TEA_ONLY, "not available", "system"),
        StockReleased((Allocation("BER", "MUG", 1),)),
        StockBackordered(()),
    ]
    left = after(stock, outcome)
    assert all(not item.waiting for item in left.values())
    assert left["BER", "MUG"].available == 1


# Decisions


def decided(decision: Decision, *more: OrderStreamEvent, **stock_of: int) -> tuple[OrderRecord, Outcome]:
    record, stock = waiting()
    record = fold_record(more, record)
    stock |= shelves(**stock_of)
    outcome = decide(record, stock, PLACES, decision, at=NOON, by="customer:ada")
    return fold_record(outcome.order, record), outcome


def test_wait_keeps_the_place_in_the_queue() -> None:
    record, outcome = decided(Decision.WAIT)
    assert outcome.order == [CustomerDecisionMade("reserve#0", Decision.WAIT, "customer:ada")]
    assert (record.status, record.short, outcome.stock) == ("placed", ("MUG",), {})


def test_drop_gives_back_the_lines_pieces_and_its_place() -> None:
    record, outcome = decided(Decision.DROP)
    assert record.order.totals == TEA_ONLY
    assert record.secured
    assert outcome.stock == {
        ("BER", "MUG"): [UnitsReleased(ORDER, 1), BackorderWithdrawn(ORDER, 1)],
        ("LYS", "MUG"): [BackorderWithdrawn(ORDER, 1)],
    }


def test_cancel_undoes_the_order() -> None:
    record, outcome = decided(Decision.CANCEL)
    assert outcome.order[1:] == [OrderCancellationRequested("not available", "customer:ada")]
    assert record.status == "cancelling"


def test_a_substitute_takes_the_place_and_the_price_of_the_line() -> None:
    record, outcome = decided(Decision.SUBSTITUTE, SubstitutionOffered("MUG", CUP, "operator:eve"), CUP=2)
    totals = Totals(eur("29.00"), eur("5.00"), eur("6.46"), eur("40.46"))
    assert LineSubstituted("MUG", CUP, totals) in outcome.order
    assert (record.order.lines, record.order.owed, record.secured) == ((CUP, LINES[1]), eur("40.46"), True)
    assert outcome.stock["BER", "CUP"] == [UnitsReserved(ORDER, 2)]
    assert record.held == (Allocation("BER", "TEA", 1), Allocation("BER", "CUP", 2))


@pytest.mark.parametrize(
    ("decision", "more", "stock", "code"),
    [
        (Decision.SUBSTITUTE, (), {}, "decision-not-possible"),
        (Decision.SUBSTITUTE, (SubstitutionOffered("MUG", CUP, "o"),), {"CUP": 1}, "out-of-stock"),
        (Decision.WAIT, (CustomerDecisionMade("reserve#0", Decision.WAIT, "c"),), {}, "no-decision-awaited"),
    ],
)
def test_a_decision_that_is_not_possible_is_refused(
    decision: Decision, more: Sequence[OrderStreamEvent], stock: dict[str, int], code: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        decided(decision, *more, **stock)
    assert refused.value.code == code


def test_a_decision_after_its_deadline_names_the_default() -> None:
    record, stock = waiting()
    with pytest.raises(NotAllowed) as refused:
        decide(record, stock, PLACES, Decision.WAIT, at=LATER, by="customer:ada")
    assert refused.value.code == "decision-too-late"
    assert refused.value.details["default"] == "drop"


def test_only_what_is_short_is_offered_a_substitute_that_is_new_to_the_order() -> None:
    record, _ = waiting()
    state, by = record.order_state, {"short": record.short, "by": "operator:eve"}
    assert offer_substitute(state, "MUG", CUP, **by) == [SubstitutionOffered("MUG", CUP, "operator:eve")]  # type: ignore[arg-type]
    for sku, substitute, code in (
        ("TEA", CUP, "line-not-short"),
        ("MUG", replace(CUP, sku="TEA"), "duplicate-sku"),
    ):
        with pytest.raises(Exception) as refused:  # noqa: PT011 - its code is looked at
            offer_substitute(state, sku, substitute, **by)  # type: ignore[arg-type]
        assert refused.value.code == code  # type: ignore[attr-defined]


def test_whoever_waits_gives_back_everything_when_it_is_undone() -> None:
    record, stock = waiting()
    full = came(stock)  # which the order has not taken up
    outcome = release(record, {place: full[place] for place in places_of(record, PLACES)})
    assert outcome.order == [
        StockReserved((Allocation("LYS", "MUG", 1),)),
        StockReleased((Allocation("BER", "MUG", 1), Allocation("BER", "TEA", 1), Allocation("LYS", "MUG", 1))),
        StockBackordered(()),
    ]
    assert not fold_record(outcome.order, record).reserved
    assert all(not item.holds and not item.waiting for item in after(full, outcome).values())


def test_the_totals_of_fewer_lines_use_the_rate_the_order_was_placed_with() -> None:
    untaxed = fold_record([replace(PLACED, on_unavailable=OnUnavailable.DROP, tax_rate=Decimal(0))])
    outcome = reserve(untaxed, shelves(MUG=0, TEA=1), PLACES, QUESTION)
    assert fold_record(outcome.order, untaxed).order.owed == eur("10.00")
