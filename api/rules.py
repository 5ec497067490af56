"""The settings that the API decides by, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from domain.errors import InvalidValue
from domain.money import EXPONENTS, Money
from domain.orders.decide import OrderRules
from domain.orders.events import STANDARD_SHIPPING
from domain.orders.pricing import ShippingFees
from domain.orders.screening import ScreeningRules
from domain.returns.events import ReturnTerms
from domain.rma import ReturnRules


@dataclass(frozen=True, slots=True)
class Screening:
    """When an order waits for an operator. Amounts are in whole units of whichever currency an order has.

    `window`: seconds over which a customer's orders are counted.
    """

    total: int | None = None
    orders: int | None = None
    window: float = 3600.0
    open_total: int | None = None
    new_country: bool = False

    def rules(self, currency: str) -> ScreeningRules:
        return ScreeningRules(
            _whole(self.total, currency), self.orders, _whole(self.open_total, currency), self.new_country
        )


def _whole(units: int | None, currency: str) -> Money | None:
    return None if units is None else Money(units * 10 ** EXPONENTS[currency], currency)


@dataclass(frozen=True, slots=True)
class ApiRules:
    """Business limits and the edge's own.

    `shipping` and `max_order_value` are in major units of whichever currency an order has. `payment_methods`
    None leaves the choice to the gateway. `read_wait`: seconds a `min_position` read waits. `grace`: seconds an
    order that is not known is waited for, because it may have been placed a moment ago. `introspection`: whether
    the GraphQL schema may be asked for itself; `graphiql`: whether a browser gets an editor at /graphql.
    `request_timeout`: seconds a request may take. `compress_from`: bytes. `cors_origins`: whose pages may ask.
    """

    currencies: frozenset[str]
    shipping: ShippingFees
    tax_rates: Mapping[str, Decimal]
    max_lines: int
    max_quantity: int
    max_order_value: int
    max_body_bytes: int
    read_wait: float
    grace: float = 1.0
    payment_methods: frozenset[str] | None = None
    introspection: bool = True
    graphiql: bool = True
    request_timeout: float = 30.0
    compress_from: int = 1024
    cors_origins: frozenset[str] = frozenset()
    screening: Screening = Screening()
    returns: ReturnRules = field(
        default_factory=lambda: ReturnRules(timedelta(days=30), ReturnTerms(), auto_approve=False)
    )

    def currency(self, code: str) -> str:
        """Raises InvalidValue (`unknown-currency`)."""
        if code not in self.currencies:
            raise InvalidValue(
                f"{code[:20]!r} is not a currency of this shop; {', '.join(sorted(self.currencies))} are",
                code="unknown-currency",
            )
        return code

    def for_order(self, currency: str, country: str, method: str = STANDARD_SHIPPING) -> OrderRules:
        """The rules of an order in that currency, delivered to that country (ISO 3166-1) in that way.

        Raises InvalidValue (`unknown-shipping-method`, `shipping-method-not-available`).
        """
        return OrderRules(
            shipping=self.shipping.fee(method, country, currency),
            tax_rate=self.tax_rates.get(country, Decimal(0)),
            min_total=1,  # nothing can be authorised of an order that costs nothing
            max_total=self.max_order_value * 10 ** EXPONENTS[currency],
            max_lines=self.max_lines,
        )
