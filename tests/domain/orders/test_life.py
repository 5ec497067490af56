"""From placed to a terminal status: confirmed, cancelled, resumed, completed."""

from typing import Any

import pytest

from domain.errors import NotFound
from domain.money import Money
from domain.orders.decide import (
    cancel,
    complete,
    confirm,
    reject_cancellation,
    request_cancellation,
)
from domain.orders.events import (
    OrderCancellationRejected,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderEvent,
)
from domain.orders.model import INITIAL, Order, OrderStatus, evolve
from tests.support.samples import PLACED, TOTAL, eur
from tests.support.spec import Given, Spec

given = Spec(evolve, INITIAL).given

NOTHING = eur("0")
CENT = eur("0.01")
CONFIRMED = OrderConfirmed()
REQUESTED = OrderCancellationRequested("changed my mind", "customer:c-1")
REJECTED = OrderCancellationRejected("the parcel is gone")
CANCELLED = OrderCancelled("changed my mind")
COMPLETED = OrderCompleted()

IN = {
    "placed": (PLACED,),
    "confirmed": (PLACED, CONFIRMED),
    "cancelling": (PLACED, CONFIRMED, REQUESTED),
    "cancelled": (PLACED, REQUESTED, CANCELLED),
    "completed": (PLACED, CONFIRMED, COMPLETED),
}
COMMANDS: dict[str, tuple[Any, dict[str, Any], set[str]]] = {
    "confirm": (confirm, {"reserved": True, "authorized": TOTAL}, {"placed"}),
    "request cancellation": (
        request_cancellation,
        {"dispatched": False, "reason": "changed my mind", "requested_by": "customer:c-1"},
        {"placed", "confirmed"},
    ),
    "reject cancellation": (reject_cancellation, {"reason": "the parcel is gone"}, {"cancelling"}),
    "cancel": (cancel, {"held": NOTHING, "reserved": False}, {"cancelling"}),
    "complete": (complete, {"delivered": True, "paid": TOTAL, "authorized": eur("0")}, {"confirmed"}),
}


def status_of(*events: OrderEvent) -> OrderStatus:
    state = given(*events).state
    assert isinstance(state, Order)
    return state.status


@pytest.mark.parametrize("status", IN)
@pytest.mark.parametrize("command", COMMANDS)
def test_which_command_is_allowed_in_which_status(status: str, command: str) -> None:
    decide, arguments, allowed_in = COMMANDS[command]
    outcome = given(*IN[status]).when(decide, **arguments)
    if status in allowed_in:
        assert len(outcome.events) == 1
        assert not outcome.refusal
    elif OrderStatus(status).terminal:
        assert outcome.then_refused("order-closed").details == {"status": status}
    else:
        details = outcome.then_refused("invalid-transition").details
        assert details["status"] == status
        assert details["allowed_from"] == [s for s in IN if s in allowed_in]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_can_be_done_with_an_order_nobody_placed(command: str) -> None:
    decide, arguments, _ = COMMANDS[command]
    given().when(decide, **arguments).then_refused("order-not-found", NotFound)
    given(CONFIRMED, COMPLETED).when(decide, **arguments).then_refused("order-not-found", NotFound)


@pytest.mark.parametrize("authorized", [TOTAL, TOTAL + CENT])
def test_confirmed_when_stock_and_money_are_secured(authorized: Money) -> None:
    given(PLACED).when(confirm, reserved=True, authorized=authorized).then(CONFIRMED)


@pytest.mark.parametrize(
    ("reserved", "authorized"), [(False, TOTAL), (True, TOTAL - CENT), (True, NOTHING), (False, NOTHING)]
)
def test_not_confirmed_before(reserved: bool, authorized: Money) -> None:
    given(PLACED).when(confirm, reserved=reserved, authorized=authorized).then_refused("not-allowed")


@pytest.mark.parametrize("events", [IN["placed"], IN["confirmed"]])
def test_a_cancellation_begins_until_a_parcel_is_dispatched(events: tuple[OrderEvent, ...]) -> None:
    order: Given[Any, OrderEvent] = given(*events)
    arguments = {"reason": "changed my mind", "requested_by": "customer:c-1"}
    order.when(request_cancellation, dispatched=False, **arguments).then(REQUESTED)
    refusal = order.when(request_cancellation, dispatched=True, **arguments).then_refused("too-late-to-cancel")
    assert refusal.details == {"status": status_of(*events)}


def test_a_cancellation_closes_when_nothing_is_held() -> None:
    given(PLACED, REQUESTED).when(cancel, held=NOTHING, reserved=False).then(CANCELLED)


@pytest.mark.parametrize(("held", "reserved"), [(CENT, False), (NOTHING, True), (-CENT, False)])
def test_not_while_money_or_stock_is(held: Money, reserved: bool) -> None:
    given(PLACED, REQUESTED).when(cancel, held=held, reserved=reserved).then_refused("not-allowed")


@pytest.mark.parametrize(("events", "status"), [((PLACED,), "placed"), ((PLACED, CONFIRMED), "confirmed")])
def test_a_rejected_cancellation_resumes_where_the_order_was(events: tuple[OrderEvent, ...], status: str) -> None:
    given(*events, REQUESTED).when(reject_cancellation, reason="the parcel is gone").then(REJECTED)
    assert status_of(*events, REQUESTED) is OrderStatus.CANCELLING
    assert given(*events, REQUESTED, REJECTED).state == given(*events).state
    assert status_of(*events, REQUESTED, REJECTED) == status


def test_a_resumed_order_can_be_cancelled_again() -> None:
    decide, arguments, _ = COMMANDS["request cancellation"]
    given(PLACED, CONFIRMED, REQUESTED, REJECTED).when(decide, **arguments).then(REQUESTED)


def test_completed_when_delivered_and_paid() -> None:
    given(PLACED, CONFIRMED).when(complete, delivered=True, paid=TOTAL, authorized=eur("0")).then(COMPLETED)


@pytest.mark.parametrize(
    ("delivered", "paid"), [(False, TOTAL), (True, TOTAL - CENT), (True, TOTAL + CENT), (True, NOTHING)]
)
def test_not_completed_before(delivered: bool, paid: Money) -> None:
    given(PLACED, CONFIRMED).when(complete, delivered=delivered, paid=paid, authorized=eur("0")).then_refused(
        "not-allowed"
    )


@pytest.mark.parametrize("status", [status for status in IN if status != "cancelled"])
def test_the_total_is_owed_until_the_order_is_cancelled(status: str) -> None:
    state = given(*IN[status]).state
    assert isinstance(state, Order)
    assert state.owed == TOTAL


def test_nothing_is_owed_for_a_cancelled_order() -> None:
    state = given(*IN["cancelled"]).state
    assert isinstance(state, Order)
    assert (state.owed, state.reason) == (NOTHING, "changed my mind")


def test_two_statuses_are_terminal() -> None:
    assert [status.value for status in OrderStatus if status.terminal] == ["cancelled", "completed"]
