"""Differences between the orders and the gateway's books. Each is a case, in the stream `case/{case_id}`."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.money import Money


class CaseKind(StrEnum):
    """What differs.

    `not_recorded` and `not_booked` are an effect that only the gateway has, and one that only the order has.
    """

    CHARGED_NO_ORDER = "charged_no_order"
    CAPTURED_TWICE = "captured_twice"
    NOT_RECORDED = "not_recorded"
    REFUND_MISSING = "refund_missing"
    NOT_BOOKED = "not_booked"
    AMOUNT_DIFFERS = "amount_differs"


class CaseAction(StrEnum):
    """An operator's answer: the order takes the effect, the customer's money goes back, or nothing is done."""

    ADOPT = "adopt"
    REFUND = "refund"
    DISMISS = "dismiss"


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """`effect` is authorization, capture, void or refund; `reference` and `payment` are the gateway's ids.

    `expected` is what the order says of the effect, `found` what the gateway says; None where it knows of none.
    `step` is the key that the effect was made, or should have been made, under.
    """

    case_id: UUID
    kind: CaseKind
    order_id: UUID
    effect: str
    step: str
    reference: str
    payment: str
    expected: Money | None
    found: Money | None


@dataclass(frozen=True, slots=True)
class CaseActionRequested:
    """The action is about to be taken."""

    step: str
    action: CaseAction
    reason: str
    requested_by: str


@dataclass(frozen=True, slots=True)
class CaseActionRefused:
    """The gateway or the order definitely refused it: the case is open again."""

    step: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaseSettled:
    """The action was taken. `reference` is the gateway's id of what was given back or adopted."""

    step: str
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class CaseDismissed:
    reason: str
    dismissed_by: str


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """The difference is gone without anybody's answer: what was on its way has arrived."""


CaseEvent = CaseOpened | CaseActionRequested | CaseActionRefused | CaseSettled | CaseDismissed | CaseClosed
EVENTS: tuple[type, ...] = (
    CaseOpened,
    CaseActionRequested,
    CaseActionRefused,
    CaseSettled,
    CaseDismissed,
    CaseClosed,
)
