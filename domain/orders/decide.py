"""What may be done with an order, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.errors import InvalidValue, NotAllowed, NotFound
from domain.identifiers import Address, OrderNumber, PersonalEmail, Quantity, Sku
from domain.money import Money
from domain.orders.events import (
    STANDARD_SHIPPING,
    AmendmentRequested,
    HoldPlaced,
    HoldScope,
    OnUnavailable,
    OrderAssigned,
    OrderCancellationRejected,
    OrderCancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderEvent,
    OrderLine,
    OrderNoted,
    OrderPlaced,
    OrderStepResolved,
    OrderStepStalled,
    StepAction,
    Totals,
)
from domain.orders.model import NoOrder, Order, OrderState, OrderStatus, of_aftercare
from domain.orders.pricing import totals_of
from domain.orders.screening import SCREENING


@dataclass(frozen=True, slots=True)
class PricedLine:
    sku: Sku
    name: str
    quantity: Quantity
    unit_price: Money


@dataclass(frozen=True, slots=True)
class OrderRules:
    """Limits and rates from settings. Amounts are minor units of the order's currency."""

    shipping: Money
    tax_rate: Decimal
    min_total: int
    max_total: int
    max_lines: int


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """A validated request, priced from the catalogue. `screening`: why somebody has to look at it first."""

    order_id: UUID
    order_number: OrderNumber
    customer_id: str
    email: PersonalEmail | None
    currency: str
    lines: tuple[OrderLine, ...]
    totals: Totals
    shipping_address: Address
    payment_method: str
    on_unavailable: OnUnavailable
    fingerprint: str
    tax_rate: Decimal = Decimal(0)
    shipping_method: str = STANDARD_SHIPPING
    screening: tuple[str, ...] = ()


def price(lines: Sequence[PricedLine], currency: str, rules: OrderRules) -> tuple[tuple[OrderLine, ...], Totals]:
    """Turn priced lines into order lines and totals, within the rules.

    Raises:
        InvalidValue: no lines, too many, one SKU twice, mixed currencies, or a total out of bounds.
    """
    check_count(lines, rules)
    skus = [line.sku for line in lines]
    if len(set(skus)) != len(skus):
        twice = sorted({sku for sku in skus if skus.count(sku) > 1})
        raise InvalidValue(f"SKU {twice[0]} stands in more than one line; give each once", code="duplicate-sku")
    ordered = tuple(OrderLine(line.sku, line.name, line.quantity, line.unit_price) for line in lines)
    totals = totals_of(ordered, currency, rules.shipping, rules.tax_rate)
    check_total(totals, rules)
    return ordered, totals


def check_count(lines: Sequence[object], rules: OrderRules) -> None:
    """Raises InvalidValue (`invalid-lines`)."""
    if not 1 <= len(lines) <= rules.max_lines:
        raise InvalidValue(f"an order has 1 to {rules.max_lines} lines, not {len(lines)}", code="invalid-lines")


def check_total(totals: Totals, rules: OrderRules) -> None:
    """Raises InvalidValue (`order-value-out-of-bounds`)."""
    currency = totals.total.currency
    if not rules.min_total <= totals.total.minor <= rules.max_total:
        low, high = Money(rules.min_total, currency), Money(rules.max_total, currency)
        raise InvalidValue(
            f"the order's total {totals.total} is not between {low} and {high}", code="order-value-out-of-bounds"
        )


def place(state: OrderState, command: PlaceOrder, at: datetime) -> list[OrderEvent]:
    if isinstance(state, Order):
        raise NotAllowed("the order is placed already", details={"status": state.status})
    return [
        OrderPlaced(
            order_id=command.order_id,
            order_number=command.order_number,
            customer_id=command.customer_id,
            email=command.email,
            lines=command.lines,
            totals=command.totals,
            shipping_address=command.shipping_address,
            payment_method=command.payment_method,
            on_unavailable=command.on_unavailable,
            fingerprint=command.fingerprint,
            placed_at=at,
            tax_rate=command.tax_rate,
            shipping_method=command.shipping_method,
        ),
        *_screened(command.screening),
    ]


def _screened(reasons: Sequence[str]) -> list[OrderEvent]:
    """One hold for all the reasons: who releases it has looked at each."""
    held = HoldPlaced(SCREENING, HoldScope.ORDER, None, "; ".join(reasons), SCREENING, None)
    return [held] if reasons else []


def confirm(state: OrderState, *, reserved: bool, authorized: Money) -> list[OrderEvent]:
    """Confirm once stock is reserved and the whole total authorised."""
    order = expect_in(state, "confirmed", OrderStatus.PLACED)
    if not reserved or authorized < order.owed:
        raise NotAllowed("stock and payment must be secured before confirmation")
    return [OrderConfirmed()]


def request_cancellation(
    state: OrderState, *, dispatched: bool, reason: str, requested_by: str
) -> list[OrderEvent]:
    """Begin to undo the order. Allowed until the first parcel is dispatched."""
    order = expect_in(state, "cancelled", OrderStatus.PLACED, OrderStatus.CONFIRMED)
    if order.amendment is not None:
        raise NotAllowed("an amendment of the order is under way; it comes to its end first", code="order-busy")
    if dispatched:
        raise NotAllowed(
            "a parcel of this order was dispatched; it can no longer be cancelled",
            code="too-late-to-cancel",
            details={"status": order.status},
        )
    return [OrderCancellationRequested(reason, requested_by)]


