"""Which events a customer is written to about. What is not here costs nothing: no look at any database."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.orders.events import CustomerDecisionRequested, OrderCancelled, OrderConfirmed
from domain.payments.events import PaymentDeclined, PaymentRefunded
from domain.returns.events import ReturnApproved
from domain.shipping.events import ShipmentDelivered, ShipmentDispatched


class MailKind(StrEnum):
    """Each is the name of its templates."""

    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    PAYMENT_NEEDED = "payment_needed"
    DECISION_WANTED = "decision_wanted"
    RETURN_APPROVED = "return_approved"


KINDS: Final[Mapping[type, MailKind]] = {
    OrderConfirmed: MailKind.CONFIRMED,
    ShipmentDispatched: MailKind.DISPATCHED,
    ShipmentDelivered: MailKind.DELIVERED,
    OrderCancelled: MailKind.CANCELLED,
    PaymentRefunded: MailKind.REFUNDED,
    PaymentDeclined: MailKind.PAYMENT_NEEDED,
    CustomerDecisionRequested: MailKind.DECISION_WANTED,
    ReturnApproved: MailKind.RETURN_APPROVED,
}


def wanted_kinds(*, payment_awaited: bool) -> Mapping[str, MailKind]:
    """By the event's type name.

    Args:
        payment_awaited: Whether an order waits for another payment method after a decline; where it is cancelled
            instead, the decline is not told.
    """
    return {
        event.__name__: kind
        for event, kind in KINDS.items()
        if payment_awaited or kind is not MailKind.PAYMENT_NEEDED
    }
