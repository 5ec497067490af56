"""An order's money: what may be asked of the gateway, and what its answers come to."""

from collections.abc import Callable

import pytest

from domain.errors import InvalidValue
from domain.money import Money
from domain.payments.decide import (
    open_chargeback,
    request_authorization,
    request_capture,
    request_refund,
    request_void,
)
from domain.payments.events import (
    CaptureRequested,
    ChargebackOpened,
    PaymentAbandoned,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import INITIAL, Payment, PaymentStatus, evolve
from tests.support.samples import eur
from tests.support.spec import Outcome, Spec

given = Spec(evolve, INITIAL).given

ALL, SOME, REST = eur("35.70"), eur("10.00"), eur("25.70")
ASKED = PaymentRequested("authorize#1", "sim_ok", ALL)
AUTHORIZED = (ASKED, PaymentAuthorized("authorize#1", "auth-1", ALL))
DECLINED = (ASKED, PaymentDeclined("authorize#1", "card_declined", "Declined"))
ABANDONED = (ASKED, PaymentAbandoned("authorize#1"))
CAPTURE = CaptureRequested("capture:s-1#1", "s-1", ALL)
CAPTURED = (*AUTHORIZED, CAPTURE, PaymentCaptured("capture:s-1#1", "cap-1", ALL))
CAPTURED_SOME = (*AUTHORIZED, PaymentCaptured("capture:s-1#1", "cap-1", SOME))
VOIDED = (*AUTHORIZED, VoidRequested("void#1", ALL), PaymentVoided("void#1", "void-1", ALL))
REFUNDED_SOME = (*CAPTURED, PaymentRefunded("refund#1", "ref-1", SOME))
REFUNDED = (*CAPTURED, RefundRequested("refund#1", ALL), PaymentRefunded("refund#1", "ref-1", ALL))


def authorize(*events: PaymentEvent, amount: Money = ALL) -> Outcome[PaymentEvent]:
    return given(*events).when(request_authorization, "authorize#2", method="sim_ok", amount=amount)


def capture(*events: PaymentEvent, amount: Money = ALL) -> Outcome[PaymentEvent]:
    return given(*events).when(request_capture, "capture:s-1#1", shipment_id="s-1", amount=amount)


def refund(*events: PaymentEvent, amount: Money = ALL) -> Outcome[PaymentEvent]:
    return given(*events).when(request_refund, "refund#1", amount=amount)


@pytest.mark.parametrize("events", [(), DECLINED, ABANDONED, VOIDED, REFUNDED])
def test_money_is_asked_for_while_the_shop_holds_none(events: tuple[PaymentEvent, ...]) -> None:
    authorize(*events).then(PaymentRequested("authorize#2", "sim_ok", ALL))


@pytest.mark.parametrize(
    "events",
    [
        *((ASKED,), AUTHORIZED, CAPTURED_SOME, CAPTURED, REFUNDED_SOME),
        (*CAPTURED_SOME, PaymentVoided("void#1", "void-1", REST)),
    ],
)
def test_it_is_never_asked_for_twice(events: tuple[PaymentEvent, ...]) -> None:
    authorize(*events).then_refused("already-authorized")


@pytest.mark.parametrize("amount", [eur("0"), eur("-0.01")])
def test_amounts_that_no_gateway_moves(amount: Money) -> None:
    authorize(amount=amount).then_refused("invalid-amount", InvalidValue)
    refund(*CAPTURED, amount=amount).then_refused("invalid-amount", InvalidValue)


@pytest.mark.parametrize("amount", [ALL, SOME, eur("0.01")])
def test_what_is_authorised_is_captured(amount: Money) -> None:
    capture(*AUTHORIZED, amount=amount).then(CaptureRequested("capture:s-1#1", "s-1", amount, "auth-1"))


def test_parcels_are_captured_one_by_one() -> None:
    capture(*CAPTURED_SOME, amount=REST).then(CaptureRequested("capture:s-1#1", "s-1", REST, "auth-1"))
    capture(*CAPTURED_SOME, amount=REST + eur("0.01")).then_refused("amount-above-authorized")


def test_a_parcel_of_free_goods_has_nothing_to_capture() -> None:
    capture(*AUTHORIZED, amount=eur("0")).then_nothing()
    capture(*CAPTURED, amount=eur("0")).then_nothing()


def test_a_capture_never_gives_money_back() -> None:
    capture(*AUTHORIZED, amount=eur("-0.01")).then_refused("invalid-amount", InvalidValue)


@pytest.mark.parametrize("events", [(), (ASKED,), DECLINED, ABANDONED])
def test_nothing_moves_without_an_authorisation(events: tuple[PaymentEvent, ...]) -> None:
    capture(*events).then_refused("not-authorized")
    refund(*events).then_refused("not-authorized")


@pytest.mark.parametrize("events", [CAPTURED, VOIDED, REFUNDED])
def test_nothing_is_captured_beyond_the_authorisation(events: tuple[PaymentEvent, ...]) -> None:
    another = given(*events).when(request_capture, "capture:s-2#0", shipment_id="s-2", amount=eur("0.01"))
    another.then_refused("amount-above-authorized")
    capture(*AUTHORIZED, amount=ALL + eur("0.01")).then_refused("amount-above-authorized")


def test_a_void_frees_what_is_open() -> None:
    given(*AUTHORIZED).when(request_void, "void#1").then(VoidRequested("void#1", ALL, "auth-1"))
    given(*CAPTURED_SOME).when(request_void, "void#1").then(VoidRequested("void#1", REST, "auth-1"))


@pytest.mark.parametrize("events", [(), (ASKED,), DECLINED, ABANDONED, CAPTURED, VOIDED, REFUNDED])
def test_there_may_be_nothing_to_void(events: tuple[PaymentEvent, ...]) -> None:
    given(*events).when(request_void, "void#2").then_nothing()


@pytest.mark.parametrize("amount", [ALL, SOME])
def test_what_is_captured_is_refunded(amount: Money) -> None:
    refund(*CAPTURED, amount=amount).then(RefundRequested("refund#1", amount, "auth-1"))


def test_no_more_is_refunded_than_is_paid() -> None:
    refund(*AUTHORIZED, amount=SOME).then_refused("amount-above-captured")
    refund(*CAPTURED_SOME).then_refused("amount-above-captured")
    refund(*REFUNDED, amount=eur("0.01")).then_refused("amount-above-captured")
    refund(*REFUNDED_SOME).then_refused("amount-above-captured")
    refund(*REFUNDED_SOME, amount=REST).then(RefundRequested("refund#1", REST, "auth-1"))


@pytest.mark.parametrize("ask", [capture, refund])
def test_another_currency_never_moves(ask: Callable[..., Outcome[PaymentEvent]]) -> None:
    ask(*CAPTURED, amount=Money(1, "USD")).then_refused("mixed-currencies", InvalidValue)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((ASKED,), PaymentStatus.PENDING),
        (DECLINED, PaymentStatus.FAILED),
        (ABANDONED, PaymentStatus.FAILED),
        ((*DECLINED, PaymentAuthorized("authorize#2", "auth-2", ALL)), PaymentStatus.AUTHORIZED),
        (AUTHORIZED, PaymentStatus.AUTHORIZED),
        ((*AUTHORIZED, CAPTURE), PaymentStatus.AUTHORIZED),
        (CAPTURED_SOME, PaymentStatus.PARTIALLY_CAPTURED),
        ((*CAPTURED_SOME, PaymentVoided("void#1", "void-1", REST)), PaymentStatus.CAPTURED),
        (CAPTURED, PaymentStatus.CAPTURED),
        (VOIDED, PaymentStatus.VOIDED),
        (REFUNDED_SOME, PaymentStatus.PARTIALLY_REFUNDED),
        (REFUNDED, PaymentStatus.REFUNDED),
    ],
)
def test_the_status_is_read_off_the_sums(events: tuple[PaymentEvent, ...], status: PaymentStatus) -> None:
    state = given(*events).state
    assert isinstance(state, Payment)
    assert state.status is status


