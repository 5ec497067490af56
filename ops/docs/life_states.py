"""The states an order's lifecycle is described by: each a short history, folded."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain.identifiers import Address
from domain.inventory.events import Allocation, Backorder, StockBackordered, StockReleased, StockReserved
from domain.money import Money
from domain.orders.events import (
    AmendmentRequested,
    CustomerDecisionRequested,
    Decision,
    HoldPlaced,
    HoldScope,
    OnUnavailable,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderLine,
    OrderPlaced,
    OrderStepStalled,
    Terms,
    Totals,
)
from domain.payments.events import (
    CaptureRequested,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentRequested,
    PaymentVoided,
    VoidRequested,
)
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.returns.events import (
    InspectedItem,
    ReturnApproved,
    ReturnInspected,
    ReturnItem,
    ReturnKind,
    ReturnReceived,
    ReturnRequested,
    ReturnTerms,
)
from domain.shipping.events import (
    ParcelsPlanned,
    PlannedParcel,
    ShipmentBooked,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentItem,
    ShipmentLost,
)

TOTAL: Final = Money(1000, "EUR")
PARCEL: Final = "PARCEL-1"
LOST_BY: Final = datetime(2026, 1, 15, tzinfo=UTC)
STALLED: Final = "authorize#0"
_ZERO = Money.zero("EUR")
_PARTS = (Allocation("BER", "MUG", 1),)

PLACED: Final = OrderPlaced(
    order_id=UUID(int=1),
    order_number="",
    customer_id="customer",
    email=None,
    lines=(OrderLine("MUG", "Mug", 1, TOTAL),),
    totals=Totals(TOTAL, _ZERO, _ZERO, TOTAL),
    shipping_address=Address("Name", "Street 1", "City", "12345", "DE"),
    payment_method="method",
    on_unavailable=OnUnavailable.CANCEL,
    fingerprint="",
    placed_at=datetime(2026, 1, 1, tzinfo=UTC),
)

ELSEWHERE: Final = replace(PLACED.shipping_address, city="Elsewhere")
_TERMS: Final = Terms(PLACED.lines, PLACED.totals, PLACED.shipping_address)

_placed = (PLACED,)
_stalled = (*_placed, PaymentRequested(STALLED, "method", TOTAL), OrderStepStalled(STALLED, "Unknown", "down"))
_secured = (
    *_placed,
    StockReserved(_PARTS),
    PaymentRequested("authorize#0", "method", TOTAL),
    PaymentAuthorized("authorize#0", "payment", TOTAL),
)
_confirmed = (*_secured, OrderConfirmed())
_booked = (*_confirmed, ShipmentBooked(PARCEL, "BER", (ShipmentItem("MUG", 1),), "booking", "tracking"))
_amending = (
    *_booked,
    AmendmentRequested("A1", replace(_TERMS, shipping_address=ELSEWHERE), "reason", "customer"),
    ParcelsPlanned((PlannedParcel(PARCEL, "BER", (ShipmentItem("MUG", 1),), TOTAL),)),
)
_dispatched = (*_booked, ShipmentDispatched(PARCEL))
_delivered = (
    *_dispatched,
    CaptureRequested("capture#0", PARCEL, TOTAL),
    PaymentCaptured("capture#0", "capture", TOTAL),
    ShipmentDelivered(PARCEL),
)
_lost = (*_delivered[:-1], ShipmentLost(PARCEL, LOST_BY))
_cancelling = (*_confirmed, OrderCancellationRequested("reason", "customer"))
_undone = (
    *_cancelling,
    VoidRequested("void#0", TOTAL),
    PaymentVoided("void#0", "void", TOTAL),
    StockReleased(_PARTS),
)

_completed = (*_delivered, OrderCompleted())
RETURN: Final = UUID(int=2)
BACK: Final = (ReturnItem("MUG", 1),)
FOUND: Final = (InspectedItem("MUG", restocked=1),)
_asked_back = (
    *_completed,
    ReturnRequested(RETURN, ReturnKind.RETURN, BACK, "reason", "customer", ReturnTerms()),
)
_approved = (*_asked_back, ReturnApproved(RETURN, "reason", "operator"))
_received = (*_approved, ReturnReceived(RETURN, "BER", "operator"))

ASKED: Final = CustomerDecisionRequested("reserve#0", Decision.CANCEL, datetime(2026, 1, 2, tzinfo=UTC))
HELD: Final = HoldPlaced("hold-1", HoldScope.ORDER, None, "reason", "operator", None)

HISTORIES: Final[Mapping[str, tuple[OrderStreamEvent, ...]]] = {
    "none": (),
    "placed": _placed,
    "held": (*_placed, HELD),
    "asked": (*_placed, StockBackordered((Backorder("MUG", 1),)), ASKED),
    "stalled": _stalled,
    "secured": _secured,
    "confirmed": _confirmed,
    "booked": _booked,
    "amending": _amending,
    "dispatched": _dispatched,
    "delivered": _delivered,
    "lost": _lost,
    "cancelling": _cancelling,
    "undone": _undone,
    "cancelled": (*_undone, OrderCancelled("reason")),
    "completed": _completed,
    "return asked": _asked_back,
    "return approved": _approved,
    "return received": _received,
    "return inspected": (*_received, ReturnInspected(RETURN, FOUND, "operator")),
}
STATES: Final[Mapping[str, OrderRecord]] = {name: fold_record(events) for name, events in HISTORIES.items()}
