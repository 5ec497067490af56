"""Taking an effect that the gateway made, and the order did not ask for, into the order's books."""

from domain.errors import NotAllowed
from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import Payment, PaymentState

ELSEWHERE = "elsewhere"
"""The payment method and the parcel of what was not asked for here."""


def adopt(state: PaymentState, step: str, *, kind: str, reference: str, amount: Money) -> list[PaymentEvent]:
    """The events of an effect made elsewhere.

    Raises:
        NotAllowed: the order's sums have no room for it.
    """
    zero = Money.zero(amount.currency)
    payment = state if isinstance(state, Payment) else Payment(zero, zero, zero, zero, zero)
    if kind == "authorization":
        if payment.held or payment.pending:
            raise NotAllowed("the order's payment is authorised or asked for already", code="already-authorized")
        return [PaymentRequested(step, ELSEWHERE, amount), PaymentAuthorized(step, reference, amount)]
    room = payment.paid if kind == "refund" else payment.open
    if amount > room:
        raise NotAllowed(f"a {kind} of {amount} does not fit: {room} is left for it", code="does-not-fit")
    if kind == "refund":
        granted = RefundGranted(step, amount, ELSEWHERE, ELSEWHERE)  # the customer was let off, whoever did it
        return [granted, RefundRequested(step, amount), PaymentRefunded(step, reference, amount)]
    if kind == "void":
        return [VoidRequested(step, amount), PaymentVoided(step, reference, amount)]
    return [CaptureRequested(step, ELSEWHERE, amount), PaymentCaptured(step, reference, amount)]
