"""A case's state: a fold of its events."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from domain.reconciliation.events import (
    CaseActionRefused,
    CaseActionRequested,
    CaseClosed,
    CaseDismissed,
    CaseEvent,
    CaseOpened,
    CaseSettled,
)


class CaseStatus(StrEnum):
    OPEN = "open"
    SETTLING = "settling"
    SETTLED = "settled"
    DISMISSED = "dismissed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NoCase:
    """The stream is empty."""


@dataclass(frozen=True, slots=True)
class Case:
    """`pending` is the action under way; `refused` what became of the last one that was refused.

    `tries` counts the actions begun: each has a key of its own at the gateway.
    """

    opened: CaseOpened
    status: CaseStatus = CaseStatus.OPEN
    pending: CaseActionRequested | None = None
    refused: CaseActionRefused | None = None
    tries: int = 0


CaseState = NoCase | Case
INITIAL: CaseState = NoCase()


def evolve(state: CaseState, event: CaseEvent) -> CaseState:
    if isinstance(event, CaseOpened):
        tries = state.tries if isinstance(state, Case) else 0
        return Case(event, tries=tries)
    if isinstance(state, NoCase):  # nothing but CaseOpened begins a case; older logs still load
        return state
    match event:
        case CaseActionRequested():
            return replace(state, status=CaseStatus.SETTLING, pending=event, refused=None, tries=state.tries + 1)
        case CaseActionRefused():
            return replace(state, status=CaseStatus.OPEN, pending=None, refused=event)
        case CaseSettled():
            return replace(state, status=CaseStatus.SETTLED, pending=None)
        case CaseDismissed():
            return replace(state, status=CaseStatus.DISMISSED)
        case CaseClosed():
            return replace(state, status=CaseStatus.CLOSED)
        case _:
            assert_never(event)
