"""More to pay than was authorised at first: captures, voids and refunds over several authorisations."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.payments.decide import (
    capture_left,
    choose_method,
    request_authorization,
    request_capture,
    request_granted_refund,
    request_more,
    request_refund,
    request_renewal,
    request_void,
    request_void_of_replaced,
)
from domain.payments.events import (
    CaptureRequested,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentMethodChosen,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    Purpose,
    RefundGranted,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import INITIAL, Payment, PaymentStatus, evolve
from tests.support.samples import NOON, eur
from tests.support.spec import Outcome, Spec

given = Spec(evolve, INITIAL).given

ASKED = PaymentRequested("authorize#0", "sim_ok", eur("30.00"))
FIRST = (ASKED, PaymentAuthorized("authorize#0", "auth-1", eur("30.00")))
MORE = PaymentRequested("authorize-more:a#0", "sim_ok", eur("12.00"), Purpose.MORE, "amendment")
BOTH = (*FIRST, MORE, PaymentAuthorized("authorize-more:a#0", "auth-2", eur("12.00")))
WEEK = timedelta(days=7)
EXPIRING = (replace(ASKED, expires_at=NOON), FIRST[1])
RENEWAL = PaymentRequested(
    "reauthorize#0",
    "sim_ok",
    eur("30.00"),
    Purpose.RENEWAL,
    "the authorisation expires",
    NOON + 2 * WEEK,
    "auth-1",
)
RENEWED = (*EXPIRING, RENEWAL, PaymentAuthorized("reauthorize#0", "auth-3", eur("30.00")))
PART = CaptureRequested("capture:p#0", "p", eur("30.00"), "auth-1")
REST = CaptureRequested("capture:p#1", "p", eur("10.00"), "auth-2")
CAPTURED = (
    *BOTH,
    *(PART, PaymentCaptured("capture:p#0", "cap-1", eur("30.00"))),
    *(REST, PaymentCaptured("capture:p#1", "cap-2", eur("10.00"))),
)


def payment(*events: PaymentEvent) -> Payment:
    state = given(*events).state
    assert isinstance(state, Payment)
    return state


def capture(
    *events: PaymentEvent, amount: str = "40.00", parcel: str = "p", number: int = 0
) -> Outcome[PaymentEvent]:
    step = f"capture:{parcel}#{number}"
    return given(*events).when(request_capture, step, shipment_id=parcel, amount=eur(amount))


def test_more_is_asked_for_beside_what_is_authorised() -> None:
    given(*FIRST).when(
        request_more, "authorize-more:a#0", method="sim_ok", amount=eur("12.00"), reason="amendment"
    ).then(MORE)
    assert payment(*BOTH).open == eur("42.00")


def test_one_authorisation_is_asked_for_at_a_time() -> None:
    more = given(*FIRST, MORE).when(
        request_more, "authorize-more:b#0", method="sim_ok", amount=eur("1.00"), reason="amendment"
    )
    more.then_refused("authorization-pending")
    authorize = given(*FIRST, MORE).when(request_authorization, "authorize#1", method="m", amount=eur("1.00"))
    authorize.then_refused("already-authorized")


def test_more_that_is_declined_leaves_the_payment_as_it_was() -> None:
    declined = PaymentDeclined("authorize-more:a#0", "card_declined", "Declined")
    assert payment(*FIRST, MORE, declined) == payment(*FIRST)


def test_a_share_is_captured_in_parts_from_the_oldest_on() -> None:
    capture(*BOTH).then(PART)
    capture(*BOTH, PART, PaymentCaptured("capture:p#0", "cap-1", eur("30.00")), number=1).then(REST)
    capture(*CAPTURED, number=2).then_nothing()
    assert capture_left(payment(*CAPTURED), "p", eur("40.00")) == eur("0.00")


def test_what_another_parcel_is_about_to_take_is_not_asked_for_again() -> None:
    others = CaptureRequested("capture:q#0", "q", eur("25.00"), "auth-1")
    capture(*BOTH, others, amount="17.00").then(CaptureRequested("capture:p#0", "p", eur("5.00"), "auth-1"))
    capture(*BOTH, others, amount="17.01").then_refused("amount-above-authorized")
    refused = PaymentActionRefused("capture:q#0", "not-now", "Not now")
    capture(*BOTH, others, refused).then(PART)


def test_a_void_frees_one_authorisation_after_the_other() -> None:
    given(*BOTH).when(request_void, "void#0").then(VoidRequested("void#0", eur("30.00"), "auth-1"))
    voided = (VoidRequested("void#0", eur("30.00"), "auth-1"), PaymentVoided("void#0", "v-1", eur("30.00")))
    given(*BOTH, *voided).when(request_void, "void#1").then(VoidRequested("void#1", eur("12.00"), "auth-2"))


def test_one_authorisation_is_freed_alone() -> None:
    given(*BOTH).when(request_void, "void:a#0", authorization="authorize-more:a#0").then(
        VoidRequested("void:a#0", eur("12.00"), "auth-2")
    )
    given(*FIRST).when(request_void, "void:a#0", authorization="authorize-more:a#0").then_nothing()


def test_a_refund_goes_over_several_captures() -> None:
    given(*CAPTURED).when(request_refund, "refund#0", amount=eur("40.00")).then(
        RefundRequested("refund#0", eur("30.00"), "auth-1")
    )
    first = (RefundRequested("refund#0", eur("30.00"), "auth-1"), PaymentRefunded("refund#0", "r", eur("30.00")))
    given(*CAPTURED, *first).when(request_refund, "refund#1", amount=eur("10.00")).then(
        RefundRequested("refund#1", eur("10.00"), "auth-2")
    )
    given(*CAPTURED).when(request_refund, "refund#0", amount=eur("40.01")).then_refused("amount-above-captured")


def test_a_granted_refund_goes_on_where_it_stopped() -> None:
    grant = RefundGranted("g", eur("35.00"), "late", "operator:eve")
    step = "refund:g#0"
    given(*CAPTURED, grant).when(request_granted_refund, step, grant_id="g").then(
        RefundRequested(step, eur("30.00"), "auth-1")
    )
    first = (RefundRequested(step, eur("30.00"), "auth-1"), PaymentRefunded(step, "r-1", eur("30.00")))
    given(*CAPTURED, grant, *first).when(request_granted_refund, "refund:g#1", grant_id="g").then(
        RefundRequested("refund:g#1", eur("5.00"), "auth-2")
    )
    second = (
        RefundRequested("refund:g#1", eur("5.00"), "auth-2"),
        PaymentRefunded("refund:g#1", "r-2", eur("5.00")),
    )
    given(*CAPTURED, grant, *first, *second).when(
        request_granted_refund, "refund:g#2", grant_id="g"
    ).then_nothing()


def renew(*events: PaymentEvent, due_by: datetime = NOON) -> Outcome[PaymentEvent]:
    return given(*events).when(
        request_renewal, "reauthorize#0", method="sim_ok", due_by=due_by, expires_at=NOON + 2 * WEEK
    )


def test_what_is_left_is_asked_for_anew_when_its_time_comes() -> None:
    renew(*EXPIRING).then(RENEWAL)
    renew(*EXPIRING, due_by=NOON - WEEK).then_nothing()
    renew(*FIRST).then_nothing()  # has no end
    renew(*EXPIRING, replace(PART, amount=eur("1.00"))).then_nothing()  # until that is answered
    taken = replace(PART, amount=eur("20.00")), PaymentCaptured("capture:p#0", "c", eur("20.00"))
    renew(*EXPIRING, *taken).then(replace(RENEWAL, amount=eur("10.00")))


def test_captures_draw_on_the_renewal_and_the_old_one_is_freed() -> None:
    capture(*RENEWED, amount="30.00").then(CaptureRequested("capture:p#0", "p", eur("30.00"), "auth-3"))
    capture(*RENEWED, amount="30.01").then_refused("amount-above-authorized")
    freed = VoidRequested("void:renewed#0", eur("30.00"), "auth-1")
    given(*RENEWED).when(request_void_of_replaced, "void:renewed#0").then(freed)
    gone = PaymentVoided("void:renewed#0", "v", eur("30.00"))
    given(*RENEWED, freed, gone).when(request_void_of_replaced, "void:renewed#1").then_nothing()
    assert payment(*RENEWED, freed, gone).expires_at == NOON + 2 * WEEK


def test_a_renewal_that_is_declined_waits_for_another_method() -> None:
    lapsing = (*EXPIRING, RENEWAL, PaymentDeclined("reauthorize#0", "card_declined", "Declined"))
    assert payment(*lapsing).lapsing
    chosen = PaymentMethodChosen("sim_slow")
    given(*lapsing).when(choose_method, "sim_slow").then(chosen)
    given(*lapsing, chosen).when(choose_method, "sim_slow").then_refused("payment-not-awaited")
    again = replace(RENEWAL, step="reauthorize#1", method="sim_slow")
    paid = payment(*lapsing, chosen, again, PaymentAuthorized("reauthorize#1", "auth-4", eur("30.00")))
    assert not paid.lapsing
    taken = replace(PART, payment="auth-1"), PaymentCaptured("capture:p#0", "c", eur("30.00"))
    assert not payment(*lapsing, *taken).lapsing  # the old one was captured in time


@pytest.mark.parametrize(
    ("events", "status"),
    [
        (BOTH, PaymentStatus.AUTHORIZED),
        (CAPTURED, PaymentStatus.PARTIALLY_CAPTURED),
        (
            (*CAPTURED, VoidRequested("void#0", eur("2.00"), "auth-2"), PaymentVoided("void#0", "v", eur("2.00"))),
            PaymentStatus.CAPTURED,
        ),
    ],
)
def test_the_status_is_that_of_all_together(events: tuple[PaymentEvent, ...], status: PaymentStatus) -> None:
    assert payment(*events).status is status
