"""Steps at the carrier: outside effects under the step's key, then the event."""

from dataclasses import dataclass

from temporalio import activity

from activities.contracts import (
    Effect,
    EffectOutcome,
    ParcelStep,
    PlannedParcel,
    Step,
    StepDone,
    StopParcelStep,
    Tracked,
    TrackStep,
)
from activities.gateways.protocol import AlreadyDispatched, Booking, Carrier, Parcel, Refused
from activities.order_stream import LoadedOrder, load_order, run_step
from domain.shipping import decide
from domain.shipping.events import TrackingStatus
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class ShippingActivities:
    store: EventStore
    carrier: Carrier

    @activity.defn
    async def book_shipment(self, given: ParcelStep) -> Effect:
        """Have the parcel collected. A refused booking writes nothing: an operator answers it."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        if step.key in order.steps:
            return Effect(EffectOutcome.DONE, order.version_of(step.key))
        try:
            # Booking under the same key again returns the first booking, so no look-up is needed.
            booking = await self.carrier.book(step.key, _parcel(order, given))
        except Refused as refused:
            return Effect(EffectOutcome.REFUSED, order.version, refused.code, refused.reason)
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
            self.store, given.step, lambda record: decide.deliver(record.shipments, given.parcel.shipment_id)
        )
        return StepDone(order.version_of(given.step.key))

    @activity.defn
    async def track_parcel(self, given: TrackStep) -> Tracked:
        """Ask the carrier where a parcel is, for when no news has come."""
        order = await load_order(self.store, given.order_id)
        shipment = order.record.shipments.by_id[given.shipment_id]
        booking: Booking = await self.carrier.track(shipment.booking)
        return Tracked(booking.status)

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


def _parcel(order: LoadedOrder, given: ParcelStep) -> Parcel:
    address = order.record.order.shipping_address
    return Parcel(
        reference=given.parcel.shipment_id,
        order_id=given.step.order_id,
        warehouse=given.parcel.warehouse,
        items=[(item.sku, item.quantity) for item in given.parcel.items],
        recipient=address.name,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.region,
        postal_code=address.postal_code,
        country=address.country,
    )
