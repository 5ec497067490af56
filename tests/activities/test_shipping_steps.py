"""Steps at the carrier: one booking per key, and its end told truly."""

import asyncio
from uuid import UUID

import pytest

from activities.contracts import EffectOutcome, Step
from activities.gateways.protocol import Unknown
from activities.lost_contracts import DispatchStep
from activities.shipping_contracts import ParcelStep, StopParcelStep, TrackStep
from domain.shipping.events import BookingRefused, PlannedParcel, TrackingStatus
from eventstore.store import StoreUnavailable
from tests.support.backend import Backend


async def ready(backend: Backend) -> tuple[UUID, PlannedParcel, ParcelStep]:
    order_id, reserved = await backend.confirmed()
    (parcel,) = reserved.parcels
    return order_id, parcel, ParcelStep(Step(order_id, "book:P#0"), parcel)


def stop(order_id: UUID, parcel: PlannedParcel, booking: str = "book:P#0") -> StopParcelStep:
    return StopParcelStep(Step(order_id, "unbook:P#0"), parcel, booking)


@pytest.mark.parametrize("lost", ["lose_before", "lose_after"])
async def test_a_booking_whose_answer_is_lost_is_one_booking(backend: Backend, lost: str) -> None:
    order_id, _, step = await ready(backend)
    getattr(backend.store, lost)("ShipmentBooked")
    with pytest.raises(StoreUnavailable):
        await backend.shipping.book_shipment(step)
    first = await backend.shipping.book_shipment(step)
    assert await backend.shipping.book_shipment(step) == first
    assert len(backend.carrier.books) == 1
    assert backend.types(order_id).count("ShipmentBooked") == 1


async def test_two_attempts_at_once_are_one_booking(backend: Backend) -> None:
    order_id, _, step = await ready(backend)
    gate = backend.carrier.faults.hold("book")
    attempts = [asyncio.ensure_future(backend.shipping.book_shipment(step)) for _ in range(2)]
    await gate.entered.wait()
    gate.open()
    first, second = await asyncio.gather(*attempts)
    assert first == second
    assert len(backend.carrier.books) == 1
    assert backend.types(order_id).count("ShipmentBooked") == 1


async def test_a_refused_booking_is_refused_for_good(backend: Backend) -> None:
    order_id, parcel, step = await ready(backend)
    backend.carrier.faults.plan("book", "refused")
    refused = await backend.shipping.book_shipment(step)
    assert (refused.outcome, refused.code) == (EffectOutcome.REFUSED, "no-collection")
    assert await backend.shipping.book_shipment(step) == refused
    assert backend.carrier.faults.calls["book"] == 1
    stored = (await backend.load(order_id)).of_step(step.step.key)
    assert stored == (BookingRefused(parcel.shipment_id, "no-collection", "the carrier does not collect there"),)


async def test_a_booking_is_cancelled_once(backend: Backend) -> None:
    order_id, parcel, step = await ready(backend)
    await backend.shipping.book_shipment(step)
    backend.store.lose_before("ShipmentBookingCancelled")
    with pytest.raises(StoreUnavailable):
        await backend.shipping.cancel_booking(stop(order_id, parcel, "book:P#1"))
    done = await backend.shipping.cancel_booking(stop(order_id, parcel, "book:P#1"))
    assert done.outcome is EffectOutcome.DONE
    assert backend.types(order_id).count("ShipmentBookingCancelled") == 1
    assert not backend.carrier.closed  # the key of the next try stays open
    again = ParcelStep(Step(order_id, "book:P#1"), parcel)
    assert (await backend.shipping.book_shipment(again)).outcome is EffectOutcome.DONE


async def test_a_booking_without_a_known_outcome_is_found_and_cancelled(backend: Backend) -> None:
    order_id, parcel, step = await ready(backend)
    backend.carrier.faults.plan("book", "lost")
    with pytest.raises(Unknown):
        await backend.shipping.book_shipment(step)
    assert (await backend.shipping.cancel_booking(stop(order_id, parcel))).outcome is EffectOutcome.DONE
    assert backend.types(order_id)[-2:] == ["ShipmentBooked", "ShipmentBookingCancelled"]


async def test_a_booking_that_never_was_leaves_nothing_to_stop(backend: Backend) -> None:
    order_id, parcel, step = await ready(backend)
    assert (await backend.shipping.cancel_booking(stop(order_id, parcel))).outcome is EffectOutcome.NOTHING
    late = await backend.shipping.book_shipment(step)  # an attempt that was thought lost
    assert late.outcome is EffectOutcome.REFUSED


@pytest.mark.parametrize("known", [True, False])
async def test_a_collected_parcel_is_not_stopped(backend: Backend, known: bool) -> None:
    order_id, parcel, step = await ready(backend)
    await backend.shipping.book_shipment(step)
    (booking,) = backend.carrier.books.values()
    backend.carrier.move(booking.reference, TrackingStatus.DISPATCHED)
    if known:
        await backend.inventory.dispatch_parcel(DispatchStep(Step(order_id, "dispatch:P#0"), parcel))
    before = backend.types(order_id)
    refused = await backend.shipping.cancel_booking(stop(order_id, parcel))
    assert (refused.outcome, refused.code) == (EffectOutcome.REFUSED, "already-dispatched")
    assert backend.types(order_id) == before
    assert (await backend.shipping.track_parcel(TrackStep(order_id, parcel.shipment_id))).status is (
        TrackingStatus.DISPATCHED
    )
