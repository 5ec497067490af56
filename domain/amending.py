"""Amendments, decided over an order's record and the stock of every warehouse together.

An amendment is *staged*: what it needs beyond the order's stock is taken, and nothing else changes. Once parcels
are stopped and money is authorised it is *applied*; else it is *rejected*, and what was taken goes back.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.availability import Outcome, Place, Stock, cancel_lines, free, take
from domain.errors import NotAllowed
from domain.inventory import decide as inventory
from domain.inventory.events import Allocation, Shortage, StockReleased
from domain.money import Money
from domain.orders.amendments import Amendment, expect_amendable, gone, leaves_nothing, more_pieces, proposed
from domain.orders.availability import take_out
from domain.orders.decide import expect_in, request_cancellation, resolve_step
from domain.orders.events import (
    AmendmentRejected,
    AmendmentRequested,
    OrderAmended,
    OrderEvent,
    StepAction,
    Terms,
    Totals,
)
from domain.orders.model import OrderStatus
from domain.parcels import first_plans, replanned, surplus
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.shipping.events import ParcelsPlanned

OUT_OF_STOCK = "out-of-stock"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an amendment would do. `more` is what is to be paid beyond the order's total, negative what it is less.

    `to_authorise`: what the customer's payment does not cover yet. `taken` and `released`: pieces of stock.
    `parcels`: ids of those that are stopped, and sent again as others.
    """

    terms: Terms
    before: Totals
    more: Money
    to_authorise: Money
    taken: tuple[Allocation, ...]
    released: tuple[Allocation, ...]
    parcels: tuple[str, ...]


def places_of(record: OrderRecord, skus: Sequence[str], priority: Sequence[str]) -> list[Place]:
    """Every place where the order holds pieces, and every warehouse's of the SKUs that it is to have more of."""
    held = {(part.warehouse, part.sku) for part in record.held}
    return sorted(held | {(warehouse, sku) for sku in skus for warehouse in priority})


def stage(
    record: OrderRecord, stock: Stock, priority: Sequence[str], amendment: Amendment, *, reason: str, by: str
) -> Outcome:
    """Ask for other terms, and take what they need of stock; where stock does not cover them, reject them.

    Raises:
        InvalidValue, NotAllowed: nothing is asked for that could be done now.
    """
    order = expect_amendable(record.order_state)
    terms = proposed(order, amendment)
    _check_time(record, terms)
    name = f"A{order.amendments + 1}"
    outcome = Outcome([AmendmentRequested(name, terms, reason, by)])
    parts = inventory.allocate(list(more_pieces(order, terms).items()), free(stock, priority), priority)
    if missing := [part for part in parts if isinstance(part, Shortage)]:
        short = ", ".join(f"{part.sku} ({part.available} of {part.requested} more)" for part in missing)
        outcome.order.append(AmendmentRejected(name, OUT_OF_STOCK, f"stock does not cover it: {short}"))
        return outcome
    if not record.shipments.plan:
        outcome.order.append(ParcelsPlanned(first_plans(record)))
    if taken := tuple(part for part in parts if isinstance(part, Allocation)):
        take(record, stock, outcome, taken)
    return outcome


def cancel_line(
    record: OrderRecord, stock: Stock, priority: Sequence[str], amendment: Amendment, *, reason: str, by: str
) -> Outcome:
    """Stage an amendment that takes a line out; of the last line, request the order's cancellation.

    Before anything is asked of the payment the line is taken out at once: only stock has to be made right.
    """
    order = expect_in(record.order_state, "changed", OrderStatus.PLACED, OrderStatus.CONFIRMED)
    if leaves_nothing(order, amendment):
        dispatched = record.shipments.any_dispatched
        return Outcome([*request_cancellation(order, dispatched=dispatched, reason=reason, requested_by=by)])
    if order.status is not OrderStatus.PLACED or record.payment.authorizing or record.payment.open:
        return stage(record, stock, priority, amendment, reason=reason, by=by)
    skus = {line.sku for line in gone(order, proposed(order, amendment))}
    return cancel_lines(record, stock, skus, reason=reason, by=by)


def apply(record: OrderRecord, stock: Stock, priority: Sequence[str]) -> Outcome:
    """Make the staged terms the order's: free what is no longer needed, and plan the parcels anew."""
    outcome = Outcome(_applied(record, priority))
    for part in _no_longer_needed(record, priority):
        place = (part.warehouse, part.sku)
        outcome.at(place, *inventory.release(stock[place], record.order.placed.order_id, part.quantity))
    return outcome


def _applied(record: OrderRecord, priority: Sequence[str]) -> list[OrderStreamEvent]:
    """What applying the staged amendment writes in the order's own stream."""
    staged = _staged(record)
    events: list[OrderStreamEvent] = []
    if cancelled := gone(record.order, staged.terms):
        events.append(take_out(record.order, cancelled, reason=staged.reason, by=staged.requested_by))
    events.append(OrderAmended(staged.amendment_id, staged.terms))
    if freed := _no_longer_needed(record, priority):
        events.append(StockReleased(freed))
    relabelled = _relabelled(record, staged.terms)
    plans = replanned(fold_record(events, record), staged.amendment_id, relabelled=relabelled)
    return [*events, ParcelsPlanned(plans), *_answered(record, {plan.shipment_id for plan in plans})]


