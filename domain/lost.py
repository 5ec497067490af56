"""What is done about a lost parcel: its goods are sent again, or its share of the price is given back."""

from collections.abc import Sequence

from domain import again
from domain.again import reserve_again
from domain.availability import Outcome, Place, Stock
from domain.money import Money
from domain.orders.decide import expect_open
from domain.payments.decide import grant_refund
from domain.record import OrderRecord
from domain.shipping.decide import expect_lost
from domain.shipping.events import LostAnswer, LostShipmentAnswered


def grant_of(shipment_id: str) -> str:
    """Id of the refund that a lost parcel gets."""
    return f"lost-{shipment_id}"


def replacement_of(shipment_id: str) -> str:
    """Id of the parcel that takes a lost one's place."""
    return f"{shipment_id}-R"


def places_of(record: OrderRecord, shipment_id: str, priority: Sequence[str]) -> list[Place]:
    """Where a replacement of the parcel could come from."""
    parcel = record.shipments.by_id.get(shipment_id)
    return again.places_of({item.sku: item.quantity for item in (parcel.items if parcel else ())}, priority)


def answer_with_refund(record: OrderRecord, shipment_id: str, *, share: Money, reason: str, by: str) -> Outcome:
    """Grant what the parcel's capture took, or what earlier refunds and chargebacks have left of it."""
    expect_open(record.order_state)
    expect_lost(record.shipments, shipment_id)
    outcome = Outcome([LostShipmentAnswered(shipment_id, LostAnswer.REFUND, reason, by)])
    money = record.payment
    left = money.captured - money.granted - money.charged_back
    amount = min(share, left, key=lambda each: each.minor)
    if amount.minor > 0:
        why = f"parcel {shipment_id} was lost"
        outcome.order.extend(
            grant_refund(record.payment_state, grant_of(shipment_id), amount=amount, reason=why, by=by)
        )
    return outcome


def answer_with_replacement(
    record: OrderRecord, stock: Stock, priority: Sequence[str], shipment_id: str, *, reason: str, by: str
) -> Outcome:
    """Reserve the same goods again, all of them in one warehouse; nothing is charged for them.

    Raises:
        NotAllowed: `out-of-stock`, no warehouse has all of them.
    """
    expect_open(record.order_state)
    parcel = expect_lost(record.shipments, shipment_id)
    pieces = {item.sku: item.quantity for item in parcel.items}
    warehouse, outcome = reserve_again(record.order.placed.order_id, pieces, stock, priority)
    outcome.order.append(
        LostShipmentAnswered(shipment_id, LostAnswer.REPLACE, reason, by, replacement_of(shipment_id), warehouse)
    )
    return outcome
