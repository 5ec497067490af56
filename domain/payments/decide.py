"""Which money effect may be asked of the gateway now, and which event its answer becomes."""

from collections.abc import Sequence

from domain.errors import InvalidValue, NotAllowed
from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    ChargebackOpened,
    PaymentEvent,
    PaymentMethodChosen,
    PaymentRequested,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import NoPayment, Payment, PaymentState


def request_authorization(state: PaymentState, step: str, *, method: str, amount: Money) -> list[PaymentEvent]:
    """Ask for the customer's money: not while the shop holds any of it, nor while an answer is awaited."""
    _positive(amount)
    if isinstance(state, Payment) and (state.held or state.pending):
        raise NotAllowed("the order's payment is authorised or asked for already", code="already-authorized")
    return [PaymentRequested(step, method, amount)]


def choose_method(state: PaymentState, method: str) -> list[PaymentEvent]:
    """Pay with another method, or with the same again: one choice for each decline."""
    if isinstance(state, NoPayment) or state.pending or state.declines <= len(state.chosen):
        raise NotAllowed("the order does not wait for another payment method", code="payment-not-awaited")
    return [PaymentMethodChosen(method)]


def request_capture(state: PaymentState, step: str, *, shipment_id: str, amount: Money) -> list[PaymentEvent]:
    """Take a parcel's share of what is authorised; nothing to do for a parcel of free goods."""
    payment = _authorized(state)
    if not amount:
        return []
    _positive(amount)
    if amount > payment.open:
        raise NotAllowed(
            f"{amount} is more than the {payment.open} that is left of the authorisation",
            code="amount-above-authorized",
        )
    return [CaptureRequested(step, shipment_id, amount)]


def request_void(state: PaymentState, step: str) -> list[PaymentEvent]:
    """Free what is authorised and not captured; nothing to do when that is zero."""
    if isinstance(state, NoPayment) or not state.open:
        return []
    return [VoidRequested(step, state.open)]


def request_refund(state: PaymentState, step: str, *, amount: Money) -> list[PaymentEvent]:
    payment = _authorized(state)
    _positive(amount)
    if amount > payment.paid:
        raise NotAllowed(
            f"{amount} cannot be refunded; {payment.paid} is captured and not refunded",
            code="amount-above-captured",
        )
    return [RefundRequested(step, amount)]


def grant_refund(state: PaymentState, grant_id: str, *, amount: Money, reason: str, by: str) -> list[PaymentEvent]:
    """Let the customer off a part of what it paid.

    Raises:
        NotAllowed: more than is captured, not granted before, and not taken back by the customer's bank.
    """
    payment = _authorized(state)
    _positive(amount)
    left = payment.captured - payment.granted - payment.charged_back
    if amount > left:
        raise NotAllowed(
            f"{amount} cannot be refunded; {left} is captured, and neither refunded nor charged back",
            code="amount-above-captured",
            details={"left": str(left)},
        )
    return [RefundGranted(grant_id, amount, reason, by)]


def request_granted_refund(state: PaymentState, step: str, *, grant_id: str) -> list[PaymentEvent]:
    """Begin to give a granted refund back."""
    payment = _authorized(state)
    if grant_id not in payment.grants:
        raise NotAllowed("no such refund was granted", code="not-granted")
    return request_refund(state, step, amount=payment.grants[grant_id])


def open_chargeback(state: PaymentState, *, reference: str, amount: Money, reason: str) -> list[PaymentEvent]:
    """Note that the customer's bank took money back; nothing to do for a dispute that is known already.

    What was refunded counts as captured all the same: a bank does not ask whether the shop has paid back.
    """
    payment = _authorized(state)
    if reference in payment.disputes:
        return []
    _positive(amount)
    left = payment.captured - payment.charged_back
    if amount > left:
        raise NotAllowed(
            f"{amount} cannot be charged back; {left} is captured and not charged back",
            code="amount-above-captured",
        )
    return [ChargebackOpened(reference, amount, reason)]


def capture_shares(total: Money, goods: Sequence[Money]) -> tuple[Money, ...]:
    """Each parcel's share of the order's total (goods, shipping and tax), by the value of its goods.

    Parcels of free goods share alike. The shares sum to exactly `total`.
    """
    weights = [value.minor for value in goods]
    return total.allocate(weights if any(weights) else [1] * len(goods))


def _authorized(state: PaymentState) -> Payment:
    if isinstance(state, NoPayment) or state.reference is None:
        raise NotAllowed("the order's payment is not authorised", code="not-authorized")
    return state


def _positive(amount: Money) -> None:
    if amount <= Money.zero(amount.currency):
        raise InvalidValue(f"{amount} cannot be moved; an amount above zero is needed", code="invalid-amount")
