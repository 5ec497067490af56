"""Steps on stock: the order's stream and the stock streams change in one append, or neither does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from temporalio import activity

from activities.contracts import ParcelStep, PlannedParcel, Reserved, Step, StepDone
from activities.order_stream import (
    LoadedOrder,
    advance,
    decide_again_on_conflict,
    load_order,
    order_write,
    remember,
)
from activities.stock_book import StockBook, StockHead, stock_stream
from domain.identifiers import event_id
from domain.inventory import decide
from domain.inventory.events import (
    Allocation,
    Shortage,
    StockEvent,
    StockReleased,
    StockReserved,
    StockUnavailable,
)
from domain.money import total
from domain.orders.model import Order
from domain.payments.decide import capture_shares
from domain.record import OrderRecord, OrderStreamEvent
from domain.shipping.decide import dispatch
from domain.shipping.events import ShipmentItem
from eventstore.store import EventStore, NewEvent, StreamWrite, WrongExpectedVersion

StockChange = tuple[StockHead, Sequence[StockEvent]]
Decision = tuple[Sequence[OrderStreamEvent], Sequence[StockChange]]
DecideStock = Callable[[Mapping[str, StockHead], OrderRecord], Decision]


@dataclass(frozen=True, slots=True)
class InventoryActivities:
    """`warehouses`: codes of those that serve orders, preferred first."""

    store: EventStore
    book: StockBook
    warehouses: tuple[str, ...]

    @activity.defn
    async def reserve_stock(self, step: Step) -> Reserved:
        """Reserve every line, or nothing. Which warehouse serves what is decided on the stock streams' heads."""
        order = await load_order(self.store, step.order_id)
        streams = [
            stock_stream(warehouse, line.sku) for line in order.record.order.lines for warehouse in self.warehouses
        ]
        order = await self._change(
            step, streams, lambda heads, record: self._allocate(step, heads, record), known=order
        )
        return _reserved(order, step)

    @activity.defn
    async def release_stock(self, step: Step) -> StepDone:
        """Free what the order still holds anywhere."""

        def decided(heads: Mapping[str, StockHead], record: OrderRecord) -> Decision:
            held = [
                (allocation, head)
                for allocation in record.reservation.allocations
                if (head := heads[_stream(allocation)]).item.holds.get(step.order_id)
            ]
            if not held:
                return (), ()
            released = StockReleased(tuple(allocation for allocation, _ in held))
            return (released,), [(head, decide.release(head.item, step.order_id)) for _, head in held]

        order = await load_order(self.store, step.order_id)
        streams = [_stream(allocation) for allocation in order.record.reservation.allocations]
        self.book.doubt(streams)
        return StepDone((await self._change(step, streams, decided)).version_of(step.key))

    @activity.defn
    async def dispatch_parcel(self, given: ParcelStep) -> StepDone:
        """The parcel left: its goods leave the stock."""
        parcel, step = given.parcel, given.step

        def decided(heads: Mapping[str, StockHead], record: OrderRecord) -> Decision:
            events = dispatch(record.shipments, parcel.shipment_id)
            left = [(heads[stock_stream(parcel.warehouse, item.sku)], item.quantity) for item in parcel.items]
            changes = [(head, decide.ship(head.item, step.order_id, pieces)) for head, pieces in left]
            return (events, changes) if events else ((), ())

        streams = [stock_stream(parcel.warehouse, item.sku) for item in parcel.items]
        self.book.doubt(streams)  # another process may have made the reservation
        return StepDone((await self._change(step, streams, decided)).version_of(step.key))

    def _allocate(self, step: Step, heads: Mapping[str, StockHead], record: OrderRecord) -> Decision:
        wanted = [(line.sku, line.quantity) for line in record.order.lines]
        free = {
            (warehouse, sku): heads[stock_stream(warehouse, sku)].item.available
            for sku, _ in wanted
            for warehouse in self.warehouses
        }
        chosen = decide.allocate(wanted, free, self.warehouses)
        allocations = tuple(part for part in chosen if isinstance(part, Allocation))
        if not allocations:
            # The heads are written without events: a shortage seen on an old guess is refused like any other.
            shortages = tuple(part for part in chosen if isinstance(part, Shortage))
            return (StockUnavailable(shortages),), [(head, ()) for head in heads.values()]
        taken = [(heads[_stream(allocation)], allocation.quantity) for allocation in allocations]
        changes = [(head, decide.reserve(head.item, step.order_id, pieces)) for head, pieces in taken]
        return (StockReserved(allocations),), changes

    async def _change(
        self, step: Step, streams: Sequence[str], decided: DecideStock, *, known: LoadedOrder | None = None
    ) -> LoadedOrder:
        """Decide and append, until no other writer comes between. `known` is the order as it was just read."""

        @decide_again_on_conflict
        async def attempt() -> LoadedOrder:
            nonlocal known
            order, known = known or await load_order(self.store, step.order_id), None
            if step.key in order.steps:
                return order
            events, changes = decided(await self.book.heads(streams), order.record)
            if not events:
                return order
            try:
                return await self._append(step, order, events, changes)
            except WrongExpectedVersion:
                self.book.doubt(streams)
                raise

        async with self.book.holding(streams):
            return await attempt()

    async def _append(
        self, step: Step, order: LoadedOrder, events: Sequence[OrderStreamEvent], changes: Sequence[StockChange]
    ) -> LoadedOrder:
        writes = [_stock_write(step, head, changed) for head, changed in changes]
        appended = await self.store.append((order_write(order, step, events), *writes))
        if appended.repeated:
            return await load_order(self.store, step.order_id)
        for head, changed in changes:
            self.book.advance(head, changed)
        return remember(self.store, advance(order, step, events))


def _stream(allocation: Allocation) -> str:
    return stock_stream(allocation.warehouse, allocation.sku)


def _stock_write(step: Step, head: StockHead, events: Sequence[StockEvent]) -> StreamWrite:
    metadata = {"step": step.key, "actor": step.actor, "order": str(step.order_id)}
    numbered = tuple(
        NewEvent(event_id(step.order_id, f"{step.key}/{head.stream_id}", index), event, metadata)
        for index, event in enumerate(events)
    )
    return StreamWrite(head.stream_id, head.version, numbered)


def _reserved(order: LoadedOrder, step: Step) -> Reserved:
    version = order.version_of(step.key)
    for event in order.of_step(step.key):
        if isinstance(event, StockUnavailable):
            short = ", ".join(f"{part.sku} ({part.available} of {part.requested})" for part in event.shortages)
            return Reserved(version, (), short)
        if isinstance(event, StockReserved):
            return Reserved(version, plan_parcels(order.record.order, event.allocations))
    raise AssertionError(f"step {step.key} wrote neither outcome")


def plan_parcels(order: Order, allocations: Sequence[Allocation]) -> tuple[PlannedParcel, ...]:
    """One parcel per warehouse, in order of their names, each with its share of the order's total."""
    prices = {line.sku: line.unit_price for line in order.lines}
    warehouses = sorted({allocation.warehouse for allocation in allocations})
    served = [[part for part in allocations if part.warehouse == warehouse] for warehouse in warehouses]
    goods = [total((prices[part.sku] * part.quantity for part in parts), order.currency) for parts in served]
    shares = capture_shares(order.totals.total, goods)
    return tuple(
        PlannedParcel(
            shipment_id=f"{order.placed.order_number}-{warehouse}",
            warehouse=warehouse,
            items=tuple(ShipmentItem(part.sku, part.quantity) for part in parts),
            share=share,
        )
        for warehouse, parts, share in zip(warehouses, served, shares, strict=True)
    )
