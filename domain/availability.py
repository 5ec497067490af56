"""Stock for an order, decided over its record and the stock of every warehouse together.

Each decision gives the events of the order's stream and those of the stock streams; they are appended at once, or
not at all. Whatever comes free is served to those who wait by whoever appends it: see `domain.inventory.queue`.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import NotAllowed
from domain.inventory import decide as inventory
from domain.inventory import queue
from domain.inventory.events import (
    Allocation,
    Backorder,
    BackorderWithdrawn,
    Shortage,
    StockBackordered,
    StockEvent,
    StockReleased,
    StockReserved,
    StockUnavailable,
    UnitsBackordered,
)
from domain.inventory.model import StockItem
from domain.orders.availability import ask, decide_unavailable, drop_lines, settle
from domain.orders.events import CustomerDecisionMade, Decision, OnUnavailable, OrderLine, OrderLinesCancelled
from domain.record import OrderRecord, OrderStreamEvent, fold_record

Place = tuple[str, str]
"""A warehouse and a SKU: one stock stream."""

Stock = Mapping[Place, StockItem]


@dataclass(frozen=True, slots=True)
class Question:
    """What the customer is asked, if it comes to that."""

    decision_id: str
    default: Decision
    deadline: datetime


@dataclass(slots=True)
class Outcome:
    """`stock` has an entry for every place that the decision looked at: one without events is only checked."""

    order: list[OrderStreamEvent] = field(default_factory=list)
    stock: dict[Place, list[StockEvent]] = field(default_factory=dict)

    def at(self, place: Place, *events: StockEvent) -> None:
        self.stock.setdefault(place, []).extend(events)


def reserve(record: OrderRecord, stock: Stock, priority: Sequence[str], question: Question) -> Outcome:
    """Reserve every line; where stock does not cover the order, what it was placed with says what to do."""
    order, chosen = record.order, Outcome(stock={place: [] for place in stock})
    wanted = [(line.sku, line.quantity) for line in order.lines]
    available = free(stock, priority)
    parts = inventory.allocate(wanted, available, priority)
    missing = tuple(part for part in parts if isinstance(part, Shortage))
    if not missing:
        chosen.stock = {}  # those that are taken from are checked, and the others do not matter
        return take(record, stock, chosen, tuple(part for part in parts if isinstance(part, Allocation)))
    short = {part.sku for part in missing}
    left = [(sku, pieces) for sku, pieces in wanted if sku not in short]
    if order.placed.on_unavailable is OnUnavailable.CANCEL or (not left and _drops(record)):
        chosen.order.append(StockUnavailable(missing))
        return chosen
    if _drops(record):
        chosen.order.append(drop_lines(order, short, reason="not available", by="system"))
        kept = inventory.allocate(left, available, priority)
        return take(record, stock, chosen, tuple(part for part in kept if isinstance(part, Allocation)))
    return _wait(record, stock, chosen, queue.part(wanted, available, priority), question)


def _drops(record: OrderRecord) -> bool:
    return record.order.placed.on_unavailable is OnUnavailable.DROP


def _wait(
    record: OrderRecord,
    stock: Stock,
    chosen: Outcome,
    parts: tuple[tuple[Allocation, ...], tuple[Shortage, ...]],
    question: Question,
) -> Outcome:
    """Take what there is, and stand in the queue of every warehouse for the rest."""
    taken, missing = parts
    if taken:
        take(record, stock, chosen, taken)
    backorders = tuple(Backorder(part.sku, part.requested - part.available) for part in missing)
    chosen.order.append(StockBackordered(backorders))
    for part in backorders:
        for place in _places(stock, [part.sku]):
            chosen.at(place, UnitsBackordered(record.order.placed.order_id, part.quantity))
    if record.order.placed.on_unavailable is OnUnavailable.ASK:
        chosen.order.append(ask(question.decision_id, default=question.default, deadline=question.deadline))
    return chosen


def take_up(record: OrderRecord, stock: Stock, *, at: datetime) -> Outcome:
    """Note what came for a waiting order. Its customer's time may be over, or its question answered by that."""
    chosen = Outcome()
    gained = _gained(record, stock)
    if gained:
        chosen.order.append(StockReserved(gained))
        chosen.order.append(StockBackordered(_still_missing(record, gained)))
    now = fold_record(chosen.order, record)
    asked = now.order.decision
    if asked is None:
        return chosen
    if not now.short:
        chosen.order.append(CustomerDecisionMade(asked.decision_id, Decision.WAIT, "system"))
    elif at >= asked.deadline:
        made = CustomerDecisionMade(asked.decision_id, asked.default, "system", by_default=True)
        chosen.order.extend(settle(now.order, made, now.short))
        _let_go(now, stock, chosen, _dropped(chosen.order))
    return chosen


def decide(
    record: OrderRecord, stock: Stock, priority: Sequence[str], decision: Decision, *, at: datetime, by: str
) -> Outcome:
    """Take the customer's decision, and let go or take what follows from it.

    Raises:
        NotAllowed: it is not asked for, too late, not possible, or the substitutes are not available.
    """
    chosen = Outcome()
    chosen.order.extend(decide_unavailable(record.order_state, decision, short=record.short, at=at, by=by))
    if decision is Decision.DROP:
        _let_go(record, stock, chosen, _dropped(chosen.order))
    if decision is Decision.SUBSTITUTE:
        substitutes = [record.order.offers[sku].substitute for sku in record.short]
        _let_go(record, stock, chosen, record.short)
        take(record, stock, chosen, _available(substitutes, stock, priority))
    return chosen


