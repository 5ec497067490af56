"""What the steps on an order's money are given; they answer with an `Effect`."""

from dataclasses import dataclass

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
class AuthorizeMoreStep:
    """`amount` comes beside what is authorised already; `reason` is in plain words, of no person."""

    step: Step
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class VoidMoreStep:
    """`authorization` is the key of the step that asked for it; its outcome may be unknown."""

    step: Step
    authorization: str
