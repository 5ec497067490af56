"""What happened to a customer's store credit. It stands in the stream `credit/{customer_id}`.

What an order moves is named as a payment gateway names it: `step` is the idempotency key, `payment` the id of what
the order has reserved.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.money import Money


@dataclass(frozen=True, slots=True)
class CreditGranted:
    """The customer may spend so much more. `reason` names nobody: it stays readable."""

    customer_id: str
    amount: Money
    reason: str
    granted_by: str


@dataclass(frozen=True, slots=True)
class CreditReserved:
    """Taken from the balance for an order, and not spent yet."""

    order_id: UUID
    step: str
    payment: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CreditSpent:
    """A parcel's share of what the order has reserved."""

    order_id: UUID
    step: str
    payment: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CreditReleased:
    """What was reserved and not spent is the customer's again."""

    order_id: UUID
    step: str
    payment: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CreditReturned:
    """What was spent is the customer's again: a refund."""

    order_id: UUID
    step: str
    payment: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CreditStepClosed:
    """The step had moved nothing, and never will."""

    order_id: UUID
    step: str


CreditEvent = CreditGranted | CreditReserved | CreditSpent | CreditReleased | CreditReturned | CreditStepClosed
EVENTS: tuple[type, ...] = (
    CreditGranted,
    CreditReserved,
    CreditSpent,
    CreditReleased,
    CreditReturned,
    CreditStepClosed,
)