def _available(lines: Sequence[OrderLine], stock: Stock, priority: Sequence[str]) -> tuple[Allocation, ...]:
    parts = inventory.allocate([(line.sku, line.quantity) for line in lines], free(stock, priority), priority)
    if missing := [part for part in parts if isinstance(part, Shortage)]:
        short = ", ".join(f"{part.sku} ({part.available} of {part.requested})" for part in missing)
        raise NotAllowed(f"the substitutes are no longer available: {short}", code="out-of-stock")
    return tuple(part for part in parts if isinstance(part, Allocation))


def cancel_lines(record: OrderRecord, stock: Stock, skus: Collection[str], *, reason: str, by: str) -> Outcome:
    """Take whole lines out before the order is paid for, and let go what it holds or waits for of them.

    Where nothing is short any more by that, what the customer was asked is answered.
    """
    chosen = Outcome()
    if gained := tuple(part for part in _gained(record, stock) if part.sku in skus):
        chosen.order.append(StockReserved(gained))
    chosen.order.append(drop_lines(record.order, skus, reason=reason, by=by))
    _let_go(record, stock, chosen, skus)
    asked = record.order.decision
    if asked is not None and not fold_record(chosen.order, record).short:
        chosen.order.append(CustomerDecisionMade(asked.decision_id, Decision.DROP, by))
    return chosen


def release(record: OrderRecord, stock: Stock) -> Outcome:
    """Free what the order holds or waits for anywhere, taken up or not."""
    chosen = Outcome()
    if gained := _gained(record, stock):
        chosen.order.append(StockReserved(gained))
    _let_go(record, stock, chosen, {sku for _, sku in stock})
    return chosen


def places_of(record: OrderRecord, priority: Sequence[str], more: Collection[str] = ()) -> list[Place]:
    """Every place where the order holds or waits for pieces, and every warehouse's of `more` SKUs."""
    held = {(part.warehouse, part.sku) for part in record.held}
    queued = {(warehouse, sku) for sku in (*record.short, *more) for warehouse in priority}
    return sorted(held | queued)


def take(record: OrderRecord, stock: Stock, chosen: Outcome, parts: tuple[Allocation, ...]) -> Outcome:
    """Reserve these pieces."""
    chosen.order.append(StockReserved(parts))
    for part in parts:
        place = (part.warehouse, part.sku)
        chosen.at(place, *inventory.reserve(stock[place], record.order.placed.order_id, part.quantity))
    return chosen


def _let_go(record: OrderRecord, stock: Stock, chosen: Outcome, skus: Collection[str]) -> None:
    """Release these SKUs' pieces wherever they are, and leave their queues."""
    order_id = record.order.placed.order_id
    freed = []
    for place in _places(stock, skus):
        if held := stock[place].holds.get(order_id, 0):
            freed.append(Allocation(*place, held))
            chosen.at(place, *inventory.release(stock[place], order_id))
        if waiting := stock[place].waiting.get(order_id, 0):
            chosen.at(place, BackorderWithdrawn(order_id, waiting))
    if freed:
        chosen.order.append(StockReleased(tuple(freed)))
    if any(sku in skus for sku in record.short):
        left = tuple(part for part in record.reservation.backorders if part.sku not in skus)
        chosen.order.append(StockBackordered(left))


def _dropped(events: Sequence[OrderStreamEvent]) -> set[str]:
    cancelled = [event for event in events if isinstance(event, OrderLinesCancelled)]
    return {line.sku for event in cancelled for line in event.lines}


def _gained(record: OrderRecord, stock: Stock) -> tuple[Allocation, ...]:
    """What the stock streams hold for the order beyond what its own stream knows."""
    known = Counter({(part.warehouse, part.sku): part.quantity for part in record.held})
    order_id = record.order.placed.order_id
    more = {place: item.holds.get(order_id, 0) - known[place] for place, item in stock.items()}
    return tuple(Allocation(*place, pieces) for place, pieces in sorted(more.items()) if pieces > 0)


def _still_missing(record: OrderRecord, gained: Sequence[Allocation]) -> tuple[Backorder, ...]:
    came: Counter[str] = Counter()
    for part in gained:
        came[part.sku] += part.quantity
    left = [Backorder(part.sku, part.quantity - came[part.sku]) for part in record.reservation.backorders]
    return tuple(part for part in left if part.quantity > 0)


def free(stock: Stock, priority: Sequence[str]) -> dict[Place, int]:
    """Pieces for newcomers by place."""
    available: dict[Place, int] = {}
    for sku in {sku for _, sku in stock}:
        items = {warehouse: stock[warehouse, sku] for warehouse in priority if (warehouse, sku) in stock}
        available |= {(warehouse, sku): pieces for warehouse, pieces in queue.free(items).items()}
    return available


def _places(stock: Stock, skus: Collection[str]) -> list[Place]:
    return sorted(place for place in stock if place[1] in skus)
