"""Money is exact: read and shown with its currency's decimals, rounded half up, never mixed."""

import operator
from collections.abc import Callable
from decimal import Decimal, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.money import EXPONENTS, Money, total
from tests.support.samples import eur
from tests.support.strategies import currencies, minors, moneys


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("19.99", "EUR", 1999),
        ("19.9", "EUR", 1990),
        ("19", "EUR", 1900),
        ("0.01", "USD", 1),
        ("-0.01", "USD", -1),
        ("-0.00", "USD", 0),
        ("007.50", "USD", 750),
        ("1200", "JPY", 1200),
        ("1200.0", "JPY", 1200),
        ("1.234", "KWD", 1234),
        ("1.2340000", "KWD", 1234),
        ("999999999999999.999", "KWD", 999_999_999_999_999_999),
        (Decimal("19.99"), "EUR", 1999),
        (Decimal("2E+1"), "EUR", 2000),
        (Decimal("5E-1"), "EUR", 50),
    ],
)
def test_parse_reads_major_units(amount: str | Decimal, currency: str, minor: int) -> None:
    assert Money.parse(amount, currency) == Money(minor, currency)


@pytest.mark.parametrize(("amount", "currency"), [("1.5", "JPY"), ("1.234", "EUR"), ("1.2345", "KWD")])
def test_parse_refuses_more_decimals_than_the_currency_has(amount: str, currency: str) -> None:
    with pytest.raises(InvalidValue, match="more decimals") as refused:
        Money.parse(amount, currency)
    assert refused.value.code == "invalid-amount"


@pytest.mark.parametrize(
    "amount",
    [
        *(
            "",
            " ",
            "1,5",
            "1.",
            ".5",
            "+1",
            "1e3",
            "1_000",
            " 1",
            "1\n",
            "１",
            "٣",
            "0x1",
            "nan",
            "inf",
            "-",
            "--1",
        ),
        *("9" * 16, "0.9999999999999999999999999999999999", "1e999999", "1e-999999"),
        *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+40")),
    ],
)
def test_parse_refuses_all_but_plain_digits(amount: str | Decimal) -> None:
    with pytest.raises(InvalidValue) as refused:
        Money.parse(amount, "EUR")
    assert refused.value.code == "invalid-amount"


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "€"])
@pytest.mark.parametrize("make", [Money.zero, lambda code: Money.parse("1", code), lambda code: Money(1, code)])
def test_unknown_currencies_are_refused(make: Callable[[str], Money], code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        make(code)
    assert refused.value.code == "unknown-currency"


def test_round_refuses_an_unknown_currency() -> None:
    with pytest.raises(InvalidValue):
        Money.round(Decimal(1), "XXX")


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(1999, "EUR"), "19.99 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(0, "EUR"), "0.00 EUR"),
        (Money(5, "JPY"), "5 JPY"),
        (Money(5, "KWD"), "0.005 KWD"),
        (Money(10**30, "EUR"), f"{10**28}.00 EUR"),
    ],
)
def test_shown_with_exactly_the_currencys_decimals(money: Money, shown: str) -> None:
    assert str(money) == shown


@given(st.builds(Money, st.integers(1 - 10**15, 10**15 - 1), currencies))
def test_what_is_shown_reads_back(money: Money) -> None:
    assert Money.parse(money.decimal, money.currency) == money
    assert Money.parse(str(money).split()[0], money.currency) == money
    assert money.decimal.as_tuple().exponent == -EXPONENTS[money.currency]


@given(minors, st.integers(0, 9))
def test_amounts_do_not_depend_on_the_decimal_context(minor: int, precision: int) -> None:
    money, rate = Money(minor, "KWD"), Decimal("0.195")
    expected = (str(money), money.percent(rate), Money.round(money.decimal, "KWD"))
    with localcontext(getcontext()) as context:
        context.prec = precision + 1
        assert (str(money), money.percent(rate), Money.round(money.decimal, "KWD")) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.004", "EUR", 0),
        ("0.005", "EUR", 1),
        ("-0.004", "EUR", 0),
        ("-0.005", "EUR", -1),
        ("2.5", "JPY", 3),
        ("3.5", "JPY", 4),
        ("0.0005", "KWD", 1),
        ("0.00499999999999999999999999999999999", "EUR", 0),
    ],
)
def test_round_takes_halves_away_from_zero(amount: str, currency: str, minor: int) -> None:
    assert Money.round(Decimal(amount), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("minor", "rate", "expected"),
    [
        (100, "0.19", 19),
        (50, "0.19", 10),
        (-50, "0.19", -10),
        (49, "0.19", 9),
        (1, "0.5", 1),
        (1, "0", 0),
        (7, "1", 7),
    ],
)
def test_percent_rounds_half_up(minor: int, rate: str, expected: int) -> None:
    assert Money(minor, "EUR").percent(Decimal(rate)) == Money(expected, "EUR")


@given(moneys, st.decimals(-10, 10, places=6))
def test_percent_is_within_half_a_unit_and_symmetric(money: Money, rate: Decimal) -> None:
    taken = money.percent(rate)
    assert abs(taken.minor - money.minor * Fraction(rate)) <= Fraction(1, 2)
    assert (-money).percent(rate) == -taken


@given(moneys, minors, st.integers(-1000, 1000))
def test_arithmetic(money: Money, minor: int, factor: int) -> None:
    other = Money(minor, money.currency)
    assert money + other == other + money == Money(money.minor + minor, money.currency)
    assert money + other - other == money
    assert money - money == Money.zero(money.currency)
    assert money * factor == Money(money.minor * factor, money.currency)
    assert -money + money == Money.zero(money.currency)
    assert bool(money) == (money.minor != 0)


@given(moneys, minors)
def test_order_is_that_of_the_minor_units(money: Money, minor: int) -> None:
    other = Money(minor, money.currency)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq):
        assert compare(money, other) == compare(money.minor, minor)


@pytest.mark.parametrize(
    "mix",
    [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge],
    ids=lambda mix: mix.__name__,
)
def test_currencies_never_mix(mix: Callable[[Money, Money], object]) -> None:
    with pytest.raises(InvalidValue) as refused:
        mix(Money(1, "EUR"), Money(1, "USD"))
    assert refused.value.code == "mixed-currencies"


def test_equal_numbers_of_two_currencies_are_not_equal() -> None:
    assert Money(0, "EUR") != Money(0, "USD")


@given(st.lists(minors), currencies)
def test_total(amounts: list[int], currency: str) -> None:
    assert total((Money(minor, currency) for minor in amounts), currency) == Money(sum(amounts), currency)


def test_a_total_never_mixes() -> None:
    with pytest.raises(InvalidValue):
        total([eur("1"), Money(1, "USD")], "EUR")
