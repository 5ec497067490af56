"""An effect made elsewhere is taken over when the order's sums have room for it."""

import pytest

from domain.decider import fold
from domain.errors import NotAllowed
from domain.payments import model
from domain.payments.adoption import adopt
from domain.payments.events import PaymentCaptured, PaymentEvent, PaymentRefunded
from domain.payments.model import Payment, PaymentState
from tests.support.samples import AUTHORIZED, TOTAL, eur


def after(*events: PaymentEvent) -> PaymentState:
    return fold(model.evolve, model.INITIAL, events)


CAPTURED = (*AUTHORIZED, PaymentCaptured("capture#0", "c-1", eur("20.00")))


@pytest.mark.parametrize(
    ("before", "kind", "amount", "sums"),
    [
        ((), "authorization", "35.70", ("35.70", "0.00", "0.00", "0.00")),
        (AUTHORIZED, "capture", "10.00", ("35.70", "10.00", "0.00", "0.00")),
        (AUTHORIZED, "void", "35.70", ("35.70", "0.00", "35.70", "0.00")),
        (CAPTURED, "refund", "20.00", ("35.70", "20.00", "0.00", "20.00")),
    ],
)
def test_it_is_folded_like_one_of_the_orders_own(
    before: tuple[PaymentEvent, ...], kind: str, amount: str, sums: tuple[str, ...]
) -> None:
    events = adopt(after(*before), "case:1", kind=kind, reference="r", payment="auth-1", amount=eur(amount))
    state = after(*before, *events)
    assert isinstance(state, Payment)
    assert (state.authorized, state.captured, state.voided, state.refunded) == tuple(map(eur, sums))
    assert not state.pending


@pytest.mark.parametrize(
    ("before", "kind", "amount"),
    [
        (AUTHORIZED, "authorization", "1.00"),
        (AUTHORIZED[:1], "authorization", "1.00"),
        (AUTHORIZED, "capture", "35.71"),
        (CAPTURED, "void", "15.71"),
        (CAPTURED, "refund", "20.01"),
        ((*CAPTURED, PaymentRefunded("refund#0", "r", eur("20.00"))), "refund", "0.01"),
        ((), "capture", "1.00"),
    ],
)
def test_what_does_not_fit_is_refused(before: tuple[PaymentEvent, ...], kind: str, amount: str) -> None:
    assert eur("35.70") == TOTAL
    with pytest.raises(NotAllowed):
        adopt(after(*before), "case:1", kind=kind, reference="r", payment="auth-1", amount=eur(amount))
