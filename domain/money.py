"""Money: an integer of minor units with an ISO 4217 currency. Allocation never loses or makes a unit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from domain.errors import InvalidValue

# Fifteen digits of any currency fit 64-bit minor units. Decimal() alone reads far more: "1e9", "1_0", "1e999999".
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")

# ISO 4217 minor-unit exponents. Currencies not listed here are not accepted: a wrong exponent is a wrong price.
EXPONENTS: dict[str, int] = {
    **dict.fromkeys(("BIF", "CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(
        (
            *("AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP"),
            *("HKD", "HUF", "IDR", "ILS", "INR", "KES", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP"),
            *("PKR", "PLN", "QAR", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "ZAR"),
        ),
        2,
    ),
}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency, in minor units (cents for EUR, yen for JPY, mils for KWD). May be negative."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise InvalidValue(
                f"{self.currency!r} is not a currency Waybill knows; an ISO 4217 code such as 'EUR' is accepted",
                code="unknown-currency",
            )

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @classmethod
    def parse(cls, amount: str | Decimal, currency: str) -> "Money":
        """Read a decimal amount of major units, `"19.99"`. Exact: more decimals than the currency has are refused.

        Raises:
            InvalidValue: not plain digits with a point, more than 15 of them before it, or an unknown currency.
        """
        zero = cls.zero(currency)
        text = amount if isinstance(amount, str) else f"{amount:f}"
        if not _AMOUNT.fullmatch(text):
            raise InvalidValue(
                f"{text[:40]!r} is not an amount; digits such as '19.99' are accepted", code="invalid-amount"
            )
        minor = Fraction(text) * 10 ** EXPONENTS[currency]
        if minor.denominator != 1:
            raise InvalidValue(
                f"{text} has more decimals than {currency} allows ({EXPONENTS[currency]})", code="invalid-amount"
            )
        return cls(minor.numerator, zero.currency)

    @classmethod
    def round(cls, amount: Decimal, currency: str) -> "Money":
        """Round a decimal of major units half up to the currency's minor unit."""
        zero = cls.zero(currency)
        return cls(_half_up(Fraction(amount) * 10 ** EXPONENTS[currency]), zero.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        return Decimal(f"{self.minor}E-{EXPONENTS[self.currency]}")

    def __str__(self) -> str:
        return f"{self.decimal:f} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.minor * factor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def percent(self, rate: Decimal) -> "Money":
        """This amount times `rate` (0.19 is 19 %), rounded half up to a minor unit."""
        return Money(_half_up(self.minor * Fraction(rate)), self.currency)

    def allocate(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Split by weights so that the parts sum to exactly this amount.

        Largest remainder: each part is the floor of its share, and the units left over go one each to the
        parts with the largest remainders, earlier parts first on a tie.

        Raises:
            InvalidValue: no weights, a negative weight, or all of them zero.
        """
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            raise InvalidValue("weights must be non-negative with a positive sum")
        shares = [divmod(self.minor * weight, total) for weight in weights]
        left = self.minor - sum(floor for floor, _ in shares)
        by_remainder = sorted(range(len(shares)), key=lambda index: (-shares[index][1], index))
        bonus = set(by_remainder[:left])
        return tuple(Money(floor + (index in bonus), self.currency) for index, (floor, _) in enumerate(shares))

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise InvalidValue(f"{self.currency} and {other.currency} do not mix", code="mixed-currencies")
        return other.minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Sum of amounts in `currency`; zero of it when there are none."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result


def _half_up(value: Fraction) -> int:
    """The nearest integer, halves away from zero. In fractions: a decimal context would round once before."""
    nearest = floor(abs(value) + Fraction(1, 2))
    return nearest if value >= 0 else -nearest
