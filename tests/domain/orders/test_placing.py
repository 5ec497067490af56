"""Pricing and placing an order: totals, limits, and one order per stream."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given as arbitrary
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.identifiers import quantity, sku
from domain.money import Money
from domain.orders.decide import OrderRules, PlaceOrder, PricedLine, place, price
from domain.orders.events import OrderCancellationRequested, OrderCancelled, OrderEvent, OrderLine, Totals
from domain.orders.model import INITIAL, Order, OrderStatus, evolve
from tests.support.samples import LINES, NOON, PLACE, PLACED, TAX_RATE, TOTALS, eur
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given

RULES = OrderRules(shipping=eur("5.00"), tax_rate=TAX_RATE, min_total=100, max_total=100_000, max_lines=3)
MUG = PricedLine(sku("MUG"), "Mug", quantity(2), eur("10.00"))
TEA = PricedLine(sku("TEA"), "Tea", quantity(1), eur("5.00"))


def test_totals_are_goods_and_shipping_and_the_tax_on_both() -> None:
    assert price([MUG, TEA], "EUR", RULES) == (LINES, TOTALS)


def test_tax_rounds_half_up_once_on_the_whole() -> None:
    rules = replace(RULES, shipping=eur("0"), tax_rate=Decimal("0.05"))
    lines = [replace(MUG, quantity=quantity(1), unit_price=eur("5.05")), replace(TEA, unit_price=eur("5.05"))]
    _, totals = price(lines, "EUR", rules)
    assert totals == Totals(eur("10.10"), eur("0"), eur("0.51"), eur("10.61"))


def test_prices_without_decimals() -> None:
    rules = replace(RULES, shipping=Money(500, "JPY"), tax_rate=Decimal("0.10"))
    _, totals = price([replace(MUG, unit_price=Money(1003, "JPY"))], "JPY", rules)
    assert [part.minor for part in (totals.subtotal, totals.shipping, totals.tax, totals.total)] == [
        *(2006, 500, 251, 2757)
    ]


@pytest.mark.parametrize("count", [0, 4])
def test_the_number_of_lines_is_limited(count: int) -> None:
    lines = [replace(MUG, sku=sku(f"MUG-{number}")) for number in range(count)]
    with pytest.raises(InvalidValue, match="1 to 3 lines") as refused:
        price(lines, "EUR", RULES)
    assert refused.value.code == "invalid-lines"


def test_as_many_lines_as_allowed() -> None:
    lines, _ = price([replace(MUG, sku=sku(f"MUG-{number}")) for number in range(3)], "EUR", RULES)
    assert len(lines) == 3


def test_each_sku_stands_in_one_line() -> None:
    with pytest.raises(InvalidValue, match="SKU MUG") as refused:
        price([MUG, TEA, MUG], "EUR", RULES)
    assert refused.value.code == "duplicate-sku"


@pytest.mark.parametrize(
    ("lines", "currency"),
    [([MUG, replace(TEA, unit_price=Money(1, "USD"))], "EUR"), ([MUG], "USD")],
)
def test_an_order_has_one_currency(lines: list[PricedLine], currency: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        price(lines, currency, RULES)
    assert refused.value.code == "mixed-currencies"


@pytest.mark.parametrize(("low", "high"), [(3571, 100_000), (0, 3569)])
def test_the_total_is_within_bounds(low: int, high: int) -> None:
    with pytest.raises(InvalidValue, match=r"35\.70 EUR is not between") as refused:
        price([MUG, TEA], "EUR", replace(RULES, min_total=low, max_total=high))
    assert refused.value.code == "order-value-out-of-bounds"


def test_the_bounds_themselves_are_allowed() -> None:
    assert price([MUG, TEA], "EUR", replace(RULES, min_total=3570, max_total=3570)) == (LINES, TOTALS)


priced = st.builds(
    PricedLine,
    st.text("ABC", min_size=1, max_size=4).map(sku),
    st.just("Thing"),
    st.integers(1, 1000).map(quantity),
    st.integers(0, 10**6).map(lambda minor: Money(minor, "EUR")),
)


@arbitrary(
    st.lists(priced, min_size=1, max_size=10, unique_by=lambda line: line.sku),
    st.integers(0, 10**5),
    st.decimals(0, 1, places=4),
)
def test_totals_add_up(lines: list[PricedLine], shipping: int, rate: Decimal) -> None:
    rules = OrderRules(Money(shipping, "EUR"), rate, min_total=0, max_total=10**12, max_lines=10)
    ordered, totals = price(lines, "EUR", rules)
    assert totals.subtotal.minor == sum(line.quantity * line.unit_price.minor for line in lines)
    assert totals.total == totals.subtotal + totals.shipping + totals.tax
    assert totals.tax == (totals.subtotal + totals.shipping).percent(rate)
    assert ordered == tuple(OrderLine(line.sku, line.name, line.quantity, line.unit_price) for line in lines)


def test_an_order_is_placed_as_it_was_asked_for() -> None:
    given().when(place, replace(PLACE, email=None), NOON).then(replace(PLACED, email=None))


def test_every_part_of_the_command_is_in_the_event() -> None:
    event = place(INITIAL, PLACE, NOON)[0]
    for part in fields(PlaceOrder):
        if part.name not in ("currency", "screening"):  # the totals', and an event of its own
            assert getattr(event, part.name) == getattr(PLACE, part.name)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((PLACED,), OrderStatus.PLACED),
        ((PLACED, OrderCancellationRequested("changed my mind", "c-1")), OrderStatus.CANCELLING),
        ((PLACED, OrderCancelled("changed my mind")), OrderStatus.CANCELLED),
    ],
)
def test_an_order_is_placed_once(events: tuple[OrderEvent, ...], status: OrderStatus) -> None:
    refusal = given(*events).when(place, PLACE, NOON).then_refused("not-allowed")
    assert refusal.details == {"status": status}


def test_the_fold_starts_with_the_order_that_was_placed() -> None:
    assert given(PLACED).state == Order(PLACED, OrderStatus.PLACED, OrderStatus.PLACED, None, {})
