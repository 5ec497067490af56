"""Amendments over orders of random goods: stock, parcels and money follow, or all is as it was."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import amending
from domain.availability import Outcome, Stock
from domain.decider import fold
from domain.errors import DomainError
from domain.inventory.events import Allocation, StockReserved
from domain.inventory.model import StockItem, evolve
from domain.ledger import balances_of, disagreements
from domain.money import Money, total
from domain.orders.amendments import Amendment
from domain.orders.decide import OrderRules
from domain.orders.events import AmendmentRejected, OrderConfirmed
from domain.parcels import first_plans
from domain.payments.events import PaymentAuthorized, PaymentRequested
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.shipping.events import ParcelsPlanned, ShipmentBooked, ShipmentDispatched
from tests.support.samples import ADDRESS, LINES, PLACED

PRIORITY = ("BER", "LYS")
SKUS = tuple(line.sku for line in LINES)
ON_HAND = 6


def amendment(quantities: Mapping[str, int], **changes: Any) -> Amendment:
    rules = OrderRules(PLACED.totals.shipping, PLACED.tax_rate, 1, 10_000_000, 10)
    return Amendment(rules, ADDRESS.country, PLACED.shipping_method, quantities, **changes)


def start() -> tuple[list[OrderStreamEvent], Stock]:
    """Confirmed; the first line lies in Berlin, the second in Lyon."""
    parts = tuple(Allocation(where, line.sku, line.quantity) for where, line in zip(PRIORITY, LINES, strict=True))
    owed = PLACED.totals.total
    paid: list[OrderStreamEvent] = [
        PaymentRequested("authorize#0", "m", owed),
        PaymentAuthorized("authorize#0", "auth", owed),
    ]
    held = {(part.warehouse, part.sku): part.quantity for part in parts}
    places = [(where, sku) for where in PRIORITY for sku in SKUS]
    stock = {
        place: StockItem(ON_HAND, {PLACED.order_id: held[place]} if place in held else {}) for place in places
    }
    return [PLACED, StockReserved(parts), *paid, OrderConfirmed()], stock


def after(stock: Stock, outcome: Outcome) -> Stock:
    return {place: fold(evolve, item, outcome.stock.get(place, ())) for place, item in stock.items()}


def holds(stock: Stock) -> Counter[str]:
    held = Counter[str]()
    for (_, sku), item in stock.items():
        held[sku] += item.holds.get(PLACED.order_id, 0)
    return +held


def check(log: list[OrderStreamEvent], stock: Stock) -> None:
    """What is held, sent and paid is what the order's lines say."""
    record = fold_record(log)
    wanted = Counter({line.sku: line.quantity for line in record.order.lines})
    planned = Counter[str]()
    for plan in first_plans(record):
        for item in plan.items:
            planned[item.sku] += item.quantity
    assert holds(stock) == wanted == planned
    owed = record.order.totals.total
    assert total((plan.share for plan in first_plans(record)), owed.currency) == owed
    assert not disagreements(balances_of(log), record)


WANTED = st.dictionaries(st.sampled_from(SKUS), st.integers(0, 2 * ON_HAND + 2), min_size=1)


@settings(max_examples=60)
@given(st.lists(st.tuples(WANTED, st.booleans()), max_size=6))
def test_any_amendments_keep_stock_parcels_and_price_together(asked: list[tuple[dict[str, int], bool]]) -> None:
    log, stock = start()
    for wanted, agreed in asked:
        before, stock_before = fold_record(log), stock
        try:
            staged = amending.stage(before, stock, PRIORITY, amendment(wanted), reason="r", by="c")
        except DomainError:
            continue
        log, stock = [*log, *staged.order], after(stock, staged)
        record = fold_record(log)
        if any(isinstance(event, AmendmentRejected) for event in staged.order):
            assert record.order.terms == before.order.terms
        elif agreed:
            preview = amending.preview(before, stock_before, PRIORITY, amendment(wanted))
            applied = amending.apply(record, stock, PRIORITY)
            log, stock = [*log, *applied.order], after(stock, applied)
            assert fold_record(log).order.terms == preview.terms
        else:
            rejected = amending.reject(record, stock, code="payment-declined", reason="declined")
            log, stock = [*log, *rejected.order], after(stock, rejected)
            record = fold_record(log)
            assert (record.order.terms, record.held) == (before.order.terms, before.held)
            assert stock == stock_before
        check(log, stock)


def dispatched() -> tuple[OrderRecord, Stock]:
    """Berlin's parcel has left."""
    log, stock = start()
    berlin = next(plan for plan in first_plans(fold_record(log)) if plan.warehouse == "BER")
    booked = ShipmentBooked(berlin.shipment_id, "BER", berlin.items, "b", "t")
    return fold_record([*log, booked, ShipmentDispatched(berlin.shipment_id)]), stock


def test_what_has_left_is_not_taken_out_and_the_refusal_says_what_can_be() -> None:
    record, stock = dispatched()
    with pytest.raises(DomainError) as refused:
        amending.stage(record, stock, PRIORITY, amendment({SKUS[0]: 1}), reason="r", by="c")
    assert refused.value.code == "too-late-to-amend"
    assert refused.value.details == {"not_dispatched": {SKUS[1]: LINES[1].quantity}}


def test_what_has_left_keeps_its_share_and_the_rest_is_shared_by_the_others() -> None:
    record, stock = dispatched()
    left = next(plan for plan in first_plans(record) if plan.warehouse == "BER")
    staged = amending.stage(record, stock, PRIORITY, amendment({SKUS[1]: 3}), reason="r", by="c")
    record = fold_record(staged.order, record)
    applied = amending.apply(record, after(stock, staged), PRIORITY)
    (plan,) = [event.parcels for event in applied.order if isinstance(event, ParcelsPlanned)]
    assert left in plan
    owed = fold_record(applied.order, record).order.totals.total
    assert total((each.share for each in plan), owed.currency) == owed


def test_the_shipping_method_is_that_of_the_whole_order() -> None:
    record, stock = dispatched()
    express = Amendment(
        OrderRules(Money(1290, "EUR"), Decimal(0), 1, 10_000_000, 10),
        ADDRESS.country,
        "express",
        {},
        shipping_method="express",
    )
    with pytest.raises(DomainError) as refused:
        amending.stage(record, stock, PRIORITY, express, reason="r", by="c")
    assert refused.value.code == "too-late-to-amend"
