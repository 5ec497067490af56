"""What becomes of an order that stock does not cover: its customer is asked, waits, drops lines or gives it up."""

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.errors import InvalidValue, NotAllowed
from domain.orders.decide import expect_open
from domain.orders.events import (
    CustomerDecisionMade,
    CustomerDecisionRequested,
    Decision,
    LineSubstituted,
    OrderCancellationRequested,
    OrderEvent,
    OrderLine,
    OrderLinesCancelled,
    SubstitutionOffered,
)
from domain.orders.model import Order, OrderState, OrderStatus, taken_out
from domain.orders.pricing import repriced, without


def ask(decision_id: str, *, default: Decision, deadline: datetime) -> CustomerDecisionRequested:
    """Ask the customer; the default is taken when no answer came by the deadline."""
    return CustomerDecisionRequested(decision_id, default, deadline)


def offer_substitute(
    state: OrderState, sku: str, substitute: OrderLine, *, short: Collection[str], by: str
) -> list[OrderEvent]:
    """Offer another product for a line that is short. It takes the place of an earlier offer for the same line.

    Args:
        short: SKUs of the lines that stock does not cover.
    """
    order = expect_open(state)
    if sku not in short:
        raise NotAllowed(
            f"{sku} is not short; a substitute can be offered for: {', '.join(sorted(short)) or 'no line'}",
            code="line-not-short",
            details={"possible": sorted(short)},
        )
    if order.decision is None:
        raise NotAllowed("the customer is not asked for a decision", code="no-decision-awaited")
    taken = {line.sku for line in order.lines} | {
        each.substitute.sku for name, each in order.offers.items() if name != sku
    }
    if substitute.sku in taken:
        raise InvalidValue(f"SKU {substitute.sku} stands in the order already", code="duplicate-sku")
    return [SubstitutionOffered(sku, substitute, by)]


def possible(order: Order, short: Collection[str]) -> tuple[Decision, ...]:
    """What the customer can choose: substitutes only when one is offered for every line that is short."""
    offered = bool(short) and all(sku in order.offers for sku in short)
    return (Decision.WAIT, Decision.DROP, Decision.CANCEL, *((Decision.SUBSTITUTE,) if offered else ()))


def decide_unavailable(
    state: OrderState, decision: Decision, *, short: Collection[str], at: datetime, by: str
) -> list[OrderEvent]:
    """Take the customer's decision, as long as its deadline has not passed."""
    order = expect_open(state)
    asked = order.decision
    if asked is None or order.status is not OrderStatus.PLACED:
        raise NotAllowed(
            "the customer is not asked for a decision",
            code="no-decision-awaited",
            details={"status": order.status},
        )
    if at >= asked.deadline:
        raise NotAllowed(
            f"the decision was due by {asked.deadline:%Y-%m-%d %H:%M} UTC; the default is {asked.default}",
            code="decision-too-late",
            details={"deadline": asked.deadline.isoformat(), "default": asked.default},
        )
    choices = possible(order, short)
    if decision not in choices:
        raise NotAllowed(
            f"{decision} is not possible now; {', '.join(choices)} are",
            code="decision-not-possible",
            details={"possible": list(choices)},
        )
    return settle(order, CustomerDecisionMade(asked.decision_id, decision, by), short)


def settle(order: Order, made: CustomerDecisionMade, short: Collection[str]) -> list[OrderEvent]:
    """What a decision, the customer's or the default, makes of the order."""
    match made.decision:
        case Decision.WAIT:
            return [made]
        case Decision.DROP if without(order.lines, short):
            return [made, drop_lines(order, short, reason="not available", by=made.decided_by)]
        case Decision.SUBSTITUTE:
            return [made, *_substituted(order, short)]
        case _:
            return [made, OrderCancellationRequested("not available", made.decided_by)]


def drop_lines(order: Order, skus: Collection[str], *, reason: str, by: str) -> OrderLinesCancelled:
    """Take whole lines out; the totals are those of what is left."""
    return take_out(order, tuple(line for line in order.lines if line.sku in skus), reason=reason, by=by)


def take_out(order: Order, gone: Sequence[OrderLine], *, reason: str, by: str) -> OrderLinesCancelled:
    """Take pieces out; the totals are those of what is left."""
    return OrderLinesCancelled(tuple(gone), repriced(order, taken_out(order.lines, gone)), reason, by)


def _substituted(order: Order, short: Collection[str]) -> list[OrderEvent]:
    events: list[OrderEvent] = []
    lines = order.lines
    for sku in sorted(short):
        substitute = order.offers[sku].substitute
        lines = tuple(substitute if line.sku == sku else line for line in lines)
        events.append(LineSubstituted(sku, substitute, repriced(order, lines)))
    return events
