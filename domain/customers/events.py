"""What happened to a customer as such. It stands in the stream `customer/{id}`; orders have their own."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CustomerErased:
    """The customer's key was destroyed at `erased_at`: nothing sealed with it can be read again.

    `reason` is why, in words that name nobody: it stays readable.
    """

    customer_id: str
    reason: str
    requested_by: str
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerForgotten:
    """Every outside service that was given personal data of the customer's orders has forgotten it."""

    orders: int


CustomerEvent = CustomerErased | CustomerForgotten
EVENTS: tuple[type, ...] = (CustomerErased, CustomerForgotten)
