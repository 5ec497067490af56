"""Steps on stock: what an order reserves, waits for, sends and gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.contracts import Step
from activities.lost_contracts import Dispatched, DispatchStep
from activities.order_stream import LoadedOrder, load_order
from activities.stock_changes import StockWriter
from activities.stock_contracts import Decided, DecideStep, Released, Reserved, ReserveStep, TakeUpStep
from domain import availability
from domain.availability import Outcome, Place, Question, Stock
from domain.inventory import decide
from domain.inventory.events import StockUnavailable
from domain.orders.model import OrderStatus
from domain.parcels import first_plans
from domain.record import OrderRecord
from domain.shipping.decide import dispatch
from domain.shipping.events import TrackingStatus
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class InventoryActivities:
    store: EventStore
    stock: StockWriter

    @activity.defn
    async def reserve_stock(self, given: ReserveStep) -> Reserved:
        """Reserve every line; where stock does not cover them, do what the order was placed with."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        question = Question(step.key, given.default, given.decide_by)
        changed = await self.stock.change(
            step,
            self._places([line.sku for line in order.record.order.lines]),
            lambda record, stock: availability.reserve(record, stock, self.stock.warehouses, question),
            known=order,
        )
        return _reserved(changed.order, step)

    @activity.defn
    async def take_up_stock(self, given: TakeUpStep) -> Reserved:
        """Note what came for a waiting order, and take the default once its customer's time is over."""
        step = given.step
        places = await self._of_order(step)
        self.stock.doubt(places)
        changed = await self.stock.change(
            step, places, lambda record, stock: availability.take_up(record, stock, at=given.at)
        )
        return _reserved(changed.order, step, changed.served)

    @activity.defn
    async def decide_unavailable(self, given: DecideStep) -> Decided:
        """Take the customer's decision on what is not available."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        substitutes = [offer.substitute.sku for offer in order.record.order.offers.values()]
        places = availability.places_of(order.record, self.stock.warehouses, substitutes)
        self.stock.doubt(places)
        changed = await self.stock.change(
            step,
            places,
            lambda record, stock: availability.decide(
                record, stock, self.stock.warehouses, given.decision, at=given.at, by=step.actor
            ),
        )
        status = changed.order.record.status
        return Decided(changed.order.version_of(step.key), status, changed.served)

    @activity.defn
    async def release_stock(self, step: Step) -> Released:
        """Free what the order still holds anywhere, and leave the queues it stands in."""
        places = await self._of_order(step)
        self.stock.doubt(places)
        changed = await self.stock.change(step, places, availability.release)
        return Released(changed.order.version_of(step.key), changed.served)

    @activity.defn
    async def dispatch_parcel(self, given: DispatchStep) -> Dispatched:
        """The parcel left: its goods leave the stock."""
        parcel, step = given.parcel, given.step

        def decided(record: OrderRecord, stock: Stock) -> Outcome:
            outcome = Outcome([*dispatch(record.shipments, parcel.shipment_id, given.deliver_by)])
            for item in parcel.items if outcome.order else ():
                place = (parcel.warehouse, item.sku)
                outcome.at(place, *decide.ship(stock[place], step.order_id, item.quantity))
            return outcome

        places = [(parcel.warehouse, item.sku) for item in parcel.items]
        self.stock.doubt(places)  # another process may have made the reservation
        order = (await self.stock.change(step, places, decided)).order
        shipment = order.record.shipments.by_id[parcel.shipment_id]
        lost = shipment.status is TrackingStatus.LOST or shipment.answer is not None
        return Dispatched(order.version_of(step.key), shipment.deliver_by, lost)

    def _places(self, skus: Sequence[str]) -> list[Place]:
        return [(warehouse, sku) for sku in skus for warehouse in self.stock.warehouses]

    async def _of_order(self, step: Step) -> list[Place]:
        order = await load_order(self.store, step.order_id)
        return availability.places_of(order.record, self.stock.warehouses)


def _reserved(order: LoadedOrder, step: Step, served: tuple[UUID, ...] = ()) -> Reserved:
    """What the order has to go on with, now; a refused step of old is still refused."""
    record, version = order.record, order.version_of(step.key)
    if shortage := _shortage(order, step):
        return Reserved(version, (), shortage)
    state = record.order
    waiting = bool(record.short)
    return Reserved(
        version,
        () if waiting else first_plans(record),
        waiting=waiting,
        decide_by=state.decision.deadline if state.decision else None,
        status=record.status,
        cancelling=state.status is OrderStatus.CANCELLING,
        served=served,
    )


def _shortage(order: LoadedOrder, step: Step) -> str | None:
    for event in order.of_step(step.key):
        if isinstance(event, StockUnavailable):
            return ", ".join(f"{part.sku} ({part.available} of {part.requested})" for part in event.shortages)
    return None
