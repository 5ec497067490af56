"""Parcels: booked once, cancelled only before collection, and news of what is known is no event."""

from collections.abc import Callable

import pytest

from domain.errors import NotFound
from domain.shipping.decide import book, cancel_booking, deliver, dispatch
from domain.shipping.events import (
    ShipmentBooked,
    ShipmentBookingCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentItem,
    ShippingEvent,
    TrackingStatus,
)
from domain.shipping.model import INITIAL, FulfilmentStatus, Shipment, Shipments, evolve
from tests.support.samples import booked
from tests.support.spec import Outcome, Spec

given = Spec(evolve, INITIAL).given

ITEMS = (ShipmentItem("MUG", 3),)
BOOKED = ShipmentBooked("s-1", "BER", ITEMS, "b-s-1", "T1")
CANCELLED = ShipmentBookingCancelled("s-1", "b-s-1")
DISPATCHED = ShipmentDispatched("s-1")
DELIVERED = ShipmentDelivered("s-1")
REBOOKED = ShipmentBooked("s-1", "BER", ITEMS, "b-2", "T2")


def book_again(*events: ShippingEvent) -> Outcome[ShippingEvent]:
    return given(*events).when(book, "s-1", warehouse="BER", items=ITEMS, booking="b-2", tracking="T2")


def test_a_parcel_is_booked() -> None:
    book_again().then(REBOOKED)
    book_again(booked("s-2")).then(REBOOKED)


def test_a_booked_parcel_is_not_booked_again() -> None:
    book_again(BOOKED).then_refused("not-allowed")
    book_again(BOOKED, DISPATCHED).then_refused("not-allowed")
    refusal = book_again(BOOKED, DISPATCHED, DELIVERED).then_refused("not-allowed")
    assert refusal.details == {"status": TrackingStatus.DELIVERED}


def test_after_a_cancelled_booking_it_is() -> None:
    book_again(BOOKED, CANCELLED).then(REBOOKED)


def test_a_booking_is_cancelled_before_collection() -> None:
    given(BOOKED).when(cancel_booking, "s-1").then(CANCELLED)
    given(BOOKED, CANCELLED, REBOOKED).when(cancel_booking, "s-1").then(ShipmentBookingCancelled("s-1", "b-2"))


def test_cancelling_twice_is_fine() -> None:
    given(BOOKED, CANCELLED).when(cancel_booking, "s-1").then_nothing()


def test_what_the_carrier_has_is_not_cancelled() -> None:
    given(BOOKED, DISPATCHED).when(cancel_booking, "s-1").then_refused("already-dispatched")
    given(BOOKED, DISPATCHED, DELIVERED).when(cancel_booking, "s-1").then_refused("already-dispatched")


def test_a_booked_parcel_is_dispatched() -> None:
    given(BOOKED).when(dispatch, "s-1").then(DISPATCHED)


def test_old_news_of_a_dispatch_is_no_event() -> None:
    given(BOOKED, DISPATCHED).when(dispatch, "s-1").then_nothing()
    given(BOOKED, DISPATCHED, DELIVERED).when(dispatch, "s-1").then_nothing()


def test_a_cancelled_booking_is_not_dispatched() -> None:
    refusal = given(BOOKED, CANCELLED).when(dispatch, "s-1").then_refused("not-allowed")
    assert refusal.details == {"status": TrackingStatus.CANCELLED}


def test_a_dispatched_parcel_is_delivered_once() -> None:
    given(BOOKED, DISPATCHED).when(deliver, "s-1").then(DELIVERED)
    given(BOOKED, DISPATCHED, DELIVERED).when(deliver, "s-1").then_nothing()


def test_what_was_not_dispatched_is_not_delivered() -> None:
    given(BOOKED).when(deliver, "s-1").then_refused("not-allowed")
    given(BOOKED, CANCELLED).when(deliver, "s-1").then_refused("not-allowed")


@pytest.mark.parametrize("decide", [cancel_booking, dispatch, deliver])
def test_a_parcel_nobody_booked(decide: Callable[[Shipments, str], list[ShippingEvent]]) -> None:
    given(booked("s-2")).when(decide, "s-1").then_refused("shipment-not-found", NotFound)


def test_the_fold_keeps_the_last_booking() -> None:
    state = given(BOOKED, CANCELLED, REBOOKED).state
    assert state.by_id == {"s-1": Shipment("s-1", "BER", ITEMS, "b-2", "T2", TrackingStatus.BOOKED)}


SECOND = booked("s-2", "MUC", 2)
BOTH = (BOOKED, SECOND, DISPATCHED, ShipmentDispatched("s-2"))


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), FulfilmentStatus.UNFULFILLED),
        ((BOOKED, SECOND), FulfilmentStatus.UNFULFILLED),
        ((BOOKED, DISPATCHED), FulfilmentStatus.PARTIALLY_SHIPPED),
        ((BOOKED, SECOND, DISPATCHED), FulfilmentStatus.PARTIALLY_SHIPPED),
        (BOTH, FulfilmentStatus.SHIPPED),
        ((BOOKED, SECOND, DISPATCHED, DELIVERED), FulfilmentStatus.PARTIALLY_DELIVERED),
        ((*BOTH, DELIVERED), FulfilmentStatus.PARTIALLY_DELIVERED),
        ((*BOTH, DELIVERED, ShipmentDelivered("s-2")), FulfilmentStatus.DELIVERED),
    ],
)
def test_how_far_five_pieces_have_come(events: tuple[ShippingEvent, ...], status: FulfilmentStatus) -> None:
    assert given(*events).state.status(5) is status


@pytest.mark.parametrize(
    ("events", "any_booked", "any_dispatched"),
    [
        ((), False, False),
        ((BOOKED,), True, False),
        ((BOOKED, CANCELLED), False, False),
        ((BOOKED, CANCELLED, SECOND), True, False),
        ((BOOKED, DISPATCHED), True, True),
        ((BOOKED, DISPATCHED, DELIVERED), True, True),
    ],
)
def test_whether_any_is_booked_or_gone(
    events: tuple[ShippingEvent, ...], any_booked: bool, any_dispatched: bool
) -> None:
    state = given(*events).state
    assert (state.any_booked, state.any_dispatched) == (any_booked, any_dispatched)


def test_later_states_rank_higher() -> None:
    assert [status.value for status in sorted(TrackingStatus, key=lambda status: status.rank)] == [
        *("booked", "cancelled", "dispatched", "in_transit", "lost", "delivered")
    ]
