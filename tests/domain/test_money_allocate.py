"""Splitting an amount loses nothing, makes nothing, and is as fair as whole units allow."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.money import Money
from domain.payments.decide import capture_shares
from tests.support.samples import eur
from tests.support.strategies import minors, moneys

weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("minor", "split", "parts"),
    [
        (100, (1, 1, 1), (34, 33, 33)),
        (101, (1, 1, 1), (34, 34, 33)),
        (-100, (1, 1, 1), (-33, -33, -34)),
        (100, (1, 0, 2), (33, 0, 67)),
        (100, (7,), (100,)),
        (0, (1, 2), (0, 0)),
        (1, (1, 1), (1, 0)),
        (1, (1, 2), (0, 1)),
        (-1, (1, 1), (0, -1)),
        (5, (3, 7), (2, 3)),
    ],
)
def test_largest_remainders_first_and_earlier_parts_on_a_tie(
    minor: int, split: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert [part.minor for part in Money(minor, "EUR").allocate(split)] == list(parts)


@given(moneys, weights)
def test_the_parts_sum_to_the_whole(money: Money, split: list[int]) -> None:
    parts = money.allocate(split)
    assert len(parts) == len(split)
    assert sum(part.minor for part in parts) == money.minor
    assert {part.currency for part in parts} == {money.currency}


@given(moneys, weights)
def test_each_part_is_within_one_unit_of_its_share(money: Money, split: list[int]) -> None:
    for part, weight in zip(money.allocate(split), split, strict=True):
        assert abs(part.minor - Fraction(money.minor * weight, sum(split))) < 1


@given(moneys, weights)
def test_a_part_without_weight_gets_nothing(money: Money, split: list[int]) -> None:
    assert not any(part for part, weight in zip(money.allocate(split), split, strict=True) if not weight)


@given(minors.map(abs), weights)
def test_more_weight_never_gets_less(minor: int, split: list[int]) -> None:
    parts = Money(minor, "EUR").allocate(split)
    for (light, lighter), (heavy, heavier) in permutations(zip(split, parts, strict=True), 2):
        assert heavy <= light or heavier >= lighter


@given(moneys, st.integers(1, 20))
def test_equal_weights_differ_by_one_unit_and_earlier_parts_get_it(money: Money, count: int) -> None:
    parts = [part.minor for part in money.allocate([1] * count)]
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@given(moneys, weights, st.integers(1, 1000))
def test_only_the_proportions_of_the_weights_matter(money: Money, split: list[int], factor: int) -> None:
    assert money.allocate(split) == money.allocate([weight * factor for weight in split])


@pytest.mark.parametrize("split", [(), (0,), (0, 0), (1, -1), (2, -1), (-1,)])
def test_weights_without_a_sense_are_refused(split: Sequence[int]) -> None:
    with pytest.raises(InvalidValue):
        eur("1").allocate(split)


@pytest.mark.parametrize(
    ("goods", "shares"),
    [
        (("10.00", "20.00"), ("11.90", "23.80")),
        (("10.00",), ("35.70",)),
        (("0.00", "25.00"), ("0.00", "35.70")),
        (("0.00", "0.00"), ("17.85", "17.85")),
    ],
)
def test_parcels_share_an_orders_total_by_their_goods(goods: tuple[str, ...], shares: tuple[str, ...]) -> None:
    assert capture_shares(eur("35.70"), [eur(value) for value in goods]) == tuple(map(eur, shares))


@given(minors.map(abs), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_capture_shares_sum_to_the_total_and_are_not_negative(minor: int, goods: list[int]) -> None:
    shares = capture_shares(Money(minor, "EUR"), [Money(value, "EUR") for value in goods])
    assert sum(share.minor for share in shares) == minor
    assert all(share.minor >= 0 for share in shares)
