"""When a case is opened, answered and closed."""

from collections.abc import Mapping

from domain.errors import NotAllowed, NotFound
from domain.money import Money
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
from domain.reconciliation.model import Case, CaseState, CaseStatus

POSSIBLE: Mapping[CaseKind, frozenset[CaseAction]] = {
    CaseKind.CHARGED_NO_ORDER: frozenset({CaseAction.REFUND, CaseAction.DISMISS}),
    CaseKind.CAPTURED_TWICE: frozenset(CaseAction),
    CaseKind.NOT_RECORDED: frozenset(CaseAction),
    CaseKind.REFUND_MISSING: frozenset({CaseAction.REFUND, CaseAction.DISMISS}),
    CaseKind.NOT_BOOKED: frozenset({CaseAction.DISMISS}),
    CaseKind.AMOUNT_DIFFERS: frozenset({CaseAction.REFUND, CaseAction.DISMISS}),
}
GIVEN_BACK = ("authorization", "capture")
"""The effects that hold a customer's money, and that can be undone."""


def possible_actions(opened: CaseOpened) -> frozenset[CaseAction]:
    """What may be answered to the case."""
    actions = POSSIBLE[opened.kind]
    if not to_give_back(opened):
        actions -= {CaseAction.REFUND}
    return actions


def to_give_back(opened: CaseOpened) -> Money | None:
    """What a refund of this case gives the customer; None where there is nothing to give."""
    if opened.kind is CaseKind.REFUND_MISSING:
        return opened.expected
    if opened.found is None or opened.effect not in GIVEN_BACK:
        return None
    if opened.kind is not CaseKind.AMOUNT_DIFFERS or opened.expected is None:
        return opened.found
    # Part of an authorisation cannot be given back: what is not captured of it is voided with the order.
    if opened.effect != "capture" or opened.expected.currency != opened.found.currency:
        return None
    return opened.found - opened.expected if opened.found > opened.expected else None


def open_case(state: CaseState, opened: CaseOpened) -> list[CaseEvent]:
    """Open it once; again only when it was closed because the difference was gone, and came back."""
    if isinstance(state, Case) and state.status is not CaseStatus.CLOSED:
        return []
    return [opened]


def close(state: CaseState) -> list[CaseEvent]:
    """The difference is gone. A case that somebody answered keeps that answer."""
    return [CaseClosed()] if isinstance(state, Case) and state.status is CaseStatus.OPEN else []


def answer(state: CaseState, step: str, *, action: CaseAction, reason: str, by: str) -> list[CaseEvent]:
    if not isinstance(state, Case):
        raise NotFound("there is no such case", code="case-not-found")
    if state.status is not CaseStatus.OPEN:
        raise NotAllowed(f"the case is {state.status}", code="case-not-open", details={"status": state.status})
    possible = possible_actions(state.opened)
    if action not in possible:
        names = sorted(possible)
        raise NotAllowed(
            f"a case of {state.opened.kind} on a {state.opened.effect} takes {', '.join(names)}, not {action}",
            code="action-not-possible",
            details={"possible": names},
        )
    if action is CaseAction.DISMISS:
        return [CaseDismissed(reason, by)]
    return [CaseActionRequested(step, action, reason, by)]


def settle(state: CaseState, *, reference: str, amount: Money) -> list[CaseEvent]:
    pending = _pending(state)
    return [CaseSettled(pending.step, reference, amount)] if pending else []


def refuse(state: CaseState, *, code: str, reason: str) -> list[CaseEvent]:
    pending = _pending(state)
    return [CaseActionRefused(pending.step, code, reason)] if pending else []


def _pending(state: CaseState) -> CaseActionRequested | None:
    return state.pending if isinstance(state, Case) else None
