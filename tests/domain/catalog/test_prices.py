"""Prices that count for a while: at any moment at most one, and otherwise the standing one."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.catalog.events import (
    CatalogEvent,
    ProductCreated,
    ProductDiscontinued,
    ProductPriceChanged,
    ProductPriceEnded,
    ProductPriceScheduled,
)
from domain.catalog.model import INITIAL, Product, ProductState, evolve
from domain.catalog.prices import ScheduledPrice, price_at, prices_at
from domain.catalog.pricing import MAX_SCHEDULED, end_price, schedule_price
from domain.decider import fold
from domain.errors import InvalidValue, NotFound
from domain.money import Money
from tests.support.samples import NOON, eur
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given

CREATED = ProductCreated("MUG", "Mug", (eur("10.00"),))
SALE = eur("8.00")


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def scheduled(price_id: str, begin: float, end: float | None, price: Money = SALE) -> ProductPriceScheduled:
    return ProductPriceScheduled(price_id, price, at(begin), None if end is None else at(end), NOON)


def wanted(price_id: str, begin: float, end: float | None, price: Money = SALE) -> ScheduledPrice:
    return ScheduledPrice(price_id, price, at(begin), None if end is None else at(end))


def state_of(*events: CatalogEvent) -> Product:
    state = given(*events).state
    assert isinstance(state, Product)
    return state


@pytest.mark.parametrize(("hours", "price"), [(0.9, "10.00"), (1, "8.00"), (1.9, "8.00"), (2, "10.00")])
def test_it_counts_from_its_beginning_to_before_its_end(hours: float, price: str) -> None:
    product = state_of(CREATED, scheduled("a", 1, 2))
    assert price_at(product.prices, product.scheduled, "EUR", at(hours)) == eur(price)
    assert prices_at(product.prices, product.scheduled, at(hours)) == {"EUR": eur(price)}


def test_a_currency_may_have_prices_for_a_while_only() -> None:
    yen = Money(900, "JPY")
    product = state_of(CREATED, scheduled("a", 1, 2, yen))
    assert [price_at(product.prices, product.scheduled, "JPY", at(hour)) for hour in (0, 1, 2)] == [
        None,
        yen,
        None,
    ]


def test_the_standing_price_changes_behind_it() -> None:
    product = state_of(CREATED, scheduled("a", 1, 2), ProductPriceChanged(eur("12.00")))
    found = [price_at(product.prices, product.scheduled, "EUR", at(hour)) for hour in (0, 1, 2)]
    assert found == [eur("12.00"), SALE, eur("12.00")]


def test_a_price_is_scheduled() -> None:
    given(CREATED).when(schedule_price, wanted("a", 0, None), at=NOON).then(scheduled("a", 0, None))


@pytest.mark.parametrize(("begin", "end"), [(-0.1, 1), (1, 1), (2, 1)])
def test_the_past_and_no_time_at_all_cannot_be_priced(begin: float, end: float) -> None:
    given(CREATED).when(schedule_price, wanted("a", begin, end), at=NOON).then_refused(
        "invalid-validity", InvalidValue
    )


def test_a_scheduled_price_is_not_negative() -> None:
    below = wanted("a", 1, 2, eur("-0.01"))
    given(CREATED).when(schedule_price, below, at=NOON).then_refused("invalid-price", InvalidValue)


OVERLAPS = [(1, 3, 2, 4), (2, 4, 1, 3), (1, 4, 2, 3), (2, 3, 1, 4), (1, None, 2, 3), (2, 3, 1, None), (1, 2, 1, 2)]


@pytest.mark.parametrize(("begin", "end", "then", "until"), OVERLAPS)
def test_an_overlap_is_refused_or_ended(begin: float, end: float | None, then: float, until: float | None) -> None:
    known = given(CREATED, scheduled("a", begin, end))
    refused = known.when(schedule_price, wanted("b", then, until), at=NOON).then_refused("price-overlap")
    assert refused.details["price_id"] == "a"
    known.when(schedule_price, wanted("b", then, until), at=NOON, end_overlapping=True).then(
        ProductPriceEnded("a", at(then)), scheduled("b", then, until)
    )


def test_one_after_the_other_and_other_currencies_do_not_overlap() -> None:
    known = given(CREATED, scheduled("a", 1, 2))
    known.when(schedule_price, wanted("b", 2, 3), at=NOON).then(scheduled("b", 2, 3))
    dollars = Money.parse("9", "USD")
    known.when(schedule_price, wanted("b", 1, 2, dollars), at=NOON).then(scheduled("b", 1, 2, dollars))


def test_a_price_is_ended_now_later_or_before_it_begins() -> None:
    known = given(CREATED, scheduled("a", 0, 3))
    known.when(end_price, "a", at=at(1)).then(ProductPriceEnded("a", at(1)))
    known.when(end_price, "a", at=at(1), valid_until=at(2)).then(ProductPriceEnded("a", at(2)))
    known.when(end_price, "a", at=at(1), valid_until=at(3)).then_nothing()
    given(CREATED, scheduled("a", 2, 3)).when(end_price, "a", at=at(1)).then(ProductPriceEnded("a", at(1)))
    assert state_of(CREATED, scheduled("a", 2, 3), ProductPriceEnded("a", at(1))).scheduled == ()
    assert state_of(CREATED, scheduled("a", 0, 3), ProductPriceEnded("a", at(1))).scheduled == (wanted("a", 0, 1),)


def test_an_end_is_not_put_off_nor_in_the_past() -> None:
    known = given(CREATED, scheduled("a", 0, 3))
    for until in (0.5, 4.0):
        known.when(end_price, "a", at=at(1), valid_until=at(until)).then_refused("invalid-validity", InvalidValue)
    known.when(end_price, "b", at=at(1)).then_refused("price-not-found", NotFound)
    known.when(end_price, "a", at=at(3)).then_refused("price-not-found", NotFound)


def test_what_cannot_be_priced() -> None:
    for events, code in (((), "product-not-found"), ((CREATED, ProductDiscontinued("r")), "product-discontinued")):
        outcome = given(*events).when(schedule_price, wanted("a", 1, 2), at=NOON)
        assert outcome.refusal
        assert outcome.refusal.code == code


def test_there_are_so_many_at_most_and_what_is_over_does_not_count() -> None:
    many = [scheduled(str(hour), hour, hour + 1) for hour in range(MAX_SCHEDULED)]
    known = given(CREATED, *many)
    known.when(schedule_price, wanted("x", 500, None), at=NOON).then_refused("too-many-prices")
    later = schedule_price(known.state, wanted("x", 500, None), at=at(1))
    state = evolve(known.state, later[-1])
    assert isinstance(state, Product)
    assert len(state.scheduled) == MAX_SCHEDULED  # the first is over, and gone from the fold


times = st.integers(0, 30)
currencies = st.sampled_from(("EUR", "USD"))
steps = st.lists(st.tuples(times, times, st.none() | times, st.booleans(), currencies), max_size=12)
Step = tuple[int, int, int | None, bool, str]
LAST = 40


@for_all(steps)
def test_whatever_is_scheduled_no_two_prices_of_a_currency_count_at_once(asked: list[Step]) -> None:
    """Against a plain list of hours: who was last let in has an hour, until it is ended."""
    state: ProductState = evolve(INITIAL, CREATED)
    hours: dict[tuple[str, int], str] = {}
    now = 0
    for nr, (at_hour, begin, end, insist, currency) in enumerate(sorted(asked, key=lambda step: step[0])):
        now = max(now, at_hour)
        over = range(begin, LAST if end is None else end)
        in_the_way = {hours[currency, hour] for hour in over if hour >= now and (currency, hour) in hours}
        price = wanted(str(nr), begin, end, Money(nr, currency))
        outcome = Spec(evolve, state).given().when(schedule_price, price, at=at(now), end_overlapping=insist)
        possible = begin >= now and len(over) > 0 and (insist or not in_the_way)
        assert (outcome.refusal is None) is possible
        if not possible:
            continue
        kept = {slot: who for slot, who in hours.items() if who not in in_the_way or slot[1] < begin}
        hours = kept | {(currency, hour): str(nr) for hour in over}
        state = fold(evolve, state, outcome.events)
    assert isinstance(state, Product)
    for code in ("EUR", "USD"):
        for hour in range(now, LAST):
            counting = [
                each for each in state.scheduled if each.price.currency == code and each.counts_at(at(hour))
            ]
            who = hours.get((code, hour))
            assert [each.price_id for each in counting] == ([who] if who else [])
            price_then = counting[0].price if counting else state.prices.get(code)
            assert price_at(state.prices, state.scheduled, code, at(hour)) == price_then
