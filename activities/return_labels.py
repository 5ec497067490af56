"""Steps on the labels that goods come back with: at the carrier under the step's key, then the event."""

from dataclasses import dataclass

from temporalio import activity

from activities.contracts import Effect, EffectOutcome, StepDone
from activities.gateways.protocol import AlreadyDispatched, Carrier, Refused
from activities.order_stream import LoadedOrder, load_order, run_step
from activities.returns import ReturnStep
from activities.shipping import booking_of, parcel_of, recipient_of
from activities.shipping_contracts import Tracked
from domain.identifiers import label_parcel
from domain.returns import decide
from domain.returns.model import Return
from domain.shipping.decide import refuse_booking
from eventstore.store import EventStore
from eventstore.vault import Vault


@dataclass(frozen=True, slots=True)
class MovedStep:
    """`arrived`: at the warehouse's door."""

    given: ReturnStep
    arrived: bool


@dataclass(frozen=True, slots=True)
class ReturnLabelActivities:
    """`warehouse` is where goods come back to; `vault` opens the address that the carrier fetches them at."""

    store: EventStore
    carrier: Carrier
    vault: Vault
    warehouse: str

    @activity.defn
    async def book_label(self, given: ReturnStep) -> Effect:
        """Have the goods fetched; nothing is done for a return that has gone on without."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        if step.key in order.steps:
            return booking_of(order, step)
        known = decide.find(order.record.returns, given.return_id)
        if not known.wants_label:
            return Effect(EffectOutcome.NOTHING, order.version)
        shipment_id = label_parcel(given.return_id)
        try:
            items = [(item.sku, item.quantity) for item in known.requested.items]
            address = await recipient_of(self.vault, order)
            parcel = parcel_of(address, step.order_id, shipment_id, self.warehouse, items, direction="return")
            booking = await self.carrier.book(step.key, parcel)
        except Refused as refused:
            code, reason = refused.code, refused.reason
            order = await run_step(
                self.store,
                step,
                lambda record: refuse_booking(record.shipments, shipment_id, code=code, reason=reason),
            )
            return booking_of(order, step)
        order = await run_step(
            self.store,
            step,
            lambda record: decide.label(
                record.returns, given.return_id, booking=booking.reference, tracking=booking.tracking_number
            ),
        )
        return Effect(EffectOutcome.DONE, order.version_of(step.key))

    @activity.defn
    async def cancel_label(self, given: ReturnStep) -> Effect:
        """Have nothing fetched. `REFUSED` means that the carrier has it already, which is noted."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        known = _known(order, given)
        label = known.label
        if label is None or not known.idle_label:
            return Effect(EffectOutcome.NOTHING, order.version)
        try:
            await self.carrier.cancel(step.key, booking=label.booking)
        except AlreadyDispatched as refused:
            collected = await run_step(
                self.store, step, lambda record: decide.move(record.returns, given.return_id, arrived=False)
            )
            return Effect(EffectOutcome.REFUSED, collected.version_of(step.key), refused.code, refused.reason)
        order = await run_step(
            self.store, step, lambda record: decide.cancel_label(record.returns, given.return_id)
        )
        return Effect(EffectOutcome.DONE, order.version_of(step.key))

    @activity.defn
    async def track_label(self, given: ReturnStep) -> Tracked:
        """Ask the carrier how far it came, for when no news has come."""
        label = _known(await load_order(self.store, given.step.order_id), given).label
        assert label is not None  # who asks has booked it
        return Tracked((await self.carrier.track(label.booking)).status)

    @activity.defn
    async def note_label(self, moved: MovedStep) -> StepDone:
        """Note how far the carrier came with the goods. Own database."""
        step, return_id = moved.given.step, moved.given.return_id
        order = await run_step(
            self.store, step, lambda record: decide.move(record.returns, return_id, arrived=moved.arrived)
        )
        return StepDone(order.version_of(step.key))


def _known(order: LoadedOrder, given: ReturnStep) -> Return:
    return decide.find(order.record.returns, given.return_id)