@pytest.mark.parametrize(
    ("events", "opened", "paid", "held"),
    [
        ((ASKED,), "0", "0", "0"),
        (AUTHORIZED, "35.70", "0", "35.70"),
        (CAPTURED_SOME, "25.70", "10.00", "35.70"),
        (CAPTURED, "0", "35.70", "35.70"),
        (VOIDED, "0", "0", "0"),
        (REFUNDED_SOME, "0", "25.70", "25.70"),
        (REFUNDED, "0", "0", "0"),
    ],
)
def test_what_is_open_paid_and_held(events: tuple[PaymentEvent, ...], opened: str, paid: str, held: str) -> None:
    state = given(*events).state
    assert isinstance(state, Payment)
    assert (state.open, state.paid, state.held) == (eur(opened), eur(paid), eur(held))


@pytest.mark.parametrize(
    ("events", "pending"),
    [
        ((ASKED,), {"authorize#1"}),
        (AUTHORIZED, set()),
        (DECLINED, set()),
        (ABANDONED, set()),
        ((*AUTHORIZED, CAPTURE), {"capture:s-1#1"}),
        ((*AUTHORIZED, CAPTURE, PaymentActionRefused("capture:s-1#1", "expired", "Expired")), set()),
        ((*CAPTURED, RefundRequested("refund#1", SOME), VoidRequested("void#1", SOME)), {"refund#1", "void#1"}),
        (REFUNDED, set()),
    ],
)
def test_steps_without_an_answer_are_pending(events: tuple[PaymentEvent, ...], pending: set[str]) -> None:
    state = given(*events).state
    assert isinstance(state, Payment)
    assert set(state.pending) == pending


def test_a_refused_action_moves_nothing() -> None:
    refused = PaymentActionRefused("capture:s-1#1", "expired", "Expired")
    assert given(*AUTHORIZED, CAPTURE, refused).state == given(*AUTHORIZED).state


def charge_back(*events: PaymentEvent, amount: Money = ALL, reference: str = "dp-1") -> Outcome[PaymentEvent]:
    return given(*events).when(open_chargeback, reference=reference, amount=amount, reason="fraudulent")


OPENED = ChargebackOpened("dp-1", SOME, "fraudulent")


def test_a_chargeback_is_noted_once_per_dispute() -> None:
    charge_back(*CAPTURED, amount=SOME).then(OPENED)
    charge_back(*CAPTURED, OPENED, amount=SOME).then_nothing()
    charge_back(*CAPTURED, OPENED, amount=REST, reference="dp-2").then(
        ChargebackOpened("dp-2", REST, "fraudulent")
    )


def test_a_bank_takes_back_what_was_refunded_too() -> None:
    charge_back(*REFUNDED).then(ChargebackOpened("dp-1", ALL, "fraudulent"))


@pytest.mark.parametrize("events", [AUTHORIZED, (*CAPTURED, ChargebackOpened("dp-0", SOME, "fraudulent"))])
def test_no_more_is_charged_back_than_is_captured(events: tuple[PaymentEvent, ...]) -> None:
    charge_back(*events).then_refused("amount-above-captured")


def test_a_chargeback_needs_a_payment_and_an_amount() -> None:
    charge_back().then_refused("not-authorized")
    charge_back(*CAPTURED, amount=eur("0.00")).then_refused("invalid-amount", InvalidValue)
