"""A draft: changed while it is open, fixed when it is placed, for good when it is discarded."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.decider import fold
from domain.drafts import decide
from domain.drafts.events import (
    DraftChanged,
    DraftContents,
    DraftCreated,
    DraftDiscarded,
    DraftEvent,
    DraftLine,
    DraftPlaced,
    DraftSubmitted,
)
from domain.drafts.model import INITIAL, Draft, DraftState, DraftStatus, evolve
from domain.errors import DomainError, InvalidValue, NotAllowed, NotFound
from domain.identifiers import Email
from tests.support.samples import ADDRESS, LINES, ORDER, TOTALS

EMPTY = DraftContents("c-1", "EUR")
FULL = replace(EMPTY, lines=(DraftLine("MUG", 2),), shipping_address=ADDRESS, payment_method="sim_ok")
CREATED = DraftCreated(ORDER, EMPTY, "operator:o", "f")
CHANGED = DraftChanged(FULL, "operator:o")
DISCARDED = DraftDiscarded("r", "operator:o")
SUBMITTED = DraftSubmitted(LINES, TOTALS, Decimal("0.19"), (), "g", "operator:o")
PLACED = DraftPlaced("N")


def given(*events: DraftEvent) -> DraftState:
    return fold(evolve, INITIAL, events)


def refused(asked: object, code: str, kind: type[DomainError] = NotAllowed) -> DomainError:
    with pytest.raises(kind) as error:
        asked()  # type: ignore[operator]
    assert error.value.code == code
    return error.value


def test_a_key_begins_one_draft() -> None:
    assert decide.create(given(), ORDER, EMPTY, fingerprint="f", by="operator:o") == [CREATED]
    assert decide.create(given(CREATED), ORDER, FULL, fingerprint="f", by="operator:o") == []
    again = lambda: decide.create(given(CREATED), ORDER, FULL, fingerprint="h", by="operator:o")  # noqa: E731
    refused(again, "idempotency-key-reuse", InvalidValue)


def test_an_open_draft_is_changed_and_discarded() -> None:
    assert decide.change(given(CREATED), FULL, by="operator:o") == [CHANGED]
    assert decide.discard(given(CREATED), reason="r", by="operator:o") == [DISCARDED]


def test_another_customer_gets_nothing_of_the_formers() -> None:
    personal = replace(FULL, email=Email("ada@example.org"), note="rang us up")
    other = decide.changed(personal, {"customer_id": "c-2", "note": "theirs"})
    assert other == replace(FULL, customer_id="c-2", shipping_address=None, note="theirs")
    assert decide.changed(personal, {"customer_id": "c-1"}) == personal


def test_what_is_missing_is_named() -> None:
    error = refused(lambda: decide.submit(given(CREATED), SUBMITTED), "draft-incomplete")
    assert error.details["missing"] == ["lines", "shipping_address", "payment_method"]


def test_contents_and_prices_are_fixed_once() -> None:
    assert decide.submit(given(CREATED, CHANGED), SUBMITTED) == [SUBMITTED]
    placing = given(CREATED, CHANGED, SUBMITTED)
    assert decide.submit(placing, replace(SUBMITTED, fingerprint="other")) == []
    assert decide.note_placed(placing, "N") == [PLACED]
    placed = given(CREATED, CHANGED, SUBMITTED, PLACED)
    assert decide.note_placed(placed, "N") == []
    assert isinstance(placed, Draft)
    assert (placed.status, placed.submitted, placed.order_number) == (DraftStatus.PLACED, SUBMITTED, "N")


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (given(CREATED, CHANGED, SUBMITTED), "draft-being-placed"),
        (given(CREATED, CHANGED, SUBMITTED, PLACED), "draft-placed"),
        (given(CREATED, DISCARDED), "draft-discarded"),
    ],
)
def test_what_is_not_open_takes_no_change(state: DraftState, code: str) -> None:
    refused(lambda: decide.change(state, FULL, by="operator:o"), code)
    if code == "draft-discarded":
        assert decide.discard(state, reason="r", by="operator:o") == []
    else:
        error = refused(lambda: decide.discard(state, reason="r", by="operator:o"), code)
        assert error.details["possible"] == (["place"] if code == "draft-being-placed" else [])


def test_a_discarded_draft_is_not_placed_and_none_is_found() -> None:
    refused(lambda: decide.submit(given(CREATED, DISCARDED), SUBMITTED), "draft-discarded")
    refused(lambda: decide.find(given()), "draft-not-found", NotFound)
    assert given(CHANGED, PLACED) == INITIAL
