"""Steps at the carrier: outside effects under the step's key, then the event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from temporalio import activity

from activities import adopting
from activities.contracts import AdoptStep, Commanded, Effect, EffectOutcome, Step, StepDone
from activities.gateways.protocol import AlreadyDispatched, Booking, Carrier, Parcel, Refused
from activities.order_stream import LoadedOrder, load_order, run_step
from activities.shipping_contracts import ParcelStep, StopParcelStep, Tracked, TrackStep
from domain.errors import NotAllowed
from domain.identifiers import Address, label_parcel, return_of_parcel
from domain.parcels import plans_of
from domain.record import OrderStreamEvent
from domain.returns import decide as returns
from domain.shipping import decide
from domain.shipping.decide import FoundBooking
from domain.shipping.events import BookingRefused, PlannedParcel, TrackingStatus
from eventstore.store import EventStore
from eventstore.vault import Vault


@dataclass(frozen=True, slots=True)
class ShippingActivities:
    """`vault` opens the recipient's address, which the carrier has to know."""

    store: EventStore
    carrier: Carrier
    vault: Vault

    @activity.defn
    async def book_shipment(self, given: ParcelStep) -> Effect:
        """Have the parcel collected. An operator answers a refusal."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        if step.key in order.steps:
            return booking_of(order, step)
        try:
            recipient = await recipient_of(self.vault, order)
            # Booking under the same key again returns the first booking, so no look-up is needed.
            service = order.record.order.terms.shipping_method
            booking = await self.carrier.book(step.key, _parcel(recipient, given, service))
        except Refused as refused:
            return booking_of(await self._refused(given, refused, order), step)
        order = await self._booked(step, given.parcel, booking, order)
        return Effect(EffectOutcome.DONE, order.version_of(step.key))

    @activity.defn
    async def cancel_booking(self, given: StopParcelStep) -> Effect:
        """Stop the parcel. `REFUSED` means that the carrier has it already."""
        step, shipment_id = given.step, given.parcel.shipment_id
        order = await self._settle_booking(given)
        shipment = order.record.shipments.by_id.get(shipment_id)
        if shipment is None or shipment.status is TrackingStatus.CANCELLED:
            return Effect(EffectOutcome.NOTHING, order.version)
        if shipment.dispatched:
            return Effect(EffectOutcome.REFUSED, order.version, "already-dispatched", "the parcel was dispatched")
        try:
            await self.carrier.cancel(step.key, booking=shipment.booking)
        except AlreadyDispatched as refused:
            return Effect(EffectOutcome.REFUSED, order.version, refused.code, refused.reason)
        order = await run_step(
            self.store, step, lambda record: decide.cancel_booking(record.shipments, shipment_id)
        )
        return Effect(EffectOutcome.DONE, order.version_of(step.key))

    @activity.defn
    async def deliver_parcel(self, given: ParcelStep) -> StepDone:
        order = await run_step(
            self.store, given.step, lambda record: decide.arrive(record.shipments, given.parcel.shipment_id)
        )
        return StepDone(order.version_of(given.step.key))

    @activity.defn
    async def track_parcel(self, given: TrackStep) -> Tracked:
        """Ask the carrier where a parcel is, for when no news has come."""
        order = await load_order(self.store, given.order_id)
        shipment = order.record.shipments.by_id[given.shipment_id]
        booking: Booking = await self.carrier.track(shipment.booking)
        return Tracked(booking.status)

    @activity.defn
    async def adopt_booking(self, given: AdoptStep) -> Commanded:
        """Take a booking in the carrier's books as the outcome of a stalled step, or its cancellation."""
        order_id = given.step.order_id
        bookings = await self.carrier.list_bookings(order_id)
        booking = next((each for each in bookings if each.reference == given.reference), None)
        name, _, shipment_id = given.stalled.rpartition("#")[0].partition(":")

        def outcome(order: LoadedOrder, key: str) -> Sequence[OrderStreamEvent]:
            if booking is None:
                raise adopting.unknown_reference(given)
            found = FoundBooking(booking.reference, booking.shipment_id, booking.tracking_number, booking.status)
            return_id = return_of_parcel(shipment_id)
            if return_id and name == "book" and shipment_id == label_parcel(return_id):
                return returns.adopt_label(
                    order.record.returns,
                    return_id,
                    booking=booking.reference,
                    of=booking.shipment_id,
                    tracking=booking.tracking_number,
                    cancelled=booking.status is TrackingStatus.CANCELLED,
                )
            if name != "book":
                return decide.adopt_cancelled_booking(order.record.shipments, shipment_id, found)
            plan = next(each for each in plans_of(order.record) if each.shipment_id == shipment_id)
            return decide.adopt_booking(
                order.record.shipments, shipment_id, warehouse=plan.warehouse, items=plan.items, found=found
            )

        async def close(key: str) -> str | None:
            made = await self.carrier.abandon(order_id, key) if name == "book" else None
            return made.reference if made else None

        return await adopting.adopt(self.store, given, outcome, close)

    async def _refused(self, given: ParcelStep, refused: Refused, order: LoadedOrder) -> LoadedOrder:
        return await run_step(
            self.store,
            given.step,
            lambda record: decide.refuse_booking(
                record.shipments, given.parcel.shipment_id, code=refused.code, reason=refused.reason
            ),
            known=order,
        )

    async def _settle_booking(self, given: StopParcelStep) -> LoadedOrder:
        """Give a booking without a known outcome the one that the carrier's books show, and close its key."""
        order = await load_order(self.store, given.step.order_id)
        shipment = order.record.shipments.by_id.get(given.parcel.shipment_id)
        booked = shipment is not None and shipment.status is not TrackingStatus.CANCELLED
        if booked or given.booking in order.steps:
            return order  # no outcome is unknown; the key is that of the next try, and stays open
        found = await self.carrier.abandon(given.step.order_id, given.booking)
        if found is None:
            return order
        return await self._booked(Step(given.step.order_id, given.booking), given.parcel, found, order)

    async def _booked(
        self, step: Step, parcel: PlannedParcel, booking: Booking, order: LoadedOrder
    ) -> LoadedOrder:
        return await run_step(
            self.store,
            step,
            lambda record: decide.book(
                record.shipments,
                parcel.shipment_id,
                warehouse=parcel.warehouse,
                items=parcel.items,
                booking=booking.reference,
                tracking=booking.tracking_number,
            ),
            known=order,
        )


