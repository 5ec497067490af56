"""Comparing an order's money events with the gateway's books, charge by charge."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from activities.gateways.protocol import PaymentEffect
from domain.identifiers import WAYBILL_NAMESPACE
from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from domain.reconciliation.events import CaseKind, CaseOpened
from eventstore.store import Recorded

KINDS: Final[Mapping[type, str]] = {
    PaymentAuthorized: "authorization",
    PaymentCaptured: "capture",
    PaymentVoided: "void",
    PaymentRefunded: "refund",
}
REQUESTS: Final = (PaymentRequested, CaptureRequested, VoidRequested, RefundRequested)
CASE_KEY: Final = "case:"
"""What effects are made under that settle a case: they stand in its stream, and in no order's."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A money effect as the order's stream tells it."""

    step: str
    kind: str
    reference: str
    amount: Money
    payment: str


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """What one order's stream says: its effects, and when each request that has no outcome was made."""

    facts: tuple[Fact, ...]
    pending: Mapping[str, datetime]

    @classmethod
    def of(cls, stored: Iterable[Recorded]) -> "OrderMoney":
        facts: list[Fact] = []
        pending: dict[str, datetime] = {}
        drawn: dict[str, str | None] = {}
        for recorded in stored:
            event = recorded.event
            step = getattr(event, "step", "")
            if isinstance(event, REQUESTS):
                pending[step] = recorded.recorded_at
                drawn[step] = getattr(event, "payment", None)
                continue
            pending.pop(step, None)
            if isinstance(event, PaymentAuthorized | PaymentCaptured | PaymentVoided | PaymentRefunded):
                payment = event.reference if isinstance(event, PaymentAuthorized) else drawn.get(step)
                known = [fact.reference for fact in facts if fact.kind == "authorization"]
                payment = payment or (known[-1] if known else "")
                facts.append(Fact(step, KINDS[type(event)], event.reference, event.amount, payment))
        return cls(tuple(facts), pending)


def differences(
    order_id: UUID,
    known: OrderMoney | None,
    effects: Sequence[PaymentEffect],
    *,
    now: datetime,
    grace: timedelta,
) -> list[CaseOpened]:
    """The cases that one order's stream and the gateway's books of it make.

    Args:
        known: What the stream says; None when there is no such order.
        grace: How long a request may stand without an outcome before its effect is a difference.
    """
    facts = list(known.facts) if known else []
    found = []
    for effect in effects:
        if effect.idempotency_key.startswith(CASE_KEY):
            continue
        fact = _take(facts, effect)
        if fact is None:
            asked = known.pending.get(effect.idempotency_key) if known else None
            if asked is None or now - asked > grace:
                found.append(_unrecorded(order_id, known, effect))
        elif fact.amount != effect.amount:
            found.append(_case(CaseKind.AMOUNT_DIFFERS, order_id, effect, expected=fact.amount))
    found += [_unbooked(order_id, fact) for fact in facts]
    return found


def _take(facts: list[Fact], effect: PaymentEffect) -> Fact | None:
    """The fact that tells of this effect, taken out of those left: one effect, one fact."""
    for fact in facts:
        same = fact.reference == effect.reference or fact.step == effect.idempotency_key
        if same and fact.kind == effect.kind:
            facts.remove(fact)
            return fact
    return None


def _unrecorded(order_id: UUID, known: OrderMoney | None, effect: PaymentEffect) -> CaseOpened:
    if known is None:
        return _case(CaseKind.CHARGED_NO_ORDER, order_id, effect)
    twin = any(fact.kind == effect.kind == "capture" and fact.amount == effect.amount for fact in known.facts)
    return _case(CaseKind.CAPTURED_TWICE if twin else CaseKind.NOT_RECORDED, order_id, effect)


def _unbooked(order_id: UUID, fact: Fact) -> CaseOpened:
    kind = CaseKind.REFUND_MISSING if fact.kind == "refund" else CaseKind.NOT_BOOKED
    case_id = case_id_of(kind, order_id, fact.kind, fact.step)
    return CaseOpened(
        case_id,
        kind,
        order_id,
        fact.kind,
        fact.step,
        fact.reference,
        fact.payment,
        expected=fact.amount,
        found=None,
    )


def _case(kind: CaseKind, order_id: UUID, effect: PaymentEffect, *, expected: Money | None = None) -> CaseOpened:
    return CaseOpened(
        case_id=case_id_of(kind, order_id, effect.kind, effect.reference),
        kind=kind,
        order_id=order_id,
        effect=effect.kind,
        step=effect.idempotency_key,
        reference=effect.reference,
        payment=effect.payment,
        expected=expected,
        found=effect.amount,
    )


def case_id_of(kind: CaseKind, order_id: UUID, effect: str, name: str) -> UUID:
    """The same difference is the same case, in every run."""
    return uuid5(WAYBILL_NAMESPACE, f"case|{kind}|{order_id}|{effect}|{name}")