def reject_cancellation(state: OrderState, *, reason: str) -> list[OrderEvent]:
    """Give a cancellation up because a parcel was collected meanwhile."""
    expect_in(state, "resumed", OrderStatus.CANCELLING)
    return [OrderCancellationRejected(reason)]


def cancel(state: OrderState, *, held: Money, reserved: bool) -> list[OrderEvent]:
    """Close a cancellation whose compensation is complete. `held` is money not given back."""
    order = expect_in(state, "cancelled", OrderStatus.CANCELLING)
    if held or reserved:
        raise NotAllowed("money or stock is still held; a cancelled order holds neither")
    return [OrderCancelled(order.reason or "")]


def complete(state: OrderState, *, delivered: bool, paid: Money, authorized: Money) -> list[OrderEvent]:
    """Close an order whose every parcel is delivered.

    `paid` is captured − refunded; `authorized` is what could still be captured, which must be freed before.
    """
    order = expect_in(state, "completed", OrderStatus.CONFIRMED)
    if not delivered or paid != order.owed:
        raise NotAllowed(f"an order completes when delivered and paid; {paid} of {order.owed} is paid")
    if authorized:
        raise NotAllowed(f"an order completes when nothing is authorised any more; {authorized} is")
    return [OrderCompleted()]


def stall(state: OrderState, *, step: str, error_type: str, error: str) -> list[OrderEvent]:
    """Record that a step waits for an operator; once only while it waits."""
    order = _expect_steps(state, step)
    return [] if step in order.stalled else [OrderStepStalled(step, error_type, error)]


def resolve_step(
    state: OrderState,
    *,
    step: str,
    action: StepAction,
    reason: str,
    resolved_by: str,
    dispatched: bool,
    reference: str | None = None,
) -> list[OrderEvent]:
    """Answer a stalled step. Neither a dispatched order, a compensation nor aftercare can be compensated.

    `reference` names the outside effect to adopt; that it fits is for the step's own context to say.
    """
    order = _expect_steps(state, step)
    if step not in order.stalled:
        waiting = ", ".join(sorted(order.stalled)) or "none"
        raise NotAllowed(
            f"step {step} is not stalled; stalled steps: {waiting}",
            code="step-not-stalled",
            details={"stalled": sorted(order.stalled)},
        )
    if action is StepAction.COMPENSATE and order.amendment is not None and not of_aftercare(step):
        return _give_up(order.amendment, OrderStepResolved(step, action, reason, resolved_by))
    if action is StepAction.COMPENSATE and (why := _not_undone(order, step, dispatched=dispatched)):
        raise NotAllowed(
            f"{why}: only retry and adopt are possible",
            code="cannot-compensate",
            details={"possible": [StepAction.RETRY, StepAction.ADOPT]},
        )
    resolved = OrderStepResolved(step, action, reason, resolved_by, reference)
    if action is StepAction.COMPENSATE:
        return [resolved, OrderCancellationRequested(reason, resolved_by)]
    return [resolved]


def _expect_steps(state: OrderState, step: str) -> Order:
    """The order, if it may have such a step now: aftercare goes on when the order has ended."""
    if isinstance(state, Order) and of_aftercare(step):
        return state
    return expect_open(state)


def _not_undone(order: Order, step: str, *, dispatched: bool) -> str | None:
    """Why the order of a stalled step cannot be undone instead."""
    if of_aftercare(step):
        return "what was promised to the customer is not taken back"
    if dispatched:
        return "a parcel was dispatched"
    return "the order is being compensated already" if order.status is OrderStatus.CANCELLING else None


def _give_up(amendment: AmendmentRequested, resolved: OrderStepResolved) -> list[OrderEvent]:
    """While an amendment is under way, to compensate is to go back on it; the order itself goes on."""
    if resolved.step.partition("#")[0].partition(":")[2] != amendment.amendment_id:
        raise NotAllowed(
            "an amendment is under way, and this step is not its payment: only retry and adopt are possible",
            code="cannot-compensate",
            details={"possible": [StepAction.RETRY, StepAction.ADOPT]},
        )
    return [resolved]


def assign(state: OrderState, *, assignee: str | None, reason: str, assigned_by: str) -> list[OrderEvent]:
    """Put somebody in charge of an open order, or nobody. Who is in charge already stays so without an event."""
    order = expect_open(state)
    return [] if order.assignee == assignee else [OrderAssigned(assignee, reason, assigned_by)]


def note(state: OrderState, *, text: str, noted_by: str) -> list[OrderEvent]:
    """Leave a note at an open order."""
    expect_open(state)
    return [OrderNoted(text, noted_by)]


def expect_open(state: OrderState) -> Order:
    """Raises: NotFound (`order-not-found`), NotAllowed (`order-closed`)."""
    if isinstance(state, NoOrder):
        raise NotFound("the order does not exist", code="order-not-found")
    if state.status.terminal:
        raise NotAllowed(f"the order is {state.status}", code="order-closed", details={"status": state.status})
    return state


def expect_in(state: OrderState, verb: str, *allowed: OrderStatus) -> Order:
    order = expect_open(state)
    if order.status not in allowed:
        raise NotAllowed(
            f"an order that is {order.status} cannot be {verb}",
            code="invalid-transition",
            details={"status": order.status, "allowed_from": list(allowed)},
        )
    return order