def booking_of(order: LoadedOrder, step: Step) -> Effect:
    version, outcome = order.version_of(step.key), order.of_step(step.key)[-1]
    if isinstance(outcome, BookingRefused):
        return Effect(EffectOutcome.REFUSED, version, outcome.code, outcome.reason)
    return Effect(EffectOutcome.DONE, version)


async def recipient_of(vault: Vault, order: LoadedOrder) -> Address:
    """The customer's address, readable. Raises Refused: the customer was erased meanwhile."""
    try:
        return await vault.open(order.record.order.shipping_address)
    except NotAllowed as erased:
        raise Refused(erased.code, erased.message) from None


def _parcel(address: Address, given: ParcelStep, service: str) -> Parcel:
    items = [(item.sku, item.quantity) for item in given.parcel.items]
    parcel = given.parcel
    return parcel_of(address, given.step.order_id, parcel.shipment_id, parcel.warehouse, items, service=service)


def parcel_of(
    address: Address,
    order_id: UUID,
    shipment_id: str,
    warehouse: str,
    items: Sequence[tuple[str, int]],
    **more: Any,
) -> Parcel:
    """What the carrier is told. `more`: its service, and its direction where that is not outbound."""
    return Parcel(
        reference=shipment_id,
        order_id=order_id,
        warehouse=warehouse,
        items=items,
        recipient=address.name,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.region,
        postal_code=address.postal_code,
        country=address.country,
        **more,
    )
