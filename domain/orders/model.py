"""The order's state: a fold of its events. Money, stock and parcels are folds of their own contexts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, assert_never

from domain.identifiers import OF_RETURN, Address
from domain.money import Money
from domain.orders.events import (
    AmendmentRejected,
    AmendmentRequested,
    CustomerDecisionMade,
    CustomerDecisionRequested,
    HoldPlaced,
    HoldReleased,
    HoldScope,
    LineSubstituted,
    OrderAmended,
    OrderAssigned,
    OrderCancellationRejected,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderEvent,
    OrderLine,
    OrderLinesCancelled,
    OrderNoted,
    OrderPlaced,
    OrderStepResolved,
    OrderStepStalled,
    SubstitutionOffered,
    Terms,
    Totals,
)

AFTERCARE: Final = frozenset({"give-back"})
"""Names of steps that workflows of their own run, also once an order has ended. So are all of returns' parcels."""


def of_aftercare(step: str) -> bool:
    """Whether a step's key (`name#n` or `name:subject#n`) is one of aftercare."""
    name, _, subject = step.partition(":")
    return name in AFTERCARE or subject.startswith(OF_RETURN)


class OrderStatus(StrEnum):
    """What a reader sees.

    `fulfilling` is a confirmed order with a booked parcel, `on_hold` an open one that a hold covers whole, and
    `awaiting_customer` one whose customer is asked what to do: read off in `domain.record`; no `Order` has them.
    """

    PLACED = "placed"
    AWAITING_CUSTOMER = "awaiting_customer"
    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    FULFILLING = "fulfilling"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    COMPLETED = "completed"

    @property
    def terminal(self) -> bool:
        return self in (OrderStatus.CANCELLED, OrderStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class NoOrder:
    """The stream is empty."""


@dataclass(frozen=True, slots=True)
class Order:
    """A placed order.

    What is owed and shipped is read off `terms`; `placed` tells what was asked for first. `resumed` is the status
    to go back to when a cancellation is rejected. `cancelled` are the pieces that were taken out of the order.
    `amendment` is the one under way, `amendments` how many there were.
    """

    placed: OrderPlaced
    status: OrderStatus = OrderStatus.PLACED
    resumed: OrderStatus = OrderStatus.PLACED
    reason: str | None = None
    stalled: Mapping[str, OrderStepStalled] = field(default_factory=dict)
    changed: Terms | None = None
    cancelled: tuple[OrderLine, ...] = ()
    holds: Mapping[str, HoldPlaced] = field(default_factory=dict)
    assignee: str | None = None
    decision: CustomerDecisionRequested | None = None
    offers: Mapping[str, SubstitutionOffered] = field(default_factory=dict)
    amendment: AmendmentRequested | None = None
    amendments: int = 0

    @property
    def terms(self) -> Terms:
        placed = self.placed
        return self.changed or Terms(
            placed.lines, placed.totals, placed.shipping_address, placed.shipping_method, placed.tax_rate
        )

    @property
    def lines(self) -> tuple[OrderLine, ...]:
        return self.terms.lines

    @property
    def totals(self) -> Totals:
        return self.terms.totals

    @property
    def shipping_address(self) -> Address:
        return self.terms.shipping_address

    @property
    def currency(self) -> str:
        return self.placed.totals.total.currency

    @property
    def pieces(self) -> int:
        """How many pieces are to be delivered in all."""
        return sum(line.quantity for line in self.lines)

    @property
    def owed(self) -> Money:
        """What the customer owes the shop for this order; nothing once it is cancelled."""
        if self.status is OrderStatus.CANCELLED:
            return Money.zero(self.currency)
        return self.totals.total

    @property
    def on_hold(self) -> bool:
        """Whether a hold covers all of it."""
        return any(hold.scope is HoldScope.ORDER for hold in self.holds.values())

    @property
    def attention(self) -> bool:
        """Whether a step waits for an operator."""
        return bool(self.stalled)


OrderState = NoOrder | Order
INITIAL: OrderState = NoOrder()


def evolve(state: OrderState, event: OrderEvent) -> OrderState:
    if isinstance(event, OrderPlaced):
        return Order(event)
    if isinstance(state, NoOrder):  # nothing but OrderPlaced begins an order; older logs still load
        return state
    match event:
        case OrderConfirmed():
            return replace(state, status=OrderStatus.CONFIRMED, resumed=OrderStatus.CONFIRMED)
        case OrderCancellationRequested(reason=reason):
            # What was stalled gives way; a compensation that stalls is recorded after this.
            return replace(
                state,
                status=OrderStatus.CANCELLING,
                reason=reason,
                stalled=_outliving(state),
                decision=None,
                offers={},
            )
        case OrderCancellationRejected():
            return replace(state, status=state.resumed, reason=None)
        case OrderCancelled(reason=reason):
            return replace(state, status=OrderStatus.CANCELLED, reason=reason, stalled=_outliving(state), holds={})
        case OrderCompleted():
            return replace(state, status=OrderStatus.COMPLETED, stalled=_outliving(state), holds={})
        case OrderStepStalled(step=step):
            return replace(state, stalled={**state.stalled, step: event})
        case OrderStepResolved(step=step):
            stalls = {name: stall for name, stall in state.stalled.items() if name != step}
            return replace(state, stalled=stalls)
        case CustomerDecisionRequested():
            return replace(state, decision=event)
        case SubstitutionOffered(sku=sku):
            return replace(state, offers={**state.offers, sku: event})
        case CustomerDecisionMade():
            return replace(state, decision=None, offers={})
        case OrderLinesCancelled(lines=lines, totals=totals):
            left = taken_out(state.lines, lines)
            return replace(_on(state, left, totals), cancelled=put_together(state.cancelled, lines))
        case LineSubstituted(sku=sku, substitute=substitute, totals=totals):
            gone = tuple(line for line in state.lines if line.sku == sku)
            lines = tuple(substitute if line.sku == sku else line for line in state.lines)
            return replace(_on(state, lines, totals), cancelled=put_together(state.cancelled, gone))
        case AmendmentRequested():
            return replace(state, amendment=event, amendments=state.amendments + 1)
        case OrderAmended(terms=terms):
            return replace(state, changed=terms, amendment=None)
        case AmendmentRejected():
            return replace(state, amendment=None)
        case HoldPlaced(hold_id=hold_id):
            return replace(state, holds={**state.holds, hold_id: event})
        case HoldReleased(hold_id=hold_id):
            holds = {name: hold for name, hold in state.holds.items() if name != hold_id}
            return replace(state, holds=holds)
        case OrderAssigned(assignee=assignee):
            return replace(state, assignee=assignee)
        case OrderNoted():
            return state
        case _:
            assert_never(event)


def _outliving(state: Order) -> dict[str, OrderStepStalled]:
    """What is stalled of the order's aftercare, which neither its cancellation nor its end answers."""
    return {name: stall for name, stall in state.stalled.items() if of_aftercare(name)}


def _on(state: Order, lines: tuple[OrderLine, ...], totals: Totals) -> Order:
    return replace(state, changed=replace(state.terms, lines=lines, totals=totals))


def taken_out(lines: Sequence[OrderLine], gone: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines without those pieces; a line of which nothing is left is none."""
    pieces = Counter({line.sku: line.quantity for line in gone})
    left = (replace(line, quantity=line.quantity - pieces[line.sku]) for line in lines)
    return tuple(line for line in left if line.quantity > 0)


def put_together(lines: Sequence[OrderLine], more: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """Lines with more pieces, each SKU once."""
    by_sku = {line.sku: line for line in lines}
    for line in more:
        known = by_sku.get(line.sku)
        by_sku[line.sku] = replace(line, quantity=line.quantity + (known.quantity if known else 0))
    return tuple(by_sku.values())
