"""What may be done with a draft, and when."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
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
from domain.drafts.model import Draft, DraftState, DraftStatus, NoDraft
from domain.errors import InvalidValue, NotAllowed, NotFound

_PERSONAL: Final = ("email", "shipping_address", "note")

_REFUSALS: Final[Mapping[DraftStatus, tuple[str, str, tuple[str, ...]]]] = {
    DraftStatus.PLACING: ("draft-being-placed", "is being placed; placing it again ends that", ("place",)),
    DraftStatus.PLACED: ("draft-placed", "is placed already; change the order of the same id", ()),
    DraftStatus.DISCARDED: ("draft-discarded", "is discarded; create another one", ()),
}


def create(
    state: DraftState, draft_id: UUID, contents: DraftContents, *, fingerprint: str, by: str
) -> list[DraftEvent]:
    """Begin a draft; nothing when the key began it before, with the same body.

    Raises:
        InvalidValue: `idempotency-key-reuse`.
    """
    if isinstance(state, NoDraft):
        return [DraftCreated(draft_id, contents, by, fingerprint)]
    if state.fingerprint != fingerprint:
        raise InvalidValue(
            "this Idempotency-Key stands for a draft with another body", code="idempotency-key-reuse"
        )
    return []


def changed(contents: DraftContents, given: Mapping[str, Any]) -> DraftContents:
    """The contents with what was given in place of what was.

    With another customer goes what was the former one's: e-mail, address and note are not another's to see.
    """
    if given.get("customer_id", contents.customer_id) != contents.customer_id:
        given = {**dict.fromkeys(_PERSONAL), **given}
    return replace(contents, **given)


def change(state: DraftState, contents: DraftContents, *, by: str) -> list[DraftEvent]:
    expect_open(state)
    return [DraftChanged(contents, by)]


def discard(state: DraftState, *, reason: str, by: str) -> list[DraftEvent]:
    """Give a draft up; nothing when it is given up already."""
    if find(state).status is DraftStatus.DISCARDED:
        return []
    expect_open(state)
    return [DraftDiscarded(reason, by)]


def check_complete(contents: DraftContents) -> None:
    """Raises NotAllowed (`draft-incomplete`), naming everything that is missing."""
    missing = [name for name in ("lines", "shipping_address", "payment_method") if not getattr(contents, name)]
    if missing:
        raise NotAllowed(
            f"the draft cannot be placed without {' and '.join(missing)}",
            code="draft-incomplete",
            details={"missing": missing},
        )


def submit(state: DraftState, submitted: DraftSubmitted) -> list[DraftEvent]:
    """Fix contents and prices; nothing changes when that was done before.

    Raises:
        NotAllowed: `draft-placed`, `draft-discarded`, `draft-incomplete`.
    """
    draft = find(state)
    if draft.status is DraftStatus.PLACING:
        return []
    check_complete(expect_open(state).contents)
    return [submitted]


def note_placed(state: DraftState, order_number: str) -> list[DraftEvent]:
    """Note that the order is there; nothing when that was noted before."""
    return [DraftPlaced(order_number)] if find(state).status is DraftStatus.PLACING else []


def find(state: DraftState) -> Draft:
    """Raises NotFound (`draft-not-found`)."""
    if isinstance(state, NoDraft):
        raise NotFound("there is no draft of this id", code="draft-not-found")
    return state


def expect_open(state: DraftState) -> Draft:
    """Raises NotFound, NotAllowed (`draft-being-placed`, `draft-placed`, `draft-discarded`)."""
    draft = find(state)
    if draft.status is not DraftStatus.OPEN:
        code, why, possible = _REFUSALS[draft.status]
        details = {"status": draft.status, "possible": list(possible), "order_number": draft.order_number}
        raise NotAllowed(f"the draft {why}", code=code, details=details)
    return draft
