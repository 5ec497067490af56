"""Taking an effect that the gateway's books show, whoever made it, as the outcome of a step that stalled."""

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Final, assert_never

from domain.errors import refuse_adoption
from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import Payment, PaymentState

MoneyRequest = PaymentRequested | CaptureRequested | VoidRequested | RefundRequested

KINDS: Final = {
    PaymentRequested: "authorization",
    CaptureRequested: "capture",
    VoidRequested: "void",
    RefundRequested: "refund",
}
"""What the gateway calls the effect of each request."""


@dataclass(frozen=True, slots=True)
class FoundEffect:
    """An entry of the gateway's books. `payment` is the authorisation that it belongs to."""

    kind: str
    reference: str
    payment: str
    amount: Money


def adopt(
    state: PaymentState, request: MoneyRequest, found: FoundEffect, *, step: str, known: Set[str]
) -> list[PaymentEvent]:
    """The events that make `found` the outcome of `request`, under `step`.

    Args:
        request: What the stalled step asked of the gateway. Where it was refused, it is asked again under `step`.
        known: References that stand in the order's books already.

    Raises:
        NotAllowed: `adoption-refused`, for the effect is not the one that was asked for.
    """
    if found.kind != KINDS[type(request)]:
        raise refuse_adoption(found.reference, f"it is a {found.kind}, not a {KINDS[type(request)]}")
    if found.reference in known:
        raise refuse_adoption(found.reference, "it stands in the order's books already")
    if found.amount != request.amount:
        raise refuse_adoption(found.reference, f"it moved {found.amount}, the step asked for {request.amount}")
    _same_payment(state, request, found)
    asked: list[PaymentEvent] = [] if request.step == step else [replace(request, step=step)]
    return [*asked, _outcome(request, found, step)]


def _same_payment(state: PaymentState, request: MoneyRequest, found: FoundEffect) -> None:
    if isinstance(request, PaymentRequested):
        return
    known = state.authorizations if isinstance(state, Payment) else ()
    mine = request.payment or (known[-1].reference if known else None)
    if found.payment != mine:
        raise refuse_adoption(found.reference, f"it belongs to payment {found.payment}, the order's is {mine}")
    drawn = next(each for each in known if each.reference == mine)
    left = drawn.paid if isinstance(request, RefundRequested) else drawn.open
    if found.amount > left:
        raise refuse_adoption(found.reference, f"it moved {found.amount}, and only {left} is left to move")


def _outcome(request: MoneyRequest, found: FoundEffect, step: str) -> PaymentEvent:
    match request:
        case PaymentRequested():
            return PaymentAuthorized(step, found.reference, found.amount)
        case CaptureRequested():
            return PaymentCaptured(step, found.reference, found.amount)
        case VoidRequested():
            return PaymentVoided(step, found.reference, found.amount)
        case RefundRequested():
            return PaymentRefunded(step, found.reference, found.amount)
        case _:
            assert_never(request)
