"""Whole lives of orders, as the log would hold them: each event with its stream and step, many orders mixed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from domain.catalog.events import ProductCreated, ProductPublished
from domain.identifiers import order_number
from domain.inventory.events import (
    Allocation,
    StockReceived,
    StockReleased,
    StockReserved,
    UnitsReleased,
    UnitsReserved,
    UnitsShipped,
)
from domain.orders.events import (
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderStepResolved,
    OrderStepStalled,
    StepAction,
)
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRequested,
)
from domain.shipping.events import ShipmentBooked, ShipmentDelivered, ShipmentDispatched, ShipmentItem
from tests.support.samples import LINES, PLACED, TOTAL, eur

NAMESPACE = UUID("5f1d3a52-4a0e-5c38-9b34-0d7c1f4f6a11")
WAREHOUSES = ("BER", "LYS")
SKUS = tuple(line.sku for line in LINES)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, the stream it belongs to and the step that wrote it."""

    stream_id: str
    event: object
    step: str | None = None


def shop() -> list[Happened]:
    """The catalogue and the stock that the orders need."""
    products = [
        (f"product/{line.sku}", event)
        for line in LINES
        for event in (ProductCreated(line.sku, line.name, (line.unit_price,)), ProductPublished())
    ]
    stock = [(f"stock/{place}/{sku}", StockReceived(10_000, "delivery")) for place in WAREHOUSES for sku in SKUS]
    return [Happened(stream, event) for stream, event in (*products, *stock)]


def completed(order_id: UUID, warehouse: str = "BER", *, stalls: bool = False) -> list[Happened]:
    """From placed to completed; with a capture that stalled and was tried again."""
    parcel = f"{order_number(order_id)}-{warehouse}"
    capture = f"capture:{parcel}#0"
    stall = [
        ("stall#0", OrderStepStalled(capture, "GatewayTimeout", "no answer")),
        ("resolve:k", OrderStepResolved(capture, StepAction.RETRY, "it is back", "operator:1")),
    ]
    items = tuple(ShipmentItem(line.sku, line.quantity) for line in LINES)
    steps: list[tuple[str, object]] = [
        *_paid(order_id, warehouse),
        ("confirm#0", OrderConfirmed()),
        (f"book:{parcel}#0", ShipmentBooked(parcel, warehouse, items, f"b-{parcel}", f"t-{parcel}")),
        (f"dispatch:{parcel}#0", ShipmentDispatched(parcel)),
        (capture, CaptureRequested(capture, parcel, TOTAL)),
        *(stall if stalls else []),
        (capture, PaymentCaptured(capture, f"c-{parcel}", TOTAL)),
        (f"deliver:{parcel}#0", ShipmentDelivered(parcel)),
        ("complete#0", OrderCompleted()),
    ]
    return _with_stock(order_id, warehouse, steps)


def declined(order_id: UUID, warehouse: str = "BER") -> list[Happened]:
    """From placed to cancelled, because the payment was declined."""
    *asked, _ = _paid(order_id, warehouse)
    allocations = _allocations(warehouse)
    steps: list[tuple[str, object]] = [
        *asked,
        ("authorize#0", PaymentDeclined("authorize#0", "insufficient_funds", "not enough money")),
        ("undo#0", OrderCancellationRequested("payment declined", "system")),
        ("release#0", StockReleased(allocations)),
        ("cancel#0", OrderCancelled("payment declined")),
    ]
    return _with_stock(order_id, warehouse, steps)


def mixed(orders: int, *, seed: int = 1, at_once: int = 20) -> Iterator[Happened]:
    """Many orders, `at_once` of them under way at any time."""
    chance = random.Random(seed)
    yield from shop()
    waiting = [uuid5(NAMESPACE, str(number)) for number in range(orders)]
    lives: list[list[Happened]] = []
    while waiting or lives:
        while waiting and len(lives) < at_once:
            lives.append(_life(waiting.pop(), chance)[::-1])
        life = chance.choice(lives)
        yield life.pop()
        if not life:
            lives.remove(life)


def _life(order_id: UUID, chance: random.Random) -> list[Happened]:
    warehouse = chance.choice(WAREHOUSES)
    if chance.random() < 0.1:
        return declined(order_id, warehouse)
    return completed(order_id, warehouse, stalls=chance.random() < 0.1)


def _allocations(warehouse: str) -> tuple[Allocation, ...]:
    return tuple(Allocation(warehouse, line.sku, line.quantity) for line in LINES)


def _paid(order_id: UUID, warehouse: str) -> list[tuple[str, object]]:
    placed = replace(PLACED, order_id=order_id, order_number=order_number(order_id))
    return [
        ("place", placed),
        ("reserve#0", StockReserved(_allocations(warehouse))),
        ("authorize#0", PaymentRequested("authorize#0", "sim_ok", eur("35.70"))),
        ("authorize#0", PaymentAuthorized("authorize#0", f"auth-{order_id}", eur("35.70"))),
    ]


def _with_stock(order_id: UUID, warehouse: str, steps: Sequence[tuple[str, object]]) -> list[Happened]:
    """Behind each event of the order that moves stock, the stock streams' own events."""
    moves = {StockReserved: UnitsReserved, StockReleased: UnitsReleased, ShipmentDispatched: UnitsShipped}
    happened = []
    for step, event in steps:
        happened.append(Happened(f"order/{order_id}", event, step))
        if move := moves.get(type(event)):
            for line in LINES:
                stream = f"stock/{warehouse}/{line.sku}"
                happened.append(Happened(stream, move(order_id, line.quantity), step))
    return happened
