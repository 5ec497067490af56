"""What was captured above the price goes back once, whatever is granted beside it."""

from domain.payments.adoption import adopt
from domain.payments.events import (
    CaptureRequested,
    PaymentCaptured,
    PaymentRefunded,
    RefundGranted,
    RefundRequested,
)
from domain.record import fold_record
from tests.support.samples import AUTHORIZED, PLACED, TOTAL, eur

PAID = (
    PLACED,
    *AUTHORIZED,
    CaptureRequested("capture:s-1#0", "s-1", TOTAL),
    PaymentCaptured("capture:s-1#0", "c", TOTAL),
)
BACK = (RefundRequested("refund:excess#0", eur("2.00")), PaymentRefunded("refund:excess#0", "r-1", eur("2.00")))
GRANTED = RefundGranted("g-1", eur("3.00"), "sorry", "operator:eve")
GIVEN = (RefundRequested("give-back:g-1#0", eur("3.00")), PaymentRefunded("give-back:g-1#0", "r-2", eur("3.00")))


def test_a_grant_after_the_excess_went_back_does_not_make_it_excess_again() -> None:
    settled = TOTAL - eur("2.00")
    assert fold_record((*PAID, *BACK)).settled == settled
    assert fold_record((*PAID, *BACK, GRANTED)).settled == settled
    assert fold_record((*PAID, *BACK, GRANTED, *GIVEN)).settled == settled


def test_a_granted_refund_takes_nothing_of_the_price() -> None:
    assert fold_record((*PAID, GRANTED)).settled == TOTAL
    assert fold_record((*PAID, GRANTED, *GIVEN)).settled == TOTAL


def test_a_refund_that_was_made_elsewhere_takes_nothing_of_the_price() -> None:
    captured = fold_record(PAID).payment
    step = "case:c-1#0"
    payment = captured.authorizations[0].reference
    made = adopt(captured, step, kind="refund", reference="r-9", payment=payment, amount=eur("1.00"))
    assert fold_record((*PAID, *made)).settled == TOTAL
