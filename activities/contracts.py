"""What activities are given and what they answer: one serialisable value each way, so that fields can be added.

Task queues are named here, beside the contracts they carry. Step keys are `name[:subject]#n`; the same key is
the identity of the step's events and, for outside effects, the gateway's idempotency key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.money import Money
from domain.orders.decide import PlaceOrder
from domain.orders.events import HoldPlaced, StepAction
from domain.orders.model import OrderStatus
from domain.shipping.events import PlannedParcel, TrackingStatus


class TaskQueue(StrEnum):
    """One per outside service, so that a dead one stalls only its own steps. Ours are on `orders`."""

    ORDERS = "orders"
    PAYMENTS = "payments"
    SHIPPING = "shipping"
    MAINTENANCE = "maintenance"  # what schedules start
    WEBHOOKS = "webhooks"  # those that go out
    NOTIFICATIONS = "notifications"  # mails to customers


SYSTEM = "system"  # the actor of what no person asked for


@dataclass(frozen=True, slots=True)
class Step:
    """A step of one order. `actor` is who caused it: `customer:…`, `operator:…` or `system`.

    `fingerprint` is a digest of what a command asked for: its key with another digest is refused.
    """

    order_id: UUID
    key: str
    actor: str = SYSTEM
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class StepDone:
    """The step's events stand in the stream; `version` is that of its last event."""

    version: int


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command's events stand in the stream, now or since an earlier attempt.

    `cancelling` is the order's state now, not what the command once asked for: a cancellation may have been
    rejected since its key was used first.
    """

    version: int
    cancelling: bool


@dataclass(frozen=True, slots=True)
class Held:
    """After a command on holds: all that are in force, and what a reader sees."""

    version: int
    status: OrderStatus
    holds: tuple[HoldPlaced, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A domain refusal as data: see `domain.errors.DomainError`."""

    code: str
    message: str


# Orders


@dataclass(frozen=True, slots=True)
class PlaceStep:
    step: Step
    command: PlaceOrder


@dataclass(frozen=True, slots=True)
class Placed:
    """The outcome that a placing key stands for, now and on every repeat.

    `fingerprint`: the placed body's. With a `refusal` nothing was placed. `placed_version`: that after placing.
    """

    order_id: UUID
    order_number: str
    customer_id: str
    fingerprint: str
    version: int
    payment_method: str
    total: Money
    status: OrderStatus | None = None
    refusal: Refusal | None = None
    placed_version: int = 1
    holds: tuple[HoldPlaced, ...] = ()
    placed_at: datetime | None = None

    @property
    def went_on(self) -> bool:
        """Whether more has happened to the order than its placing."""
        return self.version > self.placed_version


@dataclass(frozen=True, slots=True)
class CancelStep:
    """`expected_version`: the order's version the caller saw (`If-Match`), checked by the decider."""

    step: Step
    reason: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class StallStep:
    step: Step
    stalled: str
    error_type: str
    error: str


@dataclass(frozen=True, slots=True)
class ResolveStep:
    step: Step
    stalled: str
    action: StepAction
    reason: str


@dataclass(frozen=True, slots=True)
class AdoptStep:
    """`step` is the command's; `reference` names the effect outside that becomes the outcome of `stalled`."""

    step: Step
    stalled: str
    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class AssignStep:
    step: Step
    assignee: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class NoteStep:
    step: Step
    note: str


@dataclass(frozen=True, slots=True)
class RejectStep:
    step: Step
    reason: str


@dataclass(frozen=True, slots=True)
class HoldStep:
    """`at` is the workflow's time: what is not later has expired."""

    step: Step
    hold: HoldPlaced
    at: datetime
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseHoldStep:
    """`expired_at`: the workflow's time, when the hold's own is over; that is refused to nobody."""

    step: Step
    hold_id: str
    reason: str
    expired_at: datetime | None = None


# Effects outside


class EffectOutcome(StrEnum):
    DONE = "done"
    NOTHING = "nothing"  # there was nothing to do
    REFUSED = "refused"  # definitely refused; a retry takes a new step number


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of an outside step. `code` is the gateway's when it refused.

    `more`: a part of it is still to be done, under the step's next try. `rest`: nothing is left to be captured,
    and something is still authorised. `expires_at`: when the first authorisation that has something left runs out.
    `declines`: how often the order's payment was declined.
    """

    outcome: EffectOutcome
    version: int
    code: str | None = None
    reason: str | None = None
    more: bool = False
    rest: bool = False
    expires_at: datetime | None = None
    declines: int = 0


# Parcels


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where the stream says that an order stands, for a workflow that starts over it again.

    `tries` is the number of the next try by step label, `parcels` are those that may have been booked, and
    `tracking` is how far each booked one came, by shipment id; `methods_chosen` counts the payment methods that
    followed a decline. `amending`: an amendment is under way; `amended`: there was one before.
    """

    cancelling: bool
    tries: Mapping[str, int]
    parcels: tuple[PlannedParcel, ...]
    tracking: Mapping[str, TrackingStatus]
    holds: tuple[HoldPlaced, ...] = ()
    methods_chosen: int = 0
    payment_expires_at: datetime | None = None
    amending: bool = False
    amended: bool = False
