"""Steps of a return: own database only. What is restocked changes the stock in the same append."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from activities.contracts import Step, StepDone
from activities.order_stream import Decide, LoadedOrder, fold_order, load_order, order_stream, run_step
from activities.resuming import answer_stalls_of, next_tries
from activities.stock_changes import DecideStock, StockWriter
from domain import rma
from domain.identifiers import label_parcel, replacement_parcel
from domain.money import Money
from domain.parcels import replacement_plan
from domain.privacy import PersonalText
from domain.record import OrderRecord, OrderStreamEvent
from domain.returns import decide
from domain.returns.events import InspectedItem, ReturnItem
from domain.returns.model import ReturnStatus
from domain.rma import Delivery, ReturnRequest, ReturnRules
from domain.shipping.events import PlannedParcel, ShipmentDelivered, TrackingStatus
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class RequestReturnStep:
    """`at` is the workflow's time: what was delivered longer before it than the window is not taken back."""

    step: Step
    request: ReturnRequest
    rules: ReturnRules
    at: datetime


@dataclass(frozen=True, slots=True)
class DecideReturnStep:
    step: Step
    return_id: UUID
    reason: PersonalText


@dataclass(frozen=True, slots=True)
class ReceiveReturnStep:
    step: Step
    return_id: UUID
    warehouse: str | None


@dataclass(frozen=True, slots=True)
class InspectReturnStep:
    step: Step
    return_id: UUID
    items: tuple[InspectedItem, ...]


@dataclass(frozen=True, slots=True)
class ReturnStep:
    step: Step
    return_id: UUID


@dataclass(frozen=True, slots=True)
class ReturnProgress:
    """How the return stands; no status where there is none. `grant` is the refund that it ended in.

    `replacement` is the parcel that is sent in place of money, `tracking` how far that came, if it is booked.
    """

    status: ReturnStatus | None
    grant: str | None = None
    replacement: PlannedParcel | None = None
    tracking: TrackingStatus | None = None
    wants_label: bool = False
    has_label: bool = False


@dataclass(frozen=True, slots=True)
class ReturnDone:
    """`served` are waiting orders that got what was restocked: they are to be told."""

    version: int
    served: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnActivities:
    store: EventStore
    stock: StockWriter

    @activity.defn
    async def request_return(self, given: RequestReturnStep) -> ReturnDone:
        stored = await self.store.read_stream(order_stream(given.step.order_id))
        order = fold_order(given.step.order_id, stored)
        parcels = order.record.shipments.by_id
        deliveries = [
            Delivery(each.recorded_at, _items(order, each.event.shipment_id))
            for each in stored
            if isinstance(each.event, ShipmentDelivered) and each.event.shipment_id in parcels
        ]
        return await self._run(
            given.step,
            lambda record: rma.request(record, given.request, deliveries, given.rules, at=given.at),
        )

    @activity.defn
    async def approve_return(self, given: DecideReturnStep) -> ReturnDone:
        by, warehouses = given.step.actor, self.stock.warehouses
        return await self._with_stock(
            given,
            lambda record, stock: rma.approve(
                record, stock, warehouses, given.return_id, reason=given.reason, by=by
            ),
        )

    @activity.defn
    async def reject_return(self, given: DecideReturnStep) -> ReturnDone:
        by = given.step.actor
        return await self._with_stock(
            given, lambda record, stock: rma.reject(record, given.return_id, reason=given.reason, by=by)
        )

    @activity.defn
    async def receive_return(self, given: ReceiveReturnStep) -> ReturnDone:
        return await self._run(
            given.step,
            lambda record: decide.receive(
                record.returns,
                given.return_id,
                warehouse=given.warehouse,
                warehouses=self.stock.warehouses,
                by=given.step.actor,
            ),
        )

    @activity.defn
    async def inspect_return(self, given: InspectReturnStep) -> ReturnDone:
        """Note what was found, restock what can be sold, and grant what is refunded: all at once."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        order.check_fingerprint(step.key, step.fingerprint)
        known = order.record.returns.by_id.get(given.return_id)
        warehouse = known.warehouse if known else None
        back = [(warehouse, item.sku) for item in given.items if item.restocked] if warehouse else []
        places = sorted({*back, *rma.places_of(order.record, given.return_id, self.stock.warehouses)})
        self.stock.doubt(places)
        changed = await self.stock.change(
            step,
            places,
            lambda record, stock: rma.inspect(record, given.return_id, given.items, by=step.actor),
            known=order,
        )
        return ReturnDone(changed.order.version_of(step.key), changed.served)

    @activity.defn
    async def close_return(self, given: ReturnStep) -> StepDone:
        done = await self._run(given.step, lambda record: decide.close(record.returns, given.return_id))
        return StepDone(done.version)

    @activity.defn
    async def look_at_return(self, given: ReturnStep) -> ReturnProgress:
        """Where the stream says that the return stands."""
        record = (await load_order(self.store, given.step.order_id)).record
        known = record.returns.by_id.get(given.return_id)
        if known is None:
            return ReturnProgress(None)
        granted = known.grant_id in record.payment.grants
        plan, parcel = known.replacement, record.shipments.by_id.get(replacement_parcel(given.return_id))
        return ReturnProgress(
            known.status,
            known.grant_id if granted else None,
            replacement=replacement_plan(plan, Money.zero(record.order.currency)) if plan and plan.items else None,
            tracking=parcel.status if parcel and parcel.status is not TrackingStatus.CANCELLED else None,
            wants_label=known.wants_label,
            has_label=known.label is not None,
        )

    @activity.defn
    async def take_up_return(self, given: ReturnStep) -> Mapping[str, int]:
        """What an earlier run of the workflow left: the number of each step's next try, its stalls answered."""
        labels = _labels(given.return_id)

        def answered(record: OrderRecord) -> Sequence[OrderStreamEvent]:
            return [event for label in labels for event in answer_stalls_of(record, label)]

        tries = next_tries(await run_step(self.store, given.step, answered))
        return {label: tries[label] for label in labels if label in tries}

    async def _with_stock(self, given: DecideReturnStep, decided: DecideStock) -> ReturnDone:
        """Run a decision on the order and on the stock that replaces what it is about."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        order.check_fingerprint(step.key, step.fingerprint)
        places = rma.places_of(order.record, given.return_id, self.stock.warehouses)
        self.stock.doubt(places)
        changed = await self.stock.change(step, places, decided, known=order)
        return ReturnDone(changed.order.version_of(step.key), changed.served)

    async def _run(self, step: Step, decided: Decide) -> ReturnDone:
        order = await run_step(self.store, step, decided)
        return ReturnDone(order.version_of(step.key))


def _labels(return_id: UUID) -> list[str]:
    """Labels of the steps that a return's workflow runs, but for the refund's."""
    parcel, label = replacement_parcel(return_id), label_parcel(return_id)
    named = [f"{name}:{parcel}" for name in ("book", "unbook", "dispatch", "capture", "deliver")]
    return [*named, *(f"{name}:{label}" for name in ("book", "unbook", "moved", "arrived"))]


def _items(order: LoadedOrder, shipment_id: str) -> tuple[ReturnItem, ...]:
    parcel = order.record.shipments.by_id[shipment_id]
    return tuple(ReturnItem(item.sku, item.quantity) for item in parcel.items)
