"""From a body to a command: catalogue prices, the shop's rules, and what an Idempotency-Key stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import orjson
from pydantic import BaseModel

from api.auth import Principal
from api.dependencies import ApiDependencies
from api.errors import Problem
from api.reading import owns
from api.rest.bodies import OrderBody
from api.rules import ApiRules
from domain import identifiers
from domain.catalog.model import ProductStatus
from domain.errors import InvalidValue
from domain.identifiers import Address, Email, Quantity, Sku
from domain.orders.decide import PlaceOrder, PricedLine, price
from domain.orders.events import OrderLine, Totals
from readmodels.views import ProductView

_LARGEST: Final = 2**53  # what any JSON reader holds exactly


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """A body that could be placed now, at these prices."""

    body: OrderBody
    address: Address
    email: Email | None
    lines: tuple[OrderLine, ...]
    totals: Totals
    tax_rate: Decimal

    def command(self, order_id: UUID, fingerprint: str, screening: tuple[str, ...] = ()) -> PlaceOrder:
        return PlaceOrder(
            order_id=order_id,
            order_number=identifiers.order_number(order_id),
            customer_id=self.body.customer_id,
            email=self.email,
            currency=self.body.currency,
            lines=self.lines,
            totals=self.totals,
            shipping_address=self.address,
            payment_method=self.body.payment.method,
            on_unavailable=self.body.on_unavailable,
            fingerprint=fingerprint,
            tax_rate=self.tax_rate,
            shipping_method=self.body.shipping_method,
            screening=screening,
        )


async def fingerprint(deps: ApiDependencies, body: OrderBody) -> str:
    """Digest of what was asked for. Defaults are left out, so that a member added later changes no old digest.

    Raises:
        NotAllowed: `customer-erased`.
    """
    return await body_digest(deps, body.customer_id, body)


async def body_digest(deps: ApiDependencies, customer_id: str, body: BaseModel) -> str:
    """As `fingerprint`, of any body."""
    asked = orjson.dumps(body.model_dump(mode="json", exclude_defaults=True), option=orjson.OPT_SORT_KEYS)
    return await deps.gateway.body_fingerprint(customer_id, asked)


def check_customer(caller: Principal, body: OrderBody) -> None:
    """Raises InvalidValue (`invalid-customer-id`), Problem (`customer-mismatch`)."""
    identifiers.customer_id(body.customer_id)
    if not owns(caller, body.customer_id):
        raise Problem("customer-mismatch", "customer_id must be the subject of the token")


async def priced(deps: ApiDependencies, body: OrderBody) -> PricedOrder:
    """Price the body from the catalogue.

    Raises:
        DomainError: a value is malformed, a product or its price is missing, or the rules do not allow the order.
    """
    rules = deps.rules
    currency = rules.currency(body.currency)
    address = body.shipping_address.address()
    email = identifiers.email(body.email) if body.email is not None else None
    check_method(rules, body.payment.method)
    lines = await priced_lines(deps, [(line.sku, line.quantity) for line in body.lines], currency)
    given = rules.for_order(currency, address.country, body.shipping_method)
    ordered, totals = price(lines, currency, given)
    return PricedOrder(body, address, email, ordered, totals, given.tax_rate)


async def priced_lines(deps: ApiDependencies, given: Sequence[tuple[str, int]], currency: str) -> list[PricedLine]:
    """SKUs and quantities at the catalogue's prices of now. Raises InvalidValue."""
    rules = deps.rules
    if len(given) > rules.max_lines:
        raise InvalidValue(f"an order has 1 to {rules.max_lines} lines, not {len(given)}", code="invalid-lines")
    wanted = [(identifiers.sku(sku), quantity_of(rules, quantity)) for sku, quantity in given]
    products = await deps.queries.products_by_sku([sku for sku, _ in wanted]) if wanted else {}
    now = datetime.now(UTC)
    return [_line(products, sku, quantity, currency, now) for sku, quantity in wanted]


def check_method(rules: ApiRules, method: str) -> None:
    """Raises InvalidValue (`unknown-payment-method`)."""
    known = rules.payment_methods
    if known is not None and method not in known:
        raise InvalidValue(
            f"{method!r} is not a payment method; {', '.join(sorted(known))} are", code="unknown-payment-method"
        )


def quantity_of(rules: ApiRules, quantity: int) -> Quantity:
    """Raises InvalidValue (`invalid-quantity`)."""
    if abs(quantity) > _LARGEST:  # too long to be printed
        raise InvalidValue(f"a quantity is not between 1 and {rules.max_quantity}", code="invalid-quantity")
    return identifiers.quantity(quantity, at_most=rules.max_quantity)


def _line(
    products: Mapping[str, ProductView], sku: Sku, quantity: Quantity, currency: str, at: datetime
) -> PricedLine:
    product = products.get(sku)
    if product is None or product.status is ProductStatus.DRAFT:
        raise InvalidValue(f"there is no product {sku}", code="unknown-sku", details={"sku": sku})
    if product.status is ProductStatus.DISCONTINUED:
        raise InvalidValue(f"{sku} is no longer sold", code="product-not-available", details={"sku": sku})
    unit_price = product.price_at(currency, at)
    if unit_price is None:
        raise InvalidValue(
            f"{sku} has no price in {currency}; its prices are in {', '.join(sorted(product.prices)) or 'none'}",
            code="price-not-available",
            details={"sku": sku, "currencies": sorted(product.prices)},
        )
    return PricedLine(sku, product.name, quantity, unit_price)


async def line_of(deps: ApiDependencies, sku: Sku, quantity: Quantity, currency: str) -> OrderLine:
    """One line at the catalogue's price of now. Raises DomainError."""
    products = await deps.queries.products_by_sku([sku])
    line = _line(products, sku, quantity, currency, datetime.now(UTC))
    return OrderLine(line.sku, line.name, line.quantity, line.unit_price)
