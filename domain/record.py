"""The whole stream of an order, folded by each context: what every step decides on and every reader shows.

The contexts do not know each other. What needs several of them (the statuses, what is due, whether an order
may be confirmed, cancelled or completed) is read off here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import get_args

from domain.decider import fold
from domain.errors import NotFound
from domain.inventory.events import Allocation, OrderStockEvent
from domain.inventory.model import NO_RESERVATION, Reservation, added, evolve_reservation
from domain.money import Money, total
from domain.orders import model as orders
from domain.orders.events import OrderEvent
from domain.orders.model import Order, OrderState, OrderStatus
from domain.payments import model as payments
from domain.payments.events import PaymentEvent
from domain.payments.model import Asking, Payment, PaymentState, PaymentStatus
from domain.quantities import LineQuantities, covered, held, line_quantities
from domain.returns import model as returned
from domain.returns.events import ReturnEvent
from domain.returns.model import Returns
from domain.shipping import model as shipping
from domain.shipping.events import ShippingEvent
from domain.shipping.model import FulfilmentStatus, Shipments

OrderStreamEvent = OrderEvent | OrderStockEvent | PaymentEvent | ShippingEvent | ReturnEvent

_ORDER, _STOCK, _PAYMENT, _SHIPPING = map(get_args, (OrderEvent, OrderStockEvent, PaymentEvent, ShippingEvent))
_RETURN = get_args(ReturnEvent)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Lifetime sums. `due` = owed − captured + refunded: what the customer has still to pay."""

    authorized: Money
    voided: Money
    captured: Money
    refunded: Money
    charged_back: Money
    due: Money


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """State of an order in all contexts."""

    order_state: OrderState = orders.INITIAL
    reservation: Reservation = NO_RESERVATION
    payment_state: PaymentState = payments.INITIAL
    shipments: Shipments = shipping.INITIAL
    returns: Returns = returned.INITIAL

    @property
    def placed(self) -> bool:
        return isinstance(self.order_state, Order)

    @property
    def order(self) -> Order:
        """The placed order.

        Raises:
            NotFound: nothing was placed.
        """
        if not isinstance(self.order_state, Order):
            raise NotFound("the order does not exist", code="order-not-found")
        return self.order_state

    @property
    def payment(self) -> Payment:
        """The payment, all zero while nothing was asked of the gateway."""
        if isinstance(self.payment_state, Payment):
            return self.payment_state
        zero = Money.zero(self.order.currency)
        return Payment(zero, zero, zero, zero, zero)

    @property
    def status(self) -> OrderStatus:
        status = self.order.status
        held = self.order.on_hold or self.payment.lapsing
        if held and status in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
            return OrderStatus.ON_HOLD
        if self.order.decision is not None and status is OrderStatus.PLACED:
            return OrderStatus.AWAITING_CUSTOMER
        if status is OrderStatus.CONFIRMED and self.shipments.any_booked:
            return OrderStatus.FULFILLING
        return status

    @property
    def payment_status(self) -> PaymentStatus:
        return self.payment.status

    @property
    def fulfilment_status(self) -> FulfilmentStatus:
        back = self.returns.received.total() - self.returns.replaced.total()
        if not back:
            return self.shipments.status(self.order.pieces)
        whole = back >= self.order.pieces
        return FulfilmentStatus.RETURNED if whole else FulfilmentStatus.PARTIALLY_RETURNED

    @property
    def payment_method(self) -> str:
        """What the customer wants to pay with."""
        return self.payment.chosen[-1] if self.payment.chosen else self.order.placed.payment_method

    @property
    def owed(self) -> Money:
        """What the customer owes for the order, less what it was let off; nothing once it is cancelled."""
        if self.order.status is OrderStatus.CANCELLED:
            return self.order.owed
        return self.order.owed - self.payment.granted

    @property
    def settled(self) -> Money:
        """What was paid of the order's price; what gives a grant back takes nothing of it, nor does the grant."""
        money = self.payment
        # A refund that was made elsewhere is granted and noted by one step.
        adopted = {payments.label_of(grant) for grant in money.grants}
        granted = [
            back
            for label, back in money.given_back.items()
            if label.partition(":")[2] in money.grants or label in adopted
        ]
        return money.captured - (money.refunded - total(granted, money.captured.currency))

    @property
    def excess(self) -> Money:
        """What was captured above the order's price, and not given back."""
        beyond = self.settled - self.order.owed
        return beyond if beyond.minor > 0 else Money.zero(beyond.currency)

    @property
    def rest(self) -> bool:
        """Whether all of the order's price is captured, and something is authorised beyond it."""
        money = self.payment
        under_way = any(asked.kind is not Asking.REFUND for asked in money.pending.values())
        return bool(money.open) and not under_way and money.captured >= self.order.owed

    @property
    def amounts(self) -> Amounts:
        money = self.payment
        due = self.owed - money.paid
        return Amounts(money.authorized, money.voided, money.captured, money.refunded, money.charged_back, due)

    @property
    def lines(self) -> tuple[LineQuantities, ...]:
        """Every line there ever was, and how far its pieces came."""
        return line_quantities(self.order, self.reservation, self.shipments, self.returns)

    @property
    def held(self) -> tuple[Allocation, ...]:
        """What is reserved and not shipped: released on cancellation, used up by dispatch."""
        return held(self.reservation, self.shipments)

    @property
    def short(self) -> tuple[str, ...]:
        """SKUs that the order waits for."""
        return tuple(part.sku for part in self.reservation.backorders)

    @property
    def reserved(self) -> bool:
        """Whether any stock is still held or waited for."""
        return bool(self.held or self.short)

    @property
    def secured(self) -> bool:
        """Whether stock is reserved for every piece of every line."""
        return all(covered(self.reservation, line.sku) >= line.quantity for line in self.order.lines)

    @property
    def all_delivered(self) -> bool:
        """Whether every piece arrived, but for those that were lost and given back the money for."""
        pieces = self.order.pieces
        return self.shipments.delivered + self.shipments.refunded >= pieces > 0

    @property
    def attention(self) -> bool:
        """Whether somebody has to do something: a step is stalled, a parcel is lost, an authorisation runs out."""
        waiting = bool(self.shipments.lost or self.payment.lapsing)
        return self.order.attention or (waiting and not self.order.status.terminal)

    @property
    def planned(self) -> tuple[Allocation, ...]:
        """What was reserved for the order's first parcels: not what replaces a lost one, or what came back."""
        again = [
            Allocation(parcel.answer.warehouse, item.sku, item.quantity)
            for parcel in self.shipments.by_id.values()
            if parcel.answer and parcel.answer.warehouse
            for item in parcel.items
        ]
        exchanged = [
            Allocation(plan.warehouse, item.sku, item.quantity)
            for plan in self.returns.replacements
            for item in plan.items
        ]
        return added(self.reservation.allocations, [*again, *exchanged], sign=-1)

    @property
    def parcels_to_send(self) -> tuple[str, ...]:
        """Ids of the parcels that have not left: one for each warehouse that holds goods, and replacements."""
        number, parcels = self.order.placed.order_number, self.shipments.by_id
        names = {f"{number}-{part.warehouse}" for part in self.planned}
        if self.shipments.plan:
            names = {plan.shipment_id for plan in self.shipments.plan}
        names |= {each.answer.replacement for each in parcels.values() if each.answer and each.answer.replacement}
        return tuple(sorted(name for name in names if name not in parcels or not parcels[name].dispatched))

    def parcel_dispatched(self, warehouse: str) -> bool:
        return any(parcel.dispatched and parcel.warehouse == warehouse for parcel in self.shipments.by_id.values())


EMPTY = OrderRecord()


def evolve(state: OrderRecord, event: OrderStreamEvent) -> OrderRecord:
    """Hand the event to the context it belongs to."""
    if isinstance(event, _ORDER):
        return replace(state, order_state=orders.evolve(state.order_state, event))
    if isinstance(event, _STOCK):
        return replace(state, reservation=evolve_reservation(state.reservation, event))
    if isinstance(event, _PAYMENT):
        return replace(state, payment_state=payments.evolve(state.payment_state, event))
    if isinstance(event, _RETURN):
        return replace(state, returns=returned.evolve(state.returns, event))
    assert isinstance(event, _SHIPPING)
    return replace(state, shipments=shipping.evolve(state.shipments, event))


def fold_record(events: Iterable[OrderStreamEvent], state: OrderRecord = EMPTY) -> OrderRecord:
    return fold(evolve, state, events)
