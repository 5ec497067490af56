"""Holds: placed on an open order, released by hand or by time; and which orders screening holds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import InvalidValue, NotFound
from domain.orders.decide import place
from domain.orders.events import (
    HoldPlaced,
    HoldReleased,
    HoldScope,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
)
from domain.orders.holds import MAX_HOLDS, expire_hold, place_hold, release_hold
from domain.orders.model import INITIAL, Order, evolve
from domain.orders.screening import CustomerFacts, ScreeningRules, screen
from domain.record import fold_record
from tests.support.samples import NOON, PLACE, PLACED, booked, eur
from tests.support.spec import Spec

given = Spec(evolve, INITIAL).given
LATER = NOON + timedelta(hours=1)
HOLD = HoldPlaced("h-1", HoldScope.ORDER, None, "looks odd", "operator:eve", LATER)
LINE = replace(HOLD, hold_id="h-2", scope=HoldScope.LINE, subject="MUG", expires_at=None)
AT: dict[str, Any] = {"parcels": ("P-BER",), "at": NOON}


def test_several_holds_stand_at_once_and_are_released_one_by_one() -> None:
    given(PLACED).when(place_hold, HOLD, **AT).then(HOLD)
    given(PLACED, HOLD).when(place_hold, LINE, **AT).then(LINE)
    both = given(PLACED, HOLD, LINE)
    released = HoldReleased("h-1", "it is fine", "operator:eve")
    both.when(release_hold, "h-1", reason="it is fine", released_by="operator:eve").then(released)
    state = given(PLACED, HOLD, LINE, released).state
    assert isinstance(state, Order)
    assert list(state.holds) == ["h-2"]


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (HoldScope.ORDER, "MUG"),
        (HoldScope.PAYMENT, "MUG"),
        (HoldScope.LINE, None),
        (HoldScope.LINE, "JAR"),
        (HoldScope.SHIPMENT, "P-LYS"),
    ],
)
def test_a_hold_names_something_there_is(scope: HoldScope, subject: str | None) -> None:
    hold = replace(HOLD, scope=scope, subject=subject)
    given(PLACED).when(place_hold, hold, **AT).then_refused("invalid-subject", InvalidValue)


def test_the_refusal_names_what_a_hold_may_name() -> None:
    hold = replace(HOLD, scope=HoldScope.SHIPMENT, subject="P-LYS")
    refused = given(PLACED).when(place_hold, hold, **AT).then_refused("invalid-subject", InvalidValue)
    assert refused.details == {"possible": ["P-BER"]}
    given(PLACED).when(place_hold, replace(hold, subject="P-BER"), **AT).then(replace(hold, subject="P-BER"))


def test_a_hold_expires_in_the_future() -> None:
    hold = replace(HOLD, expires_at=NOON)
    given(PLACED).when(place_hold, hold, **AT).then_refused("invalid-expiry", InvalidValue)


def test_there_are_only_so_many_holds() -> None:
    holds = [replace(HOLD, hold_id=f"h-{number}") for number in range(MAX_HOLDS)]
    given(PLACED, *holds).when(place_hold, LINE, **AT).then_refused("too-many-holds")


def test_what_is_undone_or_ended_is_not_held() -> None:
    undoing = OrderCancellationRequested("changed my mind", "customer:c-1")
    given().when(place_hold, HOLD, **AT).then_refused("order-not-found", NotFound)
    given(PLACED, undoing).when(place_hold, HOLD, **AT).then_refused("invalid-transition")
    given(PLACED, OrderConfirmed(), OrderCompleted()).when(place_hold, HOLD, **AT).then_refused("order-closed")


def test_only_a_hold_in_force_is_released() -> None:
    refused = given(PLACED, HOLD).when(release_hold, "h-9", reason="r", released_by="o")
    assert refused.then_refused("hold-not-found", NotFound).details == {"holds": ["h-1"]}


def test_time_releases_a_hold_once_it_is_over_and_whoever_was_first() -> None:
    expired = HoldReleased("h-1", "its time is over", "system", expired=True)
    given(PLACED, HOLD).when(expire_hold, "h-1", at=LATER, by="system").then(expired)
    given(PLACED, HOLD).when(expire_hold, "h-1", at=NOON, by="system").then_nothing()
    given(PLACED, HOLD, expired).when(expire_hold, "h-1", at=LATER, by="system").then_nothing()
    given(PLACED, LINE).when(expire_hold, "h-2", at=LATER, by="system").then_nothing()
    ended = given(PLACED, HOLD, OrderCancellationRequested("r", "c"), OrderCancelled("r"))
    ended.when(expire_hold, "h-1", at=LATER, by="system").then_nothing()


def test_an_order_is_on_hold_while_all_of_it_is_held() -> None:
    assert fold_record([PLACED, LINE]).status == "placed"
    assert fold_record([PLACED, LINE, HOLD]).status == "on_hold"
    assert fold_record([PLACED, OrderConfirmed(), booked(), HOLD]).status == "on_hold"
    assert fold_record([PLACED, HOLD, HoldReleased("h-1", "r", "o")]).status == "placed"
    assert fold_record([PLACED, HOLD, OrderCancellationRequested("r", "c")]).status == "cancelling"
    cancelled = fold_record([PLACED, HOLD, OrderCancellationRequested("r", "c"), OrderCancelled("r")])
    assert (cancelled.status, dict(cancelled.order.holds)) == ("cancelled", {})


# Screening

RULES = ScreeningRules(eur("100.00"), 3, eur("200.00"), new_country=True)
KNOWN = CustomerFacts(0, eur("0.00"), frozenset({"GB"}))


def test_an_ordinary_order_goes_on() -> None:
    assert screen(eur("100.00"), "GB", KNOWN, RULES) == ()
    assert screen(eur("100.00"), "DE", replace(KNOWN, countries=frozenset()), RULES) == ()  # a first order
    assert screen(eur("100000.00"), "DE", replace(KNOWN, recent_orders=99), ScreeningRules()) == ()


@pytest.mark.parametrize(
    ("total", "country", "facts", "reason"),
    [
        ("100.01", "GB", KNOWN, "the total 100.01 EUR is above 100.00 EUR"),
        ("1.00", "GB", replace(KNOWN, recent_orders=3), "the customer placed 3 orders lately"),
        ("0.01", "GB", replace(KNOWN, open_total=eur("200.00")), "the customer's open orders come to 200.01 EUR"),
        ("1.00", "DE", KNOWN, "the customer never had a parcel to DE"),
    ],
)
def test_each_rule_gives_its_reason(total: str, country: str, facts: CustomerFacts, reason: str) -> None:
    assert screen(eur(total), country, facts, RULES) == (reason,)


def test_a_screened_order_is_placed_and_held_for_all_the_reasons() -> None:
    held = HoldPlaced("screening", HoldScope.ORDER, None, "too much; too often", "screening", None)
    events = place(INITIAL, replace(PLACE, screening=("too much", "too often")), NOON)
    assert events[1:] == [held]
    assert fold_record(events).status == "on_hold"
