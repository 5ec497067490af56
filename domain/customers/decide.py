"""Erasing a customer: once, and never while an order still needs the person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.customers.events import CustomerErased, CustomerEvent, CustomerForgotten
from domain.customers.model import Customer
from domain.errors import NotAllowed

NAMED = 20
"""Open orders that a refusal names."""


def check_erasable(customer_id: str, open_orders: Sequence[UUID]) -> None:
    """Raises NotAllowed (`customer-has-open-orders`): a parcel on its way needs an address."""
    if open_orders:
        named = [str(order_id) for order_id in open_orders[:NAMED]]
        raise NotAllowed(
            f"customer {customer_id} has {len(open_orders)} open order(s): {', '.join(named)};"
            " let them end, or cancel them, and erase again",
            code="customer-has-open-orders",
            details={"orders": named},
        )


def erase(
    state: Customer, customer_id: str, *, reason: str, requested_by: str, erased_at: datetime
) -> list[CustomerEvent]:
    """Note that the key was destroyed; nothing when that is noted already."""
    return [] if state.erased else [CustomerErased(customer_id, reason, requested_by, erased_at)]


def forget(state: Customer, *, orders: int) -> list[CustomerEvent]:
    """Note that the outside services forgot the customer. `orders` is how many orders they were asked about."""
    if state.erased is None:
        raise NotAllowed("the customer is not erased", code="invalid-transition")
    return [] if state.forgotten else [CustomerForgotten(orders)]
