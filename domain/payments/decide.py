"""Which money effect may be asked of the gateway now, and which event its answer becomes."""

from collections.abc import Sequence

from domain.errors import NotAllowed
from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    PaymentEvent,
    PaymentRequested,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import NoPayment, Payment, PaymentState


def request_authorization(state: PaymentState, step: str, *, method: str, amount: Money) -> list[PaymentEvent]:
    if amount <= Money.zero(amount.currency):
        raise NotAllowed(f"{amount} cannot be authorised; an amount above zero is needed", code="invalid-amount")
    if isinstance(state, Payment) and state.open:
        raise NotAllowed("the order's payment is authorised already", code="already-authorized")
    return [PaymentRequested(step, method, amount)]


def request_capture(state: PaymentState, step: str, *, shipment_id: str, amount: Money) -> list[PaymentEvent]:
    payment = _authorized(state)
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
    if not Money.zero(amount.currency) < amount <= payment.paid:
        raise NotAllowed(
            f"{amount} cannot be refunded; {payment.paid} is captured and not refunded",
            code="amount-above-captured",
        )
    return [RefundRequested(step, amount)]


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
