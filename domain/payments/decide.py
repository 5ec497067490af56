"""Which money effect may be asked of the gateway now, and which event its answer becomes."""

from collections.abc import Sequence
from datetime import datetime

from domain.errors import InvalidValue, NotAllowed
from domain.money import Money, total
from domain.payments.events import (
    CaptureRequested,
    ChargebackOpened,
    PaymentEvent,
    PaymentMethodChosen,
    PaymentRequested,
    Purpose,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import NoPayment, Payment, PaymentState, label_of


def request_authorization(
    state: PaymentState, step: str, *, method: str, amount: Money, expires_at: datetime | None = None
) -> list[PaymentEvent]:
    """Ask for the customer's money: not while the shop holds any of it, nor while an answer is awaited."""
    _positive(amount)
    if isinstance(state, Payment) and (state.held or state.pending):
        raise NotAllowed("the order's payment is authorised or asked for already", code="already-authorized")
    return [PaymentRequested(step, method, amount, expires_at=expires_at)]


def choose_method(state: PaymentState, method: str) -> list[PaymentEvent]:
    """Pay with another method, or with the same again: one choice for each decline."""
    if isinstance(state, NoPayment) or state.authorizing or state.declines <= len(state.chosen):
        raise NotAllowed("the order does not wait for another payment method", code="payment-not-awaited")
    return [PaymentMethodChosen(method)]


def request_more(
    state: PaymentState,
    step: str,
    *,
    method: str,
    amount: Money,
    reason: str,
    expires_at: datetime | None = None,
) -> list[PaymentEvent]:
    """Ask for more of the customer's money, beside what is authorised: the order has come to cost more.

    Raises:
        NotAllowed: `authorization-pending`, another authorisation is asked for and not answered.
    """
    _positive(amount)
    if isinstance(state, Payment) and state.authorizing:
        raise NotAllowed("an authorisation is asked for and not answered yet", code="authorization-pending")
    return [PaymentRequested(step, method, amount, Purpose.MORE, reason, expires_at)]


def request_renewal(
    state: PaymentState, step: str, *, method: str, due_by: datetime, expires_at: datetime | None
) -> list[PaymentEvent]:
    """Ask anew for what is left of an authorisation that expires by `due_by`; nothing to do where none does.

    One that a capture or a void is on its way for is left alone until that is answered.
    """
    if isinstance(state, NoPayment) or state.authorizing:
        return []
    for each in state.current:
        due = each.expires_at is not None and each.expires_at <= due_by
        if due and each.open and state.free(each) == each.open:
            purpose, reason = Purpose.RENEWAL, "the authorisation expires"
            return [PaymentRequested(step, method, each.open, purpose, reason, expires_at, each.reference)]
    return []


def request_void_of_replaced(state: PaymentState, step: str) -> list[PaymentEvent]:
    """Free what is left of an authorisation that a renewal has taken the place of."""
    replaced = state.replaced if isinstance(state, Payment) else ()
    return next((found for each in replaced if (found := request_void(state, step, authorization=each.step))), [])


def request_capture(state: PaymentState, step: str, *, shipment_id: str, amount: Money) -> list[PaymentEvent]:
    """Take what is left of a parcel's share of what is authorised, from the oldest authorisation that has any.

    One authorisation may cover a part only: the next part is asked for under another step. Nothing to do for a
    parcel of free goods, or one whose share is captured.
    """
    payment = _authorized(state)
    if not amount:
        return []
    _positive(amount)
    left = capture_left(payment, shipment_id, amount)
    if left.minor <= 0:
        return []
    free = [(payment.free(each), each.reference) for each in payment.current]
    if left > total((each for each, _ in free), left.currency):
        raise NotAllowed(
            f"{left} is more than the {payment.open} that is left of the authorisation",
            code="amount-above-authorized",
        )
    part, reference = next((each, reference) for each, reference in free if each.minor > 0)
    return [CaptureRequested(step, shipment_id, _least(left, part), reference)]


def capture_left(payment: Payment, shipment_id: str, share: Money) -> Money:
    """What of a parcel's share is neither captured nor about to be."""
    asked = [each.amount for each in payment.pending.values() if each.shipment_id == shipment_id]
    return share - payment.shares.get(shipment_id, Money.zero(share.currency)) - total(asked, share.currency)


def request_void(state: PaymentState, step: str, *, authorization: str | None = None) -> list[PaymentEvent]:
    """Free what one authorisation has left; nothing to do when that is zero, or while some of it is on its way.

    Args:
        authorization: The step that got it; by default the oldest that has anything left.
    """
    if isinstance(state, NoPayment):
        return []
    for each in state.authorizations:
        if each.open and authorization in (None, each.step) and state.free(each) == each.open:
            return [VoidRequested(step, each.open, each.reference)]
    return []


def request_refund(state: PaymentState, step: str, *, amount: Money) -> list[PaymentEvent]:
    """Give money back, of the oldest capture that has any; the next part is asked for under another step."""
    payment = _authorized(state)
    _positive(amount)
    paid = [(payment.refundable(each), each.reference) for each in payment.authorizations]
    if amount > total((each for each, _ in paid), amount.currency):
        raise NotAllowed(
            f"{amount} cannot be refunded; {payment.paid} is captured and not refunded",
            code="amount-above-captured",
        )
    part, reference = next((each, reference) for each, reference in paid if each.minor > 0)
    return [RefundRequested(step, _least(amount, part), reference)]


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
    """Begin to give a granted refund back, or go on with it; nothing to do once all of it is."""
    payment = _authorized(state)
    if grant_id not in payment.grants:
        raise NotAllowed("no such refund was granted", code="not-granted")
    left = refund_left(payment, step, grant_id)
    return request_refund(state, step, amount=left) if left else []


def refund_left(payment: Payment, step: str, grant_id: str) -> Money:
    """What of a grant has not gone back under the steps of this label."""
    granted = payment.grants[grant_id]
    return granted - payment.given_back.get(label_of(step), Money.zero(granted.currency))


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


def _least(*amounts: Money) -> Money:
    return min(amounts, key=lambda each: each.minor)


def _positive(amount: Money) -> None:
    if amount <= Money.zero(amount.currency):
        raise InvalidValue(f"{amount} cannot be moved; an amount above zero is needed", code="invalid-amount")
