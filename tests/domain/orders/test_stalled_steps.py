"""A step that used up its attempts waits for an operator, once, and the order shows it."""

from dataclasses import replace

import pytest

from domain.errors import NotFound
from domain.orders.decide import assign, note, resolve_step, stall
from domain.orders.events import (
    OrderAssigned,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderEvent,
    OrderNoted,
    OrderStepResolved,
    OrderStepStalled,
    StepAction,
)
from domain.orders.model import INITIAL, Order, evolve
from tests.support.samples import PLACED
from tests.support.spec import Outcome, Spec

given = Spec(evolve, INITIAL).given

CAPTURE = "capture:s-1#1"
STALLED = OrderStepStalled(CAPTURE, "Unknown", "no answer")
OTHER = OrderStepStalled("book:s-2#1", "Unknown", "no answer")
REQUESTED = OrderCancellationRequested("changed my mind", "customer:c-1")
RETRIED = OrderStepResolved(CAPTURE, StepAction.RETRY, "it is up again", "operator:o-1")


def resolve(action: StepAction, *events: OrderEvent, dispatched: bool = False) -> Outcome[OrderEvent]:
    return given(*events).when(
        resolve_step,
        step=CAPTURE,
        action=action,
        reason="it is up again",
        resolved_by="operator:o-1",
        dispatched=dispatched,
    )


def stalls(*events: OrderEvent) -> Outcome[OrderEvent]:
    return given(*events).when(stall, step=CAPTURE, error_type="Unknown", error="no answer")


def attention(*events: OrderEvent) -> set[str]:
    """The steps that wait."""
    state = given(*events).state
    assert isinstance(state, Order)
    assert state.attention == bool(state.stalled)
    return set(state.stalled)


@pytest.mark.parametrize("events", [(), (OrderConfirmed(),), (REQUESTED,), (OTHER,), (STALLED, RETRIED)])
def test_a_step_stalls_in_any_open_order(events: tuple[OrderEvent, ...]) -> None:
    stalls(PLACED, *events).then(STALLED)


def test_it_stalls_once_while_it_waits() -> None:
    stalls(PLACED, STALLED).then_nothing()
    stalls(PLACED, STALLED, OTHER).then_nothing()


@pytest.mark.parametrize("closed", [OrderCompleted(), OrderCancelled("changed my mind")])
def test_nothing_stalls_or_is_resolved_in_a_closed_order(closed: OrderEvent) -> None:
    stalls(PLACED, closed).then_refused("order-closed")
    resolve(StepAction.RETRY, PLACED, STALLED, closed).then_refused("order-closed")


def test_nothing_stalls_or_is_resolved_in_no_order() -> None:
    stalls().then_refused("order-not-found", NotFound)
    resolve(StepAction.RETRY).then_refused("order-not-found", NotFound)


@pytest.mark.parametrize("dispatched", [False, True])
@pytest.mark.parametrize(
    "events", [(PLACED, STALLED), (PLACED, OrderConfirmed(), STALLED, OTHER), (PLACED, REQUESTED, STALLED)]
)
def test_a_retry_is_always_possible(events: tuple[OrderEvent, ...], dispatched: bool) -> None:
    resolve(StepAction.RETRY, *events, dispatched=dispatched).then(RETRIED)


@pytest.mark.parametrize("events", [(PLACED, STALLED), (PLACED, OrderConfirmed(), STALLED, OTHER)])
def test_compensating_begins_a_cancellation(events: tuple[OrderEvent, ...]) -> None:
    resolve(StepAction.COMPENSATE, *events).then(
        OrderStepResolved(CAPTURE, StepAction.COMPENSATE, "it is up again", "operator:o-1"),
        OrderCancellationRequested("it is up again", "operator:o-1"),
    )


def test_what_is_dispatched_or_being_undone_is_not_compensated() -> None:
    gone = resolve(StepAction.COMPENSATE, PLACED, STALLED, dispatched=True).then_refused("cannot-compensate")
    undone = resolve(StepAction.COMPENSATE, PLACED, REQUESTED, STALLED).then_refused("cannot-compensate")
    assert gone.details == undone.details == {"possible": ["retry", "adopt"]}
    assert "dispatched" in gone.message
    assert "compensated already" in undone.message


