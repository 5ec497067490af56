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


def adopt(
    state: PaymentState, step: str, *, kind: str, reference: str, payment: str, amount: Money
) -> list[PaymentEvent]:
    """The events of an effect made elsewhere, on the authorisation `payment`.

    Raises:
        NotAllowed: the order's sums have no room for it.
    """
    zero = Money.zero(amount.currency)
    money = state if isinstance(state, Payment) else Payment(zero, zero, zero, zero, zero)
    if kind == "authorization":
        if money.held or money.pending:
            raise NotAllowed("the order's payment is authorised or asked for already", code="already-authorized")
        return [PaymentRequested(step, ELSEWHERE, amount), PaymentAuthorized(step, reference, amount)]
    mine = next((each for each in money.authorizations if each.reference == payment), None)
    if mine is None:
        raise NotAllowed(f"the order has no payment {payment}", code="does-not-fit")
    room = money.refundable(mine) if kind == "refund" else money.free(mine)
    if amount > room:
        raise NotAllowed(f"a {kind} of {amount} does not fit: {room} is left for it", code="does-not-fit")
    if kind == "refund":
        granted = RefundGranted(step, amount, ELSEWHERE, ELSEWHERE)  # the customer was let off, whoever did it
        return [granted, RefundRequested(step, amount, payment), PaymentRefunded(step, reference, amount)]
    if kind == "void":
        return [VoidRequested(step, amount, payment), PaymentVoided(step, reference, amount)]
    return [CaptureRequested(step, ELSEWHERE, amount, payment), PaymentCaptured(step, reference, amount)]
