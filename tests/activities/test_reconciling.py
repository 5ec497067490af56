"""Which differences between a stream and the gateway's books are cases, and which are only on their way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from activities.gateways.protocol import PaymentEffect
from activities.reconciling import OrderMoney, differences
from domain.payments.events import (
    CaptureRequested,
    PaymentActionRefused,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    RefundRequested,
)
from domain.reconciliation.events import CaseKind
from eventstore.store import Recorded
from tests.support.samples import AUTHORIZED, NOON, ORDER, TOTAL, eur

GRACE = timedelta(minutes=15)
AUTH = PaymentEffect("authorization", "auth-1", "auth-1", ORDER, "authorize#1", TOTAL)
CAPTURE = PaymentEffect("capture", "cap-1", "auth-1", ORDER, "capture:p#0", TOTAL)
REFUND = PaymentEffect("refund", "ref-1", "auth-1", ORDER, "refund#0", eur("5.00"))
PAID = (*AUTHORIZED, CaptureRequested("capture:p#0", "p", TOTAL), PaymentCaptured("capture:p#0", "cap-1", TOTAL))
REFUNDED = (*PAID, RefundRequested("refund#0", eur("5.00")), PaymentRefunded("refund#0", "ref-1", eur("5.00")))


def money(*events: PaymentEvent) -> OrderMoney:
    return OrderMoney.of(
        Recorded(f"order/{ORDER}", nr, ORDER, type(event).__name__, event, {}, NOON)
        for nr, event in enumerate(events, start=2)
    )


def found(
    known: OrderMoney | None, *effects: PaymentEffect, later: timedelta = timedelta(0)
) -> list[tuple[CaseKind, str]]:
    cases = differences(ORDER, known, effects, now=NOON + later, grace=GRACE)
    return [(case.kind, case.reference) for case in cases]


def test_what_agrees_is_no_case() -> None:
    assert found(money(*REFUNDED), AUTH, CAPTURE, REFUND) == []


def test_a_charge_without_an_order() -> None:
    assert found(None, AUTH) == [(CaseKind.CHARGED_NO_ORDER, "auth-1")]


@pytest.mark.parametrize("key", ["capture:p#0", "", "capture:p#1"])
def test_the_same_capture_twice(key: str) -> None:
    again = replace(CAPTURE, reference="cap-2", idempotency_key=key)
    assert found(money(*PAID), AUTH, CAPTURE, again) == [(CaseKind.CAPTURED_TWICE, "cap-2")]


def test_an_effect_that_the_order_does_not_know() -> None:
    other = replace(REFUND, reference="ref-2", idempotency_key="by-hand")
    assert found(money(*PAID), AUTH, CAPTURE, other) == [(CaseKind.NOT_RECORDED, "ref-2")]


def test_a_refund_that_was_never_made() -> None:
    assert found(money(*REFUNDED), AUTH, CAPTURE) == [(CaseKind.REFUND_MISSING, "ref-1")]
    case, *_ = differences(ORDER, money(*REFUNDED), [AUTH, CAPTURE], now=NOON, grace=GRACE)
    assert (case.payment, case.expected, case.found) == ("auth-1", eur("5.00"), None)


def test_a_capture_that_was_never_made() -> None:
    assert found(money(*PAID), AUTH) == [(CaseKind.NOT_BOOKED, "cap-1")]


def test_another_amount() -> None:
    assert found(money(*PAID), AUTH, replace(CAPTURE, amount=eur("35.71"))) == [(CaseKind.AMOUNT_DIFFERS, "cap-1")]


def test_what_is_on_its_way_becomes_a_case_when_it_takes_too_long() -> None:
    asked = money(*AUTHORIZED, CaptureRequested("capture:p#0", "p", TOTAL))
    assert found(asked, AUTH, CAPTURE, later=GRACE) == []
    assert found(asked, AUTH, CAPTURE, later=GRACE + timedelta(seconds=1)) == [(CaseKind.NOT_RECORDED, "cap-1")]


def test_an_effect_whose_request_was_refused_is_a_case() -> None:
    refused = money(
        *AUTHORIZED,
        CaptureRequested("capture:p#0", "p", TOTAL),
        PaymentActionRefused("capture:p#0", "no", "no"),
    )
    assert found(refused, AUTH, CAPTURE) == [(CaseKind.NOT_RECORDED, "cap-1")]


def test_what_settles_a_case_is_none() -> None:
    assert found(money(*PAID), AUTH, CAPTURE, replace(REFUND, idempotency_key="case:1#1")) == []


def test_an_adopted_effect_is_known_by_its_reference() -> None:
    by_hand = replace(CAPTURE, idempotency_key="by-hand")
    adopted = (*AUTHORIZED, PaymentCaptured("case:1", "cap-1", TOTAL))
    assert found(money(*adopted), AUTH, by_hand) == []


def test_the_same_difference_has_the_same_id() -> None:
    first, second = (differences(ORDER, None, [AUTH], now=NOON, grace=GRACE)[0].case_id for _ in range(2))
    assert first == second
