"""Granting a refund: what the order's status, its lines and its payment have to say to it."""

from collections.abc import Mapping

from domain.errors import InvalidValue, NotAllowed
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.payments import decide
from domain.payments.events import PaymentEvent
from domain.record import OrderRecord

GRANTED_IN = (OrderStatus.CONFIRMED, OrderStatus.FULFILLING, OrderStatus.COMPLETED)
"""A cancellation gives all of it back by itself."""


def grant(
    record: OrderRecord,
    grant_id: str,
    *,
    amount: Money | None,
    lines: Mapping[str, int],
    reason: str,
    by: str,
) -> list[PaymentEvent]:
    """Grant an amount, or what so many pieces of the order's lines cost with their tax.

    Raises:
        InvalidValue: not exactly one of amount and lines, another currency, an unknown line or too many pieces.
        NotAllowed: the order's status does not allow it, or so much is not left to refund.
    """
    status = record.status
    if status not in GRANTED_IN:
        raise NotAllowed(
            f"an order that is {status} takes no refund",
            code="invalid-transition",
            details={"status": status, "allowed_from": list(GRANTED_IN)},
        )
    if (amount is None) == (not lines):
        raise InvalidValue("give either an amount or lines", code="invalid-refund")
    given = amount if amount is not None else cost_of(record, lines)
    if given.currency != record.order.currency:
        raise InvalidValue(f"the order is in {record.order.currency}", code="mixed-currencies")
    return decide.grant_refund(record.payment_state, grant_id, amount=given, reason=reason, by=by)


def cost_of(record: OrderRecord, lines: Mapping[str, int]) -> Money:
    """What these pieces cost, with their tax."""
    known = {line.sku: line for line in record.order.lines}
    cost = Money.zero(record.order.currency)
    for sku, quantity in lines.items():
        line = known.get(sku)
        if line is None or not 0 < quantity <= line.quantity:
            most = f"1 to {line.quantity} pieces" if line else "none"
            raise InvalidValue(f"{sku}: the order has {most} of it", code="invalid-refund")
        cost += line.unit_price * quantity
    return cost + cost.percent(record.order.terms.tax_rate)
