"""A draft's state, folded from its events."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from domain.drafts.events import (
    DraftChanged,
    DraftContents,
    DraftCreated,
    DraftDiscarded,
    DraftEvent,
    DraftPlaced,
    DraftSubmitted,
)


class DraftStatus(StrEnum):
    """`placing` is between the prices being fixed and the order being there."""

    OPEN = "open"
    PLACING = "placing"
    PLACED = "placed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class NoDraft:
    """The stream is empty."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`submitted` has the prices it was placed at; `order_number` is the placed order's."""

    draft_id: UUID
    contents: DraftContents
    created_by: str
    fingerprint: str
    status: DraftStatus = DraftStatus.OPEN
    submitted: DraftSubmitted | None = None
    order_number: str | None = None
    reason: str | None = None


DraftState = NoDraft | Draft
INITIAL: DraftState = NoDraft()


def evolve(state: DraftState, event: DraftEvent) -> DraftState:
    if isinstance(event, DraftCreated):
        return Draft(event.draft_id, event.contents, event.created_by, event.fingerprint)
    if isinstance(state, NoDraft):
        return state
    match event:
        case DraftChanged(contents):
            return replace(state, contents=contents)
        case DraftDiscarded(reason):
            return replace(state, status=DraftStatus.DISCARDED, reason=reason)
        case DraftSubmitted():
            return replace(state, status=DraftStatus.PLACING, submitted=event)
        case DraftPlaced(order_number):
            return replace(state, status=DraftStatus.PLACED, order_number=order_number)
        case _:
            assert_never(event)
