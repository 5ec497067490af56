"""What the steps on an order's stock are given and what they answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from activities.contracts import Step
from domain.orders.events import Decision, OrderLine
from domain.orders.model import OrderStatus
from domain.shipping.events import PlannedParcel


@dataclass(frozen=True, slots=True)
class ReserveStep:
    """`decide_by` and `default`: what the customer is given, should it be asked."""

    step: Step
    decide_by: datetime
    default: Decision


@dataclass(frozen=True, slots=True)
class TakeUpStep:
    """`at` is the workflow's time: a deadline that is not later has passed."""

    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class DecideStep:
    step: Step
    decision: Decision
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferStep:
    step: Step
    sku: str
    substitute: OrderLine


@dataclass(frozen=True, slots=True)
class Reserved:
    """How the reservation stands: parcels to send, or none while it waits, or when stock did not cover the order.

    `served` are other orders that got what this one gave up: they are to be told.
    """

    version: int
    parcels: tuple[PlannedParcel, ...]
    shortage: str | None = None
    waiting: bool = False
    decide_by: datetime | None = None
    status: OrderStatus | None = None
    cancelling: bool = False
    served: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    version: int
    status: OrderStatus
    served: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    version: int
    served: tuple[UUID, ...] = ()
