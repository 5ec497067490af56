"""What an order costs: goods, shipping, and tax on both."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from domain.errors import InvalidValue
from domain.money import Money, total
from domain.orders.events import OrderLine, Totals
from domain.orders.model import Order

ANYWHERE: Final = "*"
_PLACE: Final = re.compile(r"\*|[A-Z]{2}|[A-Z]{3}|[A-Z]{2}/[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class ShippingFees:
    """What each shipping method costs, in major units of the order's currency.

    A method's fees are by country (`DE`), currency (`EUR`), both (`DE/EUR`) or `*`; the closest counts.
    """

    methods: Mapping[str, Mapping[str, Decimal]]

    def __post_init__(self) -> None:
        for method, fees in self.methods.items():
            for place, fee in fees.items():
                if not _PLACE.fullmatch(place) or fee < 0:
                    raise ValueError(
                        f"{method}: {place!r} is no country, currency, both (`DE/EUR`) or `*` with a fee"
                    )

    def fee(self, method: str, country: str, currency: str) -> Money:
        """Raises InvalidValue (`unknown-shipping-method`, `shipping-method-not-available`)."""
        if method not in self.methods:
            raise InvalidValue(
                f"{method[:40]!r} is not a shipping method; {', '.join(sorted(self.methods))} are",
                code="unknown-shipping-method",
                details={"possible": sorted(self.methods)},
            )
        fees = self.methods[method]
        for place in (f"{country}/{currency}", country, currency, ANYWHERE):
            if place in fees:
                return Money.round(fees[place], currency)
        offered = sorted(name for name in self.methods if self._offered(name, country, currency))
        raise InvalidValue(
            f"{method} does not go to {country} in {currency}; possible: {', '.join(offered) or 'none'}",
            code="shipping-method-not-available",
            details={"possible": offered},
        )

    def _offered(self, method: str, country: str, currency: str) -> bool:
        return not self.methods[method].keys().isdisjoint((f"{country}/{currency}", country, currency, ANYWHERE))


def totals_of(lines: Sequence[OrderLine], currency: str, shipping: Money, tax_rate: Decimal) -> Totals:
    """Tax is on top of net prices, shipping included in its base. Raises InvalidValue (`mixed-currencies`)."""
    subtotal = total((line.total for line in lines), currency)
    tax = (subtotal + shipping).percent(tax_rate)
    return Totals(subtotal, shipping, tax, subtotal + shipping + tax)


def repriced(order: Order, lines: Sequence[OrderLine]) -> Totals:
    """The order's totals with other lines, at the shipping fee and the tax rate that it has."""
    return totals_of(lines, order.currency, order.totals.shipping, order.terms.tax_rate)


def without(lines: Sequence[OrderLine], skus: Collection[str]) -> tuple[OrderLine, ...]:
    return tuple(line for line in lines if line.sku not in skus)
