"""What the steps on an order's money are given; they answer with an `Effect`."""

from dataclasses import dataclass
from datetime import datetime

from activities.contracts import Step
from domain.money import Money


@dataclass(frozen=True, slots=True)
class CaptureStep:
    step: Step
    shipment_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ChargebackStep:
    step: Step
    reference: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class AuthorizeStep:
    """`expires_at`: until when what is authorised now can be captured; None where that has no end."""

    step: Step
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RenewStep:
    """What expires by `due_by` is asked for anew, to be captured until `expires_at`."""

    step: Step
    due_by: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AuthorizeMoreStep:
    """`amount` comes beside what is authorised already; `reason` is in plain words, of no person."""

    step: Step
    amount: Money
    reason: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VoidMoreStep:
    """`authorization` is the key of the step that asked for it; its outcome may be unknown."""

    step: Step
    authorization: str
