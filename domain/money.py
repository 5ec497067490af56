"""Money: an integer of minor units with an ISO 4217 currency. Allocation never loses or makes a unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from domain.errors import InvalidValue

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
        """Read a decimal amount of major units, `"19.99"`. More decimals than the currency has are refused."""
        zero = cls.zero(currency)
        try:
            scaled = Decimal(amount).scaleb(EXPONENTS[currency])
        except InvalidOperation:
            raise InvalidValue(f"{amount!r} is not a decimal amount") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise InvalidValue(f"{amount} has more decimals than {currency} allows ({EXPONENTS[currency]})")
        return cls(int(scaled), zero.currency)

    @classmethod
    def round(cls, amount: Decimal, currency: str) -> "Money":
        """Round a decimal of major units half up to the currency's minor unit."""
        return cls(int(amount.scaleb(EXPONENTS[currency]).quantize(Decimal(1), ROUND_HALF_UP)), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

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
        return Money(int((self.minor * rate).quantize(Decimal(1), ROUND_HALF_UP)), self.currency)

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
