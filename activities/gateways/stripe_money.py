"""Stripe's amounts: smallest units, but for the currencies that it counts in its own way.

See docs.stripe.com/currencies: ISK and UGX have no minor unit any more and are given with two decimals all the
same; of a currency with three decimals only multiples of ten are taken.
"""

from typing import Final

from activities.gateways.protocol import Refused
from domain.money import EXPONENTS, Money

HUNDREDFOLD: Final = frozenset({"ISK", "UGX"})


def to_stripe(amount: Money) -> int:
    """Raises Refused: Stripe cannot take this amount."""
    if amount.currency in HUNDREDFOLD:
        return amount.minor * 100
    if EXPONENTS[amount.currency] == 3 and amount.minor % 10:
        raise Refused("invalid-amount", "Stripe takes no thousandths of this currency")
    return amount.minor


def from_stripe(amount: int, currency: str) -> Money:
    code = currency.upper()
    return Money(amount // 100 if code in HUNDREDFOLD else amount, code)
