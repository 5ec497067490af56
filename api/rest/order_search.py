"""What lists of orders are searched by: the same conditions over REST, over GraphQL and in exports."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator

from api.auth import Principal, Scope
from domain.errors import InvalidValue
from domain.identifiers import parse_order_number
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.model import FulfilmentStatus
from readmodels.views import OrderFilter

LONGEST: Final = {"customer_id": 255, "sku": 100, "currency": 3, "min_total": 30, "max_total": 30, "q": 200}


def _text(name: str, description: str | None = None) -> object:
    return Query(max_length=LONGEST[name], description=description)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("needs an offset from UTC, like 2026-03-01T12:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


Moment = Annotated[datetime, AfterValidator(_utc)]


@dataclass(kw_only=True)
class OrderSearch:
    """All conditions hold. Totals are amounts of `currency`, which they need, and included; times are not."""

    status: OrderStatus | None = None
    customer_id: Annotated[str | None, _text("customer_id")] = None
    payment_status: PaymentStatus | None = None
    fulfilment_status: FulfilmentStatus | None = None
    placed_after: Moment | None = None
    placed_before: Moment | None = None
    attention: bool | None = None
    sku: Annotated[str | None, _text("sku", "Orders that have, or had, this SKU")] = None
    currency: Annotated[str | None, _text("currency")] = None
    min_total: Annotated[str | None, _text("min_total", "At least, in `currency`")] = None
    max_total: Annotated[str | None, _text("max_total", "At most, in `currency`")] = None
    q: Annotated[str | None, _text("q", "Order number or customer id, or its start")] = None

    def filter(self, caller: Principal) -> OrderFilter | None:
        """The conditions as the caller may have them; None where nothing that it may see meets them.

        Raises:
            InvalidValue: `invalid-filter`, `invalid-amount`, `unknown-currency`.
        """
        self._check()
        everybody = caller.may(Scope.ALL_CUSTOMERS)
        if not everybody and self.customer_id not in (None, caller.subject):
            return None
        return OrderFilter(
            status=self.status,
            customer_id=self.customer_id if everybody else caller.subject,
            placed_after=_moment("placed_after", self.placed_after),
            attention=self.attention,
            q=searched(self.q),
            payment_status=self.payment_status,
            fulfilment_status=self.fulfilment_status,
            placed_before=_moment("placed_before", self.placed_before),
            sku=self.sku,
            currency=self.currency,
            least_total=_minor(self.min_total, self.currency),
            most_total=_minor(self.max_total, self.currency),
        )

    def _check(self) -> None:
        """REST has done it already, by the limits that its document tells; GraphQL has not."""
        for name, most in LONGEST.items():
            if len(getattr(self, name) or "") > most:
                raise InvalidValue(f"{name} has at most {most} characters", code="invalid-filter")


CONDITIONS: Final = tuple(each.name for each in fields(OrderSearch))


def _moment(name: str, moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else _utc(moment)
    except ValueError as error:
        raise InvalidValue(f"{name} {error}", code="invalid-filter") from None


def _minor(amount: str | None, currency: str | None) -> int | None:
    if amount is None:
        return None
    if currency is None:
        raise InvalidValue("a range of totals needs the currency that it is in", code="invalid-filter")
    return Money.parse(amount, currency).minor


def searched(q: str | None) -> str | None:
    """A whole order number may be typed in any of the ways that people type it."""
    if q is None or not q.strip():
        return None
    try:
        return parse_order_number(q)
    except InvalidValue:
        return q.strip()
