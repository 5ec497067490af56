"""An effect that the gateway's books show becomes a stalled step's outcome only where it is the one asked for."""

from collections.abc import Set
from dataclasses import replace

import pytest

from domain.money import Money
from domain.payments.events import (
    CaptureRequested,
    PaymentActionRefused,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from domain.payments.model import INITIAL, evolve
from domain.payments.stalled import FoundEffect, MoneyRequest, adopt
from tests.support.samples import eur
from tests.support.spec import Outcome, Spec

given = Spec(evolve, INITIAL).given

ALL = eur("35.70")
ASKED = PaymentRequested("authorize#0", "sim_ok", ALL)
AUTHORIZED = (ASKED, PaymentAuthorized("authorize#0", "auth-1", ALL))
CAPTURE = CaptureRequested("capture:s-1#0", "s-1", ALL)
VOID = VoidRequested("void#0", ALL)
REFUND = RefundRequested("refund#0", ALL)
CAPTURED = (*AUTHORIZED, CAPTURE, PaymentCaptured("capture:s-1#0", "cap-1", ALL))
TAKEN = FoundEffect("capture", "cap-7", "auth-1", ALL)


def adopting(
    request: MoneyRequest, found: FoundEffect, *events: PaymentEvent, step: str = "", known: Set[str] = frozenset()
) -> Outcome[PaymentEvent]:
    return given(*events).when(adopt, request, found, step=step or request.step, known=known)


def test_an_unknown_outcome_becomes_the_effect() -> None:
    authorization = FoundEffect("authorization", "auth-7", "auth-7", ALL)
    adopting(ASKED, authorization, ASKED).then(PaymentAuthorized("authorize#0", "auth-7", ALL))
    adopting(CAPTURE, TAKEN, *AUTHORIZED, CAPTURE).then(PaymentCaptured(CAPTURE.step, "cap-7", ALL))
    freed = replace(TAKEN, kind="void", reference="void-7")
    adopting(VOID, freed, *AUTHORIZED, VOID).then(PaymentVoided("void#0", "void-7", ALL))
    given_back = replace(TAKEN, kind="refund", reference="ref-7")
    adopting(REFUND, given_back, *CAPTURED, REFUND).then(PaymentRefunded("refund#0", "ref-7", ALL))


def test_after_a_refusal_it_is_asked_for_anew() -> None:
    refused = PaymentActionRefused(CAPTURE.step, "not-now", "not now")
    again = "capture:s-1#1"
    adopting(CAPTURE, TAKEN, *AUTHORIZED, CAPTURE, refused, step=again).then(
        replace(CAPTURE, step=again), PaymentCaptured(again, "cap-7", ALL)
    )


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (replace(TAKEN, kind="refund"), "it is a refund, not a capture"),
        (replace(TAKEN, amount=eur("35.69")), "35.69"),
        (replace(TAKEN, amount=Money(3570, "USD")), "USD"),
        (replace(TAKEN, payment="auth-2"), "belongs to payment auth-2"),
        (replace(TAKEN, reference="cap-1"), "stands in the order's books already"),
    ],
)
def test_another_effect_is_refused_and_why(found: FoundEffect, why: str) -> None:
    refusal = adopting(CAPTURE, found, *AUTHORIZED, CAPTURE, known={"auth-1", "cap-1"})
    assert why in refusal.then_refused("adoption-refused").message


def test_no_more_is_adopted_than_is_left() -> None:
    some = replace(TAKEN, kind="refund", amount=ALL)
    refunded = PaymentRefunded("refund#0", "ref-1", eur("5.00"))
    refusal = adopting(REFUND, some, *CAPTURED, refunded).then_refused("adoption-refused")
    assert "30.70" in refusal.message
