"""The carrier's bookings: one per key, cancelled or collected but never both; recipients forgotten when told."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from activities.gateways.protocol import AlreadyDispatched, Refused, Unknown
from domain.shipping.events import TrackingStatus
from tests.simulators.serving import CarrierUnderTest, eventually, parcel_of

MOVE = "SELECT carrier.move_due($1, $2, 10)"


async def test_a_booking_is_made_once_per_key(slow_carrier: CarrierUnderTest) -> None:
    order, carrier = uuid4(), slow_carrier.carrier
    twins = await asyncio.gather(*(carrier.book("book:BER#1", parcel_of(order)) for _ in range(10)))
    assert set(twins) == {twins[0]}
    assert (twins[0].shipment_id, twins[0].status) == ("shipment-1", TrackingStatus.BOOKED)
    assert await carrier.list_bookings(order) == [twins[0]] == await carrier.list_bookings()
    assert await carrier.find(order, "book:BER#1") == await carrier.track(twins[0].reference) == twins[0]
    with pytest.raises(Refused) as refused:
        await carrier.book("book:BER#1", parcel_of(order, "shipment-2"))
    assert refused.value.code == "idempotency-key-reused"


async def test_the_recipient_is_on_the_label_alone_and_forgotten_when_told(slow_carrier: CarrierUnderTest) -> None:
    order, other, carrier = uuid4(), uuid4(), slow_carrier.carrier
    booking = await carrier.book("book#1", parcel_of(order, recipient="Grace Hopper"))
    await carrier.book("book#2", parcel_of(other, "shipment-2", recipient="Ada Byron"))
    assert await _naming(slow_carrier, "Grace", "Elm Row") == ["carrier.booking", "carrier.booking"]
    assert await carrier.book("book#1", parcel_of(order, recipient="erased")) == booking

    await carrier.forget(order)
    await carrier.forget(order)

    assert await _naming(slow_carrier, "Grace") == []
    assert await _naming(slow_carrier, "Ada Byron") == ["carrier.booking"]
    assert await carrier.book("book#1", parcel_of(order, recipient="Grace Hopper")) == booking
    assert await _naming(slow_carrier, "Grace") == []


async def _naming(carrier: CarrierUnderTest, *words: str) -> list[str]:
    """The table of each row that holds one of the words."""
    return [
        table
        for table in ("carrier.booking", "carrier.webhook", "simulator.answer")
        for row in await carrier.books.fetch(f"SELECT * FROM {table}")
        if any(word in str(dict(row)) for word in words)
    ]


async def test_a_booking_is_cancelled_until_it_is_collected(slow_carrier: CarrierUnderTest) -> None:
    order, carrier = uuid4(), slow_carrier.carrier
    booking = (await carrier.book("book#1", parcel_of(order))).reference
    for key in ("cancel#1", "cancel#1", "cancel#2"):
        await carrier.cancel(key, booking=booking)
    assert (await carrier.track(booking)).status is TrackingStatus.CANCELLED
    await slow_carrier.control("advance", order_id=str(order))
    assert (await carrier.track(booking)).status is TrackingStatus.CANCELLED

    collected = (await carrier.book("book#2", parcel_of(order, "shipment-2"))).reference
    await slow_carrier.control("advance", order_id=str(order))
    await slow_carrier.hook.has_been_told(1)
    with pytest.raises(AlreadyDispatched):
        await carrier.cancel("cancel#3", booking=collected)
    with pytest.raises(Refused, match="unknown-booking"):
        await carrier.cancel("cancel#4", booking="bkg_none")


async def test_a_collection_under_way_wins_over_a_cancellation(slow_carrier: CarrierUnderTest) -> None:
    order = uuid4()
    booking = (await slow_carrier.carrier.book("book#1", parcel_of(order))).reference
    collection = slow_carrier.books.transaction()
    await collection.start()
    later = datetime.now(UTC) + timedelta(days=3650)
    assert await slow_carrier.books.fetchval(MOVE, later, timedelta(days=9999)) == 1
    cancellation = asyncio.create_task(slow_carrier.carrier.cancel("cancel#1", booking=booking))
    done, _ = await asyncio.wait([cancellation], timeout=0.2)
    assert not done
    await collection.commit()
    with pytest.raises(AlreadyDispatched):
        await cancellation
    assert (await slow_carrier.carrier.track(booking)).status is TrackingStatus.DISPATCHED


async def test_a_cancellation_under_way_wins_over_a_collection(slow_carrier: CarrierUnderTest) -> None:
    order = uuid4()
    booking = (await slow_carrier.carrier.book("book#1", parcel_of(order))).reference
    cancellation = slow_carrier.books.transaction()
    await cancellation.start()
    await slow_carrier.books.fetchrow("SELECT * FROM carrier.call_off($1)", booking)
    # The courier is told to collect, finds the parcel held, and must find it cancelled when it is let go.
    advance = asyncio.create_task(slow_carrier.control("advance", order_id=str(order)))
    await asyncio.wait([advance], timeout=0.2)
    await cancellation.commit()
    await advance
    await slow_carrier.control("advance", order_id=str(order))
    assert (await slow_carrier.carrier.track(booking)).status is TrackingStatus.CANCELLED
    assert slow_carrier.hook.told == []


async def test_many_races_are_each_decided_once(carrier: CarrierUnderTest) -> None:
    order = uuid4()
    booked = [await carrier.carrier.book(f"book#{n}", parcel_of(order, f"shipment-{n}")) for n in range(20)]
    calls = (carrier.carrier.cancel("cancel#1", booking=booking.reference) for booking in booked)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    cancelled = {b.shipment_id for b, outcome in zip(booked, outcomes, strict=True) if outcome is None}
    assert all(outcome is None or isinstance(outcome, AlreadyDispatched) for outcome in outcomes)
    await carrier.hook.has_been_told(2 * (20 - len(cancelled)))
    final = {booking.shipment_id: booking.status for booking in await carrier.carrier.list_bookings(order)}
    assert {shipment for shipment, status in final.items() if status is TrackingStatus.CANCELLED} == cancelled
    assert not {update.shipment_id for update in carrier.hook.told} & cancelled


@pytest.mark.parametrize("mode", ["lost_answer", "error", "refuse"])
async def test_calls_fail_on_demand(slow_carrier: CarrierUnderTest, mode: str) -> None:
    order, carrier = uuid4(), slow_carrier.carrier
    for kind in ("booking", "cancel"):
        await slow_carrier.control("faults", mode=mode, kind=kind, order_id=str(order), remaining=1)
    with pytest.raises(Unknown):
        await carrier.book("book#1", parcel_of(order))
    assert len(await carrier.list_bookings(order)) == (1 if mode == "lost_answer" else 0)
    booking = await carrier.book("book#1", parcel_of(order))
    assert [booking] == await carrier.list_bookings(order)
    with pytest.raises(Unknown):
        await carrier.cancel("cancel#1", booking=booking.reference)
    await carrier.cancel("cancel#1", booking=booking.reference)


async def test_a_booking_is_refused_on_demand(slow_carrier: CarrierUnderTest) -> None:
    order = uuid4()
    await slow_carrier.control("faults", mode="decline", kind="booking", order_id=str(order), code="not_served")
    with pytest.raises(Refused, match="not-served"):
        await slow_carrier.carrier.book("book#1", parcel_of(order))


async def test_an_outage_ends_when_told(slow_carrier: CarrierUnderTest) -> None:
    await slow_carrier.control("outage", mode="error")
    for call in (slow_carrier.carrier.book("book#1", parcel_of(uuid4())), slow_carrier.carrier.track("bkg_none")):
        with pytest.raises(Unknown):
            await call
    await slow_carrier.control("outage", mode="none")
    await slow_carrier.carrier.book("book#1", parcel_of(uuid4()))
    await eventually(lambda: _live(slow_carrier))


async def _live(carrier: CarrierUnderTest) -> bool:
    return (await carrier.http.get("/livez")).status_code == 200


async def test_an_abandoned_booking_is_never_made(slow_carrier: CarrierUnderTest) -> None:
    order, carrier = uuid4(), slow_carrier.carrier
    assert await carrier.abandon(order, "book#0") is None
    with pytest.raises(Refused) as refused:
        await carrier.book("book#0", parcel_of(order))
    assert refused.value.code == "abandoned"
    booking = await carrier.book("book#1", parcel_of(order))
    assert await carrier.abandon(order, "book#1") == booking
