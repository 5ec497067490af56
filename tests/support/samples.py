"""Literal events that tests start from, in euros."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from domain.identifiers import Address, order_number
from domain.money import Money
from domain.orders.decide import PlaceOrder
from domain.orders.events import OnUnavailable, OrderLine, OrderPlaced, Totals
from domain.payments.events import PaymentAuthorized, PaymentRequested
from domain.shipping.events import ShipmentBooked, ShipmentItem

ORDER = UUID("0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55")
OTHER_ORDER = UUID("9d2f7c1a-3e44-5b0b-9a71-5f8e6d7c3b21")
NUMBER = order_number(ORDER)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = Address("Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB")


def eur(amount: str) -> Money:
    return Money.parse(amount, "EUR")


LINES = (OrderLine("MUG", "Mug", 2, eur("10.00")), OrderLine("TEA", "Tea", 1, eur("5.00")))
TOTALS = Totals(subtotal=eur("25.00"), shipping=eur("5.00"), tax=eur("5.70"), total=eur("35.70"))
TOTAL = TOTALS.total
TAX_RATE = Decimal("0.19")

PLACED = OrderPlaced(
    order_id=ORDER,
    order_number=NUMBER,
    customer_id="c-1",
    email="ada@example.org",
    lines=LINES,
    totals=TOTALS,
    shipping_address=ADDRESS,
    payment_method="sim_ok",
    on_unavailable=OnUnavailable.CANCEL,
    fingerprint="f1",
    placed_at=NOON,
)
PLACE = PlaceOrder(
    order_id=ORDER,
    order_number=NUMBER,
    customer_id="c-1",
    email=None,
    currency="EUR",
    lines=LINES,
    totals=TOTALS,
    shipping_address=ADDRESS,
    payment_method="sim_ok",
    on_unavailable=OnUnavailable.CANCEL,
    fingerprint="f1",
)

AUTHORIZED = (
    PaymentRequested("authorize#1", "sim_ok", TOTAL),
    PaymentAuthorized("authorize#1", "auth-1", TOTAL),
)


def booked(shipment_id: str = "s-1", warehouse: str = "BER", pieces: int = 3, sku: str = "MUG") -> ShipmentBooked:
    return ShipmentBooked(shipment_id, warehouse, (ShipmentItem(sku, pieces),), f"b-{shipment_id}", "T1")
