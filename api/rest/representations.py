"""What callers get."""

from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from activities.aggregates import Committed
from activities.order_stream import order_stream
from api import positions
from api.rest.return_bodies import ReturnOut
from domain.money import Money
from domain.orders.availability import possible
from domain.orders.events import Decision, HoldPlaced, HoldScope, OrderLine, OrderStepStalled, Totals
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.quantities import LineQuantities
from domain.record import Amounts, OrderRecord
from domain.shipping.events import TrackingStatus
from domain.shipping.model import FulfilmentStatus, Shipment
from readmodels.views import OrderSummary, OrderView

T = TypeVar("T", bound=BaseModel)


def answer(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """JSON straight from pydantic-core. Header names come with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(model.model_dump_json(), status, named, "application/json")


def etag(version: int) -> str:
    return f'"{version}"'


class MoneyOut(BaseModel):
    amount: str
    currency: str


def money(given: Money) -> MoneyOut:
    """With exactly the currency's decimals."""
    return MoneyOut(amount=f"{given.decimal:f}", currency=given.currency)


class PageOut(BaseModel, Generic[T]):
    items: list[T]
    next_cursor: str | None


class ListOut(BaseModel, Generic[T]):
    items: list[T]


class LineOut(BaseModel):
    sku: str
    name: str
    quantity: int
    unit_price: MoneyOut
    total: MoneyOut

    @classmethod
    def of(cls, line: OrderLine) -> "LineOut":
        return cls(
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            unit_price=money(line.unit_price),
            total=money(line.total),
        )


class QuantitiesOut(BaseModel, from_attributes=True):
    """Pieces of a line: `ordered` in all, and how many of them stand where."""

    ordered: int
    reserved: int
    backordered: int
    allocated: int
    shipped: int
    delivered: int
    cancelled: int
    return_requested: int
    received: int
    written_off: int


class OrderLineOut(LineOut):
    """A line as it is now; one that was taken out of the order altogether has the quantity 0."""

    quantities: QuantitiesOut

    @classmethod
    def shown(cls, shown: LineQuantities) -> "OrderLineOut":
        return cls(**dict(LineOut.of(shown.line)), quantities=QuantitiesOut.model_validate(shown))


class TotalsOut(BaseModel):
    subtotal: MoneyOut
    shipping: MoneyOut
    tax: MoneyOut
    total: MoneyOut

    @classmethod
    def of(cls, totals: Totals) -> "TotalsOut":
        return cls(
            subtotal=money(totals.subtotal),
            shipping=money(totals.shipping),
            tax=money(totals.tax),
            total=money(totals.total),
        )


class AmountsOut(BaseModel):
    authorized: MoneyOut
    voided: MoneyOut
    captured: MoneyOut
    refunded: MoneyOut
    charged_back: MoneyOut
    due: MoneyOut

    @classmethod
    def of(cls, amounts: Amounts) -> "AmountsOut":
        return cls(
            authorized=money(amounts.authorized),
            voided=money(amounts.voided),
            captured=money(amounts.captured),
            refunded=money(amounts.refunded),
            charged_back=money(amounts.charged_back),
            due=money(amounts.due),
        )


class AddressOut(BaseModel):
    name: str
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str


class ItemOut(BaseModel):
    sku: str
    quantity: int


class ShipmentOut(BaseModel):
    shipment_id: str
    warehouse: str
    status: TrackingStatus
    tracking_number: str
    items: list[ItemOut]

    @classmethod
    def of(cls, parcel: Shipment) -> "ShipmentOut":
        return cls(
            shipment_id=parcel.shipment_id,
            warehouse=parcel.warehouse,
            status=parcel.status,
            tracking_number=parcel.tracking_number,
            items=[ItemOut(sku=item.sku, quantity=item.quantity) for item in parcel.items],
        )


class StalledOut(BaseModel):
    step: str
    error_type: str
    error: str

    @classmethod
    def of(cls, stalled: OrderStepStalled) -> "StalledOut":
        return cls(step=stalled.step, error_type=stalled.error_type, error=stalled.error)


class HoldOut(BaseModel):
    """A hold in force. Why, and who placed it, is for operators only."""

    hold_id: str
    scope: HoldScope
    subject: str | None
    expires_at: datetime | None
    reason: str | None
    placed_by: str | None

    @classmethod
    def of(cls, hold: HoldPlaced, *, internal: bool) -> "HoldOut":
        return cls(
            hold_id=hold.hold_id,
            scope=hold.scope,
            subject=hold.subject,
            expires_at=hold.expires_at,
            reason=hold.reason if internal else None,
            placed_by=hold.placed_by if internal else None,
        )


class OfferOut(BaseModel):
    """Another product in the place of a line that is short."""

    sku: str
    substitute: LineOut


class AskedOut(BaseModel):
    """What the customer is asked: `wait`, `drop`, `cancel`, or `substitute` if every short line has an offer."""

    options: list[Decision]
    default: Decision
    deadline: datetime
    offers: list[OfferOut]

    @classmethod
    def of(cls, record: OrderRecord) -> "AskedOut | None":
        asked = record.order.decision
        if asked is None:
            return None
        offers = [
            OfferOut(sku=offer.sku, substitute=LineOut.of(offer.substitute))
            for offer in record.order.offers.values()
        ]
        options = list(possible(record.order, record.short))
        return cls(options=options, default=asked.default, deadline=asked.deadline, offers=offers)


class OrderOut(BaseModel):
    """An order as of `version`; `position` is that version as a token. `stalled` is for operators only."""

    order_id: UUID
    order_number: str
    customer_id: str
    email: str | None
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    currency: str
    lines: list[OrderLineOut]
    totals: TotalsOut
    amounts: AmountsOut
    shipments: list[ShipmentOut]
    shipping_address: AddressOut
    shipping_method: str
    payment_method: str
    cancel_reason: str | None
    decision: AskedOut | None
    holds: list[HoldOut]
    returns: list[ReturnOut]
    stalled: list[StalledOut] | None
    placed_at: datetime
    updated_at: datetime
    version: int
    position: str

    @classmethod
    def of(cls, view: OrderView, *, internal: bool) -> "OrderOut":
        """`internal`: whether the reader may know why steps are stalled."""
        record, order = view.record, view.record.order
        placed = order.placed
        return cls(
            order_id=view.order_id,
            order_number=placed.order_number,
            customer_id=placed.customer_id,
            email=placed.email,
            status=record.status,
            payment_status=record.payment_status,
            fulfilment_status=record.fulfilment_status,
            attention=record.attention,
            currency=order.currency,
            lines=[OrderLineOut.shown(line) for line in record.lines],
            totals=TotalsOut.of(order.totals),
            amounts=AmountsOut.of(record.amounts),
            shipments=[ShipmentOut.of(parcel) for parcel in record.shipments.by_id.values()],
            shipping_address=AddressOut.model_validate(order.shipping_address, from_attributes=True),
            shipping_method=order.terms.shipping_method,
            payment_method=placed.payment_method,
            cancel_reason=order.reason,
            decision=AskedOut.of(record),
            holds=[HoldOut.of(hold, internal=internal) for hold in order.holds.values()],
            returns=[ReturnOut.of(each) for each in record.returns.by_id.values()],
            stalled=[StalledOut.of(item) for item in order.stalled.values()] if internal else None,
            placed_at=view.placed_at,
            updated_at=view.updated_at,
            version=view.version,
            position=order_position(view.order_id, view.version),
        )


def order_position(order_id: UUID, version: int) -> str:
    return positions.encode(Committed(order_stream(order_id), version))


class OrderSummaryOut(BaseModel):
    order_id: UUID
    order_number: str
    customer_id: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    total: MoneyOut
    placed_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, view: OrderSummary) -> "OrderSummaryOut":
        return cls(
            order_id=view.order_id,
            order_number=view.order_number,
            customer_id=view.customer_id,
            status=view.status,
            payment_status=view.payment_status,
            fulfilment_status=view.fulfilment_status,
            attention=view.attention,
            total=money(view.total),
            placed_at=view.placed_at,
            updated_at=view.updated_at,
            version=view.version,
        )
