"""Names and messages of the order workflow: what starts it, what it is told, what it answers."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from temporalio.common import SearchAttributeKey

from domain.money import Money
from domain.orders.amendments import Amendment
from domain.orders.decide import PlaceOrder
from domain.orders.events import Decision, HoldPlaced, OrderLine, StepAction
from domain.orders.model import OrderStatus
from domain.privacy import KeyedDigest, PersonalText
from domain.shipping.events import LostAnswer, TrackingStatus

ORDER_WORKFLOW: Final = "Order"
RESTOCKED: Final = "restocked"
"""Signal: stock came for an order that waits. It carries nothing; the streams tell what came."""
AFTERCARE_WORKFLOW: Final = "Aftercare"
ERASURE_WORKFLOW: Final = "Erasure"

STATUS: Final = SearchAttributeKey.for_keyword("WaybillStatus")
ATTENTION: Final = SearchAttributeKey.for_bool("WaybillAttention")
STEP: Final = SearchAttributeKey.for_keyword("WaybillStep")
ORDER_NUMBER: Final = SearchAttributeKey.for_keyword("WaybillOrderNumber")
CUSTOMER: Final = SearchAttributeKey.for_keyword("WaybillCustomer")
SEARCH_ATTRIBUTES: Final = (STATUS, ATTENTION, STEP, ORDER_NUMBER, CUSTOMER)
"""Registered by `waybill migrate`; a worker refuses to start without them."""


def order_workflow_id(order_id: UUID) -> str:
    return f"order/{order_id}"


def aftercare_workflow_id(order_id: UUID) -> str:
    return f"aftercare/{order_id}"


def erasure_workflow_id(customer_id: str) -> str:
    return f"erasure/{customer_id}"


@dataclass(frozen=True, slots=True)
class StepPolicies:
    """How outside steps are tried before they park. Seconds. Set at start, so that a replay sees the same."""

    attempts: int = 5
    initial_interval: float = 0.2
    max_interval: float = 10.0
    timeout: float = 15.0
    tracking_poll: float = 3600.0
    max_history: int = 10_000
    """Events after which a workflow that waits goes on as a new run; the server may suggest it earlier."""
    decide_within: float = 172_800.0
    decide_default: Decision = Decision.CANCEL
    restock_poll: float = 600.0
    unpaid_expiry: float = 0.0
    authorization_lifetime: float = 0.0
    """After that an authorisation can no longer be captured. 0: never."""
    renew_before: float = 0.0
    """So long before its end an authorisation is asked for anew."""
    deliver_within: float = 0.0
    """From dispatch; then a parcel counts as lost. 0: never."""
    on_lost: LostAnswer | None = None
    """What is done about a lost parcel; None asks an operator."""


@dataclass(frozen=True, slots=True)
class OrderInput:
    """The start input carries the order, so that the run's first step can place it or find it placed."""

    command: PlaceOrder
    actor: str
    policies: StepPolicies = StepPolicies()


@dataclass(frozen=True, slots=True)
class AftercareInput:
    order_id: UUID
    policies: StepPolicies = StepPolicies()


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """How the order's life ended."""

    order_id: UUID
    status: OrderStatus | None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """`fingerprint` of this and the other commands is a digest of what was asked for."""

    command_id: str
    reason: PersonalText
    actor: str
    expected_version: int | None = None
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class ResolveStalledStep:
    command_id: str
    step: str
    action: StepAction
    reason: PersonalText
    actor: str
    reference: str | None = None
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class AssignOrder:
    command_id: str
    assignee: str | None
    reason: PersonalText
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class NoteOrder:
    command_id: str
    note: PersonalText
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class PayOrder:
    """`method` is tried after the one that was declined."""

    command_id: str
    method: str
    actor: str
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class OpenChargeback:
    """`reference` is the gateway's id of the dispute: one dispute, one chargeback, whoever reports it."""

    command_id: str
    reference: str
    amount: Money
    reason: str
    actor: str
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class HoldOrder:
    command_id: str
    hold: HoldPlaced
    actor: str
    expected_version: int | None = None
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class ReleaseOrderHold:
    command_id: str
    hold_id: str
    reason: PersonalText
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class DecideUnavailable:
    """What the customer wants done about lines that stock does not cover."""

    command_id: str
    decision: Decision
    actor: str
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class OfferSubstitute:
    command_id: str
    sku: str
    substitute: OrderLine
    actor: str
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerLostParcel:
    command_id: str
    shipment_id: str
    answer: LostAnswer
    reason: PersonalText
    actor: str
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """`whole`: an amendment that takes the last line out cancels the order."""

    command_id: str
    amendment: Amendment
    reason: PersonalText
    actor: str
    expected_version: int | None = None
    whole: bool = False
    fingerprint: KeyedDigest | None = None


@dataclass(frozen=True, slots=True)
class CommandDone:
    """The command's events are committed; `version` is the order's version after them.

    `fingerprint` is that of the command that the key stood for first.
    """

    version: int
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class TrackingNews:
    """Signal: a carrier's news of a parcel. Repeats and late news change nothing."""

    shipment_id: str
    status: TrackingStatus