@pytest.mark.parametrize("events", [(), (OrderConfirmed(),), (REQUESTED,)])
def test_an_adoption_names_the_effect(events: tuple[OrderEvent, ...]) -> None:
    outcome = given(PLACED, *events, STALLED).when(
        resolve_step,
        step=CAPTURE,
        action=StepAction.ADOPT,
        reason="captured by hand",
        resolved_by="operator:o-1",
        dispatched=True,
        reference="cap-7",
    )
    outcome.then(OrderStepResolved(CAPTURE, StepAction.ADOPT, "captured by hand", "operator:o-1", "cap-7"))


def test_an_order_is_handed_over_once() -> None:
    handed = OrderAssigned("eve", "knows the carrier", "operator:o-1")

    def handing(assignee: str | None, *events: OrderEvent) -> Outcome[OrderEvent]:
        who = "operator:o-1"
        return given(*events).when(assign, assignee=assignee, reason="knows the carrier", assigned_by=who)

    handing("eve", PLACED).then(handed)
    handing("eve", PLACED, handed).then_nothing()
    handing(None, PLACED).then_nothing()
    handing(None, PLACED, handed).then(replace(handed, assignee=None))
    handing("eve", PLACED, OrderCompleted()).then_refused("order-closed")
    handing("eve").then_refused("order-not-found", NotFound)


def test_a_note_is_left_at_an_open_order() -> None:
    said = OrderNoted("rang them up", "operator:o-1")
    for events in ((PLACED,), (PLACED, said), (PLACED, REQUESTED)):
        given(*events).when(note, text=said.note, noted_by=said.noted_by).then(said)
    given(PLACED, OrderCompleted()).when(note, text="", noted_by="").then_refused("order-closed")


@pytest.mark.parametrize("action", StepAction)
@pytest.mark.parametrize(
    ("events", "waiting"),
    [((PLACED,), []), ((PLACED, STALLED, RETRIED), []), ((PLACED, OTHER), ["book:s-2#1"])],
)
def test_only_a_stalled_step_is_resolved(
    events: tuple[OrderEvent, ...], waiting: list[str], action: StepAction
) -> None:
    assert resolve(action, *events).then_refused("step-not-stalled").details == {"stalled": waiting}


def test_the_order_needs_attention_while_a_step_waits() -> None:
    assert attention(PLACED) == set()
    assert attention(PLACED, STALLED, OTHER) == {CAPTURE, OTHER.step}
    assert attention(PLACED, STALLED, OTHER, RETRIED) == {OTHER.step}
    assert attention(PLACED, STALLED, RETRIED) == set()


@pytest.mark.parametrize("event", [REQUESTED, OrderCancelled("changed my mind"), OrderCompleted()])
def test_what_was_stalled_gives_way_to_a_cancellation_or_an_end(event: OrderEvent) -> None:
    assert attention(PLACED, STALLED, OTHER, event) == set()


def test_a_compensation_that_stalls_is_seen() -> None:
    assert attention(PLACED, STALLED, REQUESTED, OrderStepStalled("void#1", "Unknown", "no answer")) == {"void#1"}


GIVE_BACK = "give-back:k#0"
OWED = OrderStepStalled(GIVE_BACK, "Unknown", "no answer")


def answers(action: StepAction, *events: OrderEvent) -> Outcome[OrderEvent]:
    return given(*events).when(
        resolve_step, step=GIVE_BACK, action=action, reason="r", resolved_by="operator:o-1", dispatched=False
    )


@pytest.mark.parametrize("closing", [OrderCompleted(), REQUESTED, OrderCancelled("changed my mind")])
def test_aftercare_stalls_and_is_answered_whatever_became_of_the_order(closing: OrderEvent) -> None:
    given(PLACED, closing).when(stall, step=GIVE_BACK, error_type="Unknown", error="no answer").then(OWED)
    assert attention(PLACED, OWED, STALLED, closing) == {GIVE_BACK}
    answers(StepAction.RETRY, PLACED, OWED, closing).then(
        OrderStepResolved(GIVE_BACK, StepAction.RETRY, "r", "operator:o-1")
    )


def test_what_was_promised_is_not_taken_back() -> None:
    answers(StepAction.COMPENSATE, PLACED, OWED).then_refused("cannot-compensate")
