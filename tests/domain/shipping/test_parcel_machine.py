"""Whatever a carrier tells, in whatever order: a parcel only ever goes forward, and ships at most once."""

from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.decider import fold
from domain.errors import DomainError
from domain.shipping import decide
from domain.shipping.events import (
    ShipmentBooked,
    ShipmentBookingCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentItem,
    ShippingEvent,
    TrackingStatus,
)
from domain.shipping.model import INITIAL, FulfilmentStatus, Shipments, evolve

parcels = st.sampled_from(("s-1", "s-2"))
PIECES = 2
FORWARD = list(FulfilmentStatus)


class Parcels(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state = INITIAL
        self.log: list[ShippingEvent] = []
        self.bookings = 0
        self.reached = FulfilmentStatus.UNFULFILLED

    def ask(self, decision: Callable[[Shipments], Sequence[ShippingEvent]]) -> None:
        try:
            events = decision(self.state)
        except DomainError:
            return
        before = self.state
        self.state = fold(evolve, self.state, events)
        self.log += events
        for shipment_id, parcel in before.by_id.items():
            self.went_forward(parcel.status, self.state.by_id[shipment_id].status)

    def went_forward(self, before: TrackingStatus, after: TrackingStatus) -> None:
        rebooked = (before, after) == (TrackingStatus.CANCELLED, TrackingStatus.BOOKED)
        assert after.rank >= before.rank or rebooked

    @rule(parcel=parcels)
    def book(self, parcel: str) -> None:
        self.bookings += 1
        items, booking = (ShipmentItem("MUG", 1),), f"b-{self.bookings}"
        self.ask(lambda s: decide.book(s, parcel, warehouse="BER", items=items, booking=booking, tracking="T"))

    @rule(parcel=parcels)
    def cancel(self, parcel: str) -> None:
        self.ask(lambda state: decide.cancel_booking(state, parcel))

    @rule(parcel=parcels)
    def dispatch(self, parcel: str) -> None:
        self.ask(lambda state: decide.dispatch(state, parcel))

    @rule(parcel=parcels)
    def deliver(self, parcel: str) -> None:
        self.ask(lambda state: decide.deliver(state, parcel))

    @invariant()
    def each_parcel_is_dispatched_and_delivered_at_most_once(self) -> None:
        dispatched = Counter(event.shipment_id for event in self.log if isinstance(event, ShipmentDispatched))
        delivered = Counter(event.shipment_id for event in self.log if isinstance(event, ShipmentDelivered))
        assert delivered <= dispatched <= Counter(self.state.by_id.keys())

    @invariant()
    def each_booking_is_cancelled_at_most_once(self) -> None:
        booked = [event.booking for event in self.log if isinstance(event, ShipmentBooked)]
        cancelled = [event.booking for event in self.log if isinstance(event, ShipmentBookingCancelled)]
        assert Counter(cancelled) <= Counter(booked)

    @invariant()
    def fulfilment_only_goes_forward(self) -> None:
        status = self.state.status(PIECES)
        assert FORWARD.index(status) >= FORWARD.index(self.reached)
        self.reached = status

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert fold(evolve, INITIAL, self.log) == self.state


TestParcels = Parcels.TestCase
TestParcels.settings = settings(max_examples=60, stateful_step_count=30)