def reject(record: OrderRecord, stock: Stock, *, code: str, reason: str) -> Outcome:
    """Leave the order as it was, and give back what was taken for the amendment."""
    outcome = Outcome([AmendmentRejected(_staged(record).amendment_id, code, reason)])
    taken = surplus(record)
    for part in taken:
        place = (part.warehouse, part.sku)
        outcome.at(place, *inventory.release(stock[place], record.order.placed.order_id, part.quantity))
    if taken:
        outcome.order.append(StockReleased(taken))
    return outcome


def to_stop(record: OrderRecord, priority: Sequence[str]) -> tuple[str, ...]:
    """Ids of the parcels that have not left, and are others once the staged amendment is applied."""
    after = fold_record(_applied(record, priority), record)
    names = {plan.shipment_id for plan in first_plans(after)}
    return tuple(plan.shipment_id for plan in first_plans(record) if plan.shipment_id not in names)


def to_authorise(record: OrderRecord, terms: Terms) -> Money:
    """What the customer's payment does not cover of these terms; zero when it does."""
    missing = terms.totals.total - record.payment.open - record.settled
    return missing if missing.minor > 0 else Money.zero(missing.currency)


def preview(record: OrderRecord, stock: Stock, priority: Sequence[str], amendment: Amendment) -> Preview:
    """What `stage` and `apply` would do now.

    Raises:
        InvalidValue, NotAllowed: as `stage`; `out-of-stock` as well.
    """
    staged = stage(record, stock, priority, amendment, reason="", by="")
    for event in staged.order:
        if isinstance(event, AmendmentRejected):
            raise NotAllowed(event.reason, code=event.code)
    before = fold_record(staged.order, record)
    terms = _staged(before).terms
    return Preview(
        terms=terms,
        before=record.order.totals,
        more=terms.totals.total - record.order.totals.total,
        to_authorise=to_authorise(record, terms),
        taken=surplus(before),
        released=_no_longer_needed(before, priority),
        parcels=to_stop(before, priority),
    )


def _staged(record: OrderRecord) -> AmendmentRequested:
    staged = record.order.amendment
    if staged is None:
        raise NotAllowed("no amendment is under way", code="no-amendment")
    return staged


def _check_time(record: OrderRecord, terms: Terms) -> None:
    """Raises NotAllowed (`too-late-to-amend`): what would change has left the house."""
    order, left = record.order, record.shipments.any_dispatched
    here = Counter[str]()
    for part in record.held:
        here[part.sku] += part.quantity
    possible = {line.sku: min(here[line.sku], line.quantity) for line in order.lines if here[line.sku]}
    if not possible:
        raise _too_late("every parcel of the order has left", possible)
    for line in gone(order, terms):
        if line.quantity > here[line.sku]:
            raise _too_late(f"{here[line.sku]} pieces of {line.sku} have not left, not {line.quantity}", possible)
    country = terms.shipping_address.country != order.shipping_address.country
    if left and (country or terms.shipping_method != order.terms.shipping_method):
        raise _too_late("a parcel has left; country and shipping method are those of the whole order", possible)


def _too_late(why: str, possible: dict[str, int]) -> NotAllowed:
    return NotAllowed(why, code="too-late-to-amend", details={"not_dispatched": possible})


def _relabelled(record: OrderRecord, terms: Terms) -> bool:
    before = record.order.terms
    return (terms.shipping_address, terms.shipping_method) != (before.shipping_address, before.shipping_method)


def _no_longer_needed(record: OrderRecord, priority: Sequence[str]) -> tuple[Allocation, ...]:
    """Where the cancelled pieces are freed: in the least preferred warehouse first."""
    last = {warehouse: index for index, warehouse in enumerate(priority)}
    held = sorted(record.held, key=lambda part: last.get(part.warehouse, len(last)), reverse=True)
    wanted = Counter({line.sku: line.quantity for line in gone(record.order, _staged(record).terms)})
    freed = []
    for part in held:
        if pieces := min(wanted[part.sku], part.quantity):
            wanted[part.sku] -= pieces
            freed.append(Allocation(part.warehouse, part.sku, pieces))
    return tuple(freed)


def _answered(record: OrderRecord, names: set[str]) -> list[OrderEvent]:
    """Bookings that wait for an operator, of parcels that are none any more, wait no longer."""
    stalls = [(step, step.partition("#")[0].partition(":")) for step in record.order.stalled]
    return [
        event
        for step, (name, _, parcel) in stalls
        if name == "book" and parcel not in names
        for event in resolve_step(
            record.order_state,
            step=step,
            action=StepAction.RETRY,
            reason="the parcel was planned anew",
            resolved_by="system",
            dispatched=False,
        )
    ]
