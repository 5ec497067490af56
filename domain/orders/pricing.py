"""What an order costs: goods, shipping, and tax on both."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from domain.money import Money, total
from domain.orders.events import OrderLine, Totals
from domain.orders.model import Order


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
