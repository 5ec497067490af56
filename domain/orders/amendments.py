"""What an amendment makes of an order's terms: other lines, another address, another shipping method."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.errors import InvalidValue, NotAllowed
from domain.identifiers import Address
from domain.orders.decide import OrderRules, check_count, check_total, expect_in
from domain.orders.events import OrderLine, Terms
from domain.orders.model import Order, OrderState, OrderStatus
from domain.orders.pricing import totals_of


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is asked for.

    `quantities`: how many pieces a line is to have, by SKU; 0 takes it out. `added`: lines at the catalogue's
    price of now. `rules` are those of `country` and `method`, which the order is to have: who asks has looked them
    up, and it is checked that they are.
    """

    rules: OrderRules
    country: str
    method: str
    quantities: Mapping[str, int]
    added: tuple[OrderLine, ...] = ()
    shipping_address: Address | None = None
    shipping_method: str | None = None


def expect_amendable(state: OrderState) -> Order:
    """Raises: NotFound, NotAllowed (`order-closed`, `not-yet-confirmed`, `invalid-transition`, `order-busy`)."""
    order = expect_in(state, "amended", OrderStatus.PLACED, OrderStatus.CONFIRMED)
    if order.status is OrderStatus.PLACED:
        raise NotAllowed(
            "the order can be amended once it is confirmed; until then it can be cancelled, and so can its lines "
            "as long as its payment is neither authorised nor asked for",
            code="not-yet-confirmed",
            details={"status": order.status, "possible_from": OrderStatus.CONFIRMED},
        )
    if order.amendment is not None:
        raise NotAllowed("another amendment of the order is under way", code="order-busy")
    return order


def proposed(order: Order, amendment: Amendment) -> Terms:
    """The terms as they are to be. Lines that stay keep the price they were placed at.

    The shipping fee and the tax rate stay as they were agreed, unless country or method change.

    Raises:
        InvalidValue: `unknown-line`, `duplicate-sku`, `invalid-lines`, `order-value-out-of-bounds`,
            `nothing-changed`.
        NotAllowed: `version-mismatch`, the order is not the one that the caller priced.
    """
    before, rules = order.terms, amendment.rules
    address = amendment.shipping_address or before.shipping_address
    method = amendment.shipping_method or before.shipping_method
    if (address.country, method) != (amendment.country, amendment.method):
        raise NotAllowed("the order has changed meanwhile; read it again", code="version-mismatch")
    moved = (address.country, method) != (before.shipping_address.country, before.shipping_method)
    rate, fee = (rules.tax_rate, rules.shipping) if moved else (before.tax_rate, before.totals.shipping)
    lines = _lines(order, amendment)
    check_count(lines, rules)
    totals = totals_of(lines, order.currency, fee, rate)
    check_total(totals, rules)
    terms = Terms(lines, totals, address, method, rate)
    if terms == before:
        raise InvalidValue("the order is like that already", code="nothing-changed")
    return terms


def _lines(order: Order, amendment: Amendment) -> tuple[OrderLine, ...]:
    present = [line.sku for line in order.lines]
    if unknown := sorted(amendment.quantities.keys() - set(present)):
        raise InvalidValue(
            f"the order has no line {unknown[0][:64]!r}; its lines are: {', '.join(present)}",
            code="unknown-line",
            details={"possible": present},
        )
    skus = Counter([*present, *(line.sku for line in amendment.added)])
    if twice := [sku for sku, times in skus.items() if times > 1]:
        raise InvalidValue(
            f"SKU {twice[0]} stands in the order already; change its quantity", code="duplicate-sku"
        )
    wanted = [replace(line, quantity=amendment.quantities.get(line.sku, line.quantity)) for line in order.lines]
    return (*(line for line in wanted if line.quantity > 0), *amendment.added)


def leaves_nothing(order: Order, amendment: Amendment) -> bool:
    """Whether no line would be left: then it is the order that is to be cancelled."""
    return not amendment.added and all(amendment.quantities.get(line.sku) == 0 for line in order.lines)


def more_pieces(order: Order, terms: Terms) -> dict[str, int]:
    """Pieces by SKU that the terms have beyond the order's."""
    return dict(_pieces(terms.lines) - _pieces(order.lines))


def gone(order: Order, terms: Terms) -> tuple[OrderLine, ...]:
    """Pieces that the order has beyond the terms', at their prices."""
    fewer = _pieces(order.lines) - _pieces(terms.lines)
    return tuple(replace(line, quantity=fewer[line.sku]) for line in order.lines if fewer[line.sku])


def _pieces(lines: tuple[OrderLine, ...]) -> Counter[str]:
    return Counter({line.sku: line.quantity for line in lines})
