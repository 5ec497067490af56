"""Cases: opened once, answered once, closed when the difference is gone."""

from uuid import UUID

import pytest

from domain.decider import fold
from domain.errors import NotAllowed, NotFound
from domain.reconciliation import decide
from domain.reconciliation.events import (
    CaseAction,
    CaseActionRefused,
    CaseActionRequested,
    CaseClosed,
    CaseDismissed,
    CaseEvent,
    CaseKind,
    CaseOpened,
    CaseSettled,
)
from domain.reconciliation.model import INITIAL, Case, CaseState, CaseStatus, evolve
from tests.support.samples import ORDER, eur

CASE = UUID("11111111-1111-5111-8111-111111111111")


def opened(
    kind: CaseKind, effect: str = "capture", expected: str | None = None, found: str | None = "9.00"
) -> CaseOpened:
    amounts = (eur(expected) if expected else None, eur(found) if found else None)
    return CaseOpened(CASE, kind, ORDER, effect, "capture:p#0", "cap-2", "auth-1", *amounts)


TWICE = opened(CaseKind.CAPTURED_TWICE)
REQUESTED = CaseActionRequested("answer:k", CaseAction.REFUND, "by hand", "operator:o")


def after(*events: CaseEvent) -> CaseState:
    return fold(evolve, INITIAL, events)


def answer(state: CaseState, action: CaseAction) -> list[CaseEvent]:
    return decide.answer(state, "answer:k", action=action, reason="by hand", by="operator:o")


def test_a_difference_is_a_case_once() -> None:
    assert decide.open_case(INITIAL, TWICE) == [TWICE]
    assert decide.open_case(after(TWICE), TWICE) == []
    assert decide.open_case(after(TWICE, CaseDismissed("r", "o")), TWICE) == []


def test_a_case_that_is_gone_closes_and_may_come_back() -> None:
    assert decide.close(after(TWICE)) == [CaseClosed()]
    assert decide.open_case(after(TWICE, CaseClosed()), TWICE) == [TWICE]
    assert decide.close(after(TWICE, REQUESTED)) == []
    assert decide.close(INITIAL) == []


@pytest.mark.parametrize("action", [CaseAction.REFUND, CaseAction.ADOPT])
def test_an_answer_begins_the_action(action: CaseAction) -> None:
    assert answer(after(TWICE), action) == [CaseActionRequested("answer:k", action, "by hand", "operator:o")]


def test_a_dismissal_changes_nothing_else() -> None:
    assert answer(after(TWICE), CaseAction.DISMISS) == [CaseDismissed("by hand", "operator:o")]


@pytest.mark.parametrize("events", [(TWICE, REQUESTED), (TWICE, CaseDismissed("r", "o")), (TWICE, CaseClosed())])
def test_only_an_open_case_takes_an_answer(events: tuple[CaseEvent, ...]) -> None:
    with pytest.raises(NotAllowed) as refused:
        answer(after(*events), CaseAction.REFUND)
    assert refused.value.code == "case-not-open"


def test_a_case_that_never_was_takes_none() -> None:
    with pytest.raises(NotFound):
        answer(INITIAL, CaseAction.DISMISS)


@pytest.mark.parametrize(
    ("case", "action"),
    [
        (opened(CaseKind.CHARGED_NO_ORDER), CaseAction.ADOPT),
        (opened(CaseKind.NOT_RECORDED, "refund"), CaseAction.REFUND),
        (opened(CaseKind.NOT_BOOKED, expected="9.00", found=None), CaseAction.REFUND),
        (opened(CaseKind.AMOUNT_DIFFERS, expected="9.50"), CaseAction.REFUND),
        (opened(CaseKind.AMOUNT_DIFFERS, "authorization", expected="8.50"), CaseAction.REFUND),
    ],
)
def test_what_a_case_cannot_take_is_refused_with_what_it_can(case: CaseOpened, action: CaseAction) -> None:
    with pytest.raises(NotAllowed) as refused:
        answer(after(case), action)
    assert refused.value.code == "action-not-possible"
    assert "dismiss" in refused.value.details["possible"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("case", "back"),
    [
        (TWICE, "9.00"),
        (opened(CaseKind.CHARGED_NO_ORDER, "authorization"), "9.00"),
        (opened(CaseKind.REFUND_MISSING, "refund", expected="4.00", found=None), "4.00"),
        (opened(CaseKind.AMOUNT_DIFFERS, expected="8.50"), "0.50"),
    ],
)
def test_what_a_refund_gives_back(case: CaseOpened, back: str) -> None:
    assert decide.to_give_back(case) == eur(back)


def test_a_refused_action_opens_the_case_again_and_the_next_try_has_another_number() -> None:
    refused = after(TWICE, REQUESTED, CaseActionRefused("answer:k", "exceeds-captured", "no"))
    assert isinstance(refused, Case)
    assert (refused.status, refused.tries) == (CaseStatus.OPEN, 1)
    again = after(TWICE, REQUESTED, CaseActionRefused("answer:k", "exceeds-captured", "no"), REQUESTED)
    assert isinstance(again, Case)
    assert again.tries == 2


def test_an_action_is_settled_or_refused_once() -> None:
    pending = after(TWICE, REQUESTED)
    settled = CaseSettled("answer:k", "ref-1", eur("9.00"))
    assert decide.settle(pending, reference="ref-1", amount=eur("9.00")) == [settled]
    assert decide.refuse(pending, code="c", reason="r") == [CaseActionRefused("answer:k", "c", "r")]
    assert decide.settle(after(TWICE, REQUESTED, settled), reference="ref-1", amount=eur("9.00")) == []
    assert decide.refuse(after(TWICE), code="c", reason="r") == []
