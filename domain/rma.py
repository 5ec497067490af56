"""Returns, decided over the whole record: what may come back, what it is worth, and where it goes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain import again
from domain.again import reserve_again
from domain.availability import Outcome, Place, Stock
from domain.errors import InvalidValue, NotAllowed
from domain.inventory.events import Allocation, StockReleased, UnitsReleased, UnitsRestocked
from domain.money import Money
from domain.payments.decide import grant_refund
from domain.payments.events import PaymentEvent
from domain.privacy import PersonalText
from domain.record import OrderRecord, OrderStreamEvent, fold_record
from domain.refunds import GRANTED_IN, cost_of
from domain.returns import decide
from domain.returns.events import (
    InspectedItem,
    ReplacementPlanned,
    ReturnApproved,
    ReturnEvent,
    ReturnItem,
    ReturnKind,
    ReturnRequested,
    ReturnTerms,
)
from domain.returns.model import Return

BY_RULE: Final = "rule"
"""Who approved what the settings approve."""


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """The shop's settings. `auto_approve`: whether what is within the rules needs nobody; a claim always does."""

    window: timedelta
    terms: ReturnTerms
    auto_approve: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """Pieces that reached the customer, and when."""

    at: datetime
    items: tuple[ReturnItem, ...]


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """`prices` are the catalogue's, of what an exchange sends instead, in the order's currency."""

    return_id: UUID
    kind: ReturnKind
    items: tuple[ReturnItem, ...]
    reason: PersonalText
    by: str
    prices: Mapping[str, Money] = field(default_factory=dict)


def request(
    record: OrderRecord, wanted: ReturnRequest, deliveries: Sequence[Delivery], rules: ReturnRules, *, at: datetime
) -> list[OrderStreamEvent]:
    """Ask for goods to be taken back, or for those that arrived broken to be paid.

    Raises:
        InvalidValue: an unknown line, or one named twice; goods to be sent instead where nothing is exchanged.
        NotAllowed: the order's status, more than was delivered and is not returned, the window is over, or what is
            to be sent instead has another price.
    """
    status = record.status
    if status not in GRANTED_IN:
        raise NotAllowed(
            f"nothing of an order that is {status} can be returned",
            code="invalid-transition",
            details={"status": status, "allowed_from": list(GRANTED_IN)},
        )
    pieces = _pieces(record, wanted.items)
    _check_left(record, pieces)
    _check_window(record, pieces, deliveries, opened=at - rules.window)
    _check_exchange(record, wanted)
    events: list[OrderStreamEvent] = [
        ReturnRequested(wanted.return_id, wanted.kind, wanted.items, wanted.reason, wanted.by, rules.terms)
    ]
    if rules.auto_approve and wanted.kind is ReturnKind.RETURN:
        events.append(ReturnApproved(wanted.return_id, "within the rules", BY_RULE))
    return events


def _pieces(record: OrderRecord, items: Sequence[ReturnItem]) -> Mapping[str, int]:
    known = {line.sku for line in record.order.lines}
    pieces = {item.sku: item.quantity for item in items}
    if not items or len(pieces) != len(items) or min(pieces.values()) < 1:
        raise InvalidValue("a return names lines of the order, each once", code="invalid-return")
    if unknown := sorted(pieces.keys() - known):
        raise InvalidValue(
            f"the order has no line {unknown[0][:64]!r}; it has {', '.join(sorted(known))}", code="unknown-line"
        )
    return pieces


def returnable(record: OrderRecord) -> Mapping[str, int]:
    """Pieces that the customer has and has not asked to give back, by SKU; what was sent again counts anew."""
    asked, anew = record.returns.requested, Counter[str]()
    for parcel in record.shipments.sent_again:
        anew.update({item.sku: item.quantity for item in parcel.items})
    return {line.line.sku: line.delivered + anew[line.line.sku] - asked[line.line.sku] for line in record.lines}


def _check_left(record: OrderRecord, pieces: Mapping[str, int]) -> None:
    left = returnable(record)
    for sku, wanted in pieces.items():
        if wanted > left[sku]:
            raise NotAllowed(
                f"{wanted} × {sku} cannot be returned; {left[sku]} are delivered and not returned",
                code="more-than-delivered",
                details={"returnable": {each: count for each, count in left.items() if count > 0}},
            )


def _check_window(
    record: OrderRecord, pieces: Mapping[str, int], deliveries: Sequence[Delivery], *, opened: datetime
) -> None:
    """What came before the window opened is too old; what was returned already counts against that first."""
    young: Counter[str] = Counter()
    for delivery in deliveries:
        if delivery.at >= opened:
            young.update({item.sku: item.quantity for item in delivery.items})
    for sku, wanted in pieces.items():
        if wanted > young[sku]:
            raise NotAllowed(
                f"{wanted} × {sku} cannot be returned: the return window is over"
                + (f" for all but {young[sku]} of them" if young[sku] else ""),
                code="return-window-over",
                details={"delivered_after": opened.isoformat(), "returnable": young[sku]},
            )


def _check_exchange(record: OrderRecord, wanted: ReturnRequest) -> None:
    """Only what costs the same is sent instead: an exchange moves no money."""
    paid = {line.sku: line.unit_price for line in record.order.lines}
    for item in wanted.items:
        if item.instead is None or item.instead == item.sku:
            continue
        if wanted.kind is not ReturnKind.EXCHANGE:
            raise InvalidValue(
                f"only an exchange sends something else; this is a {wanted.kind}", code="invalid-return"
            )
        price = wanted.prices.get(item.instead)
        if price is None:
            raise InvalidValue(f"{item.instead} is not on sale in {record.order.currency}", code="unknown-sku")
        if price != paid[item.sku]:
            raise NotAllowed(
                f"{item.instead} costs {price}, {item.sku} was {paid[item.sku]}: an exchange moves no money; "
                "return the one for its price, and order the other",
                code="prices-differ",
                details={"paid": str(paid[item.sku]), "price": str(price)},
            )


def _wanted(known: Return, pieces: Mapping[str, int]) -> Counter[str]:
    """What is sent for so many pieces of each SKU that comes back."""
    instead: Counter[str] = Counter()
    for item in known.requested.items:
        instead[item.instead or item.sku] += pieces.get(item.sku, 0)
    return +instead


def places_of(record: OrderRecord, return_id: UUID, priority: Sequence[str]) -> list[Place]:
    """Where a replacement could come from, and what is planned already."""
    known = record.returns.by_id.get(return_id)
    if known is None or not known.kind.replaces:
        return []
    return again.places_of(_wanted(known, known.pieces), priority)


def approve(
    record: OrderRecord, stock: Stock, priority: Sequence[str], return_id: UUID, *, reason: str, by: str
) -> Outcome:
    """Approve; the money of a claim is granted with it, and what replaces the goods is reserved.

    Raises:
        NotAllowed: `out-of-stock`, no warehouse has what would be sent.
    """
    events = decide.approve(record.returns, return_id, reason=reason, by=by)
    known = decide.find(record.returns, return_id)
    outcome = Outcome([*events, *_grant(record, return_id, events, by=by)])
    if known.kind.replaces:
        pieces = _wanted(known, known.pieces)
        warehouse, reserved = reserve_again(record.order.placed.order_id, pieces, stock, priority)
        outcome.order.extend([*reserved.order, _planned(return_id, warehouse, pieces)])
        outcome.stock = reserved.stock
    return outcome


def reject(record: OrderRecord, return_id: UUID, *, reason: str, by: str) -> Outcome:
    """Refuse a return, or give up on goods that never came; what was reserved in their place is free again."""
    outcome = Outcome([*decide.reject(record.returns, return_id, reason=reason, by=by)])
    plan = decide.find(record.returns, return_id).replacement
    if plan:
        _free(record, outcome, plan, {item.sku: item.quantity for item in plan.items})
    return outcome


def _planned(return_id: UUID, warehouse: str, pieces: Mapping[str, int]) -> ReplacementPlanned:
    return ReplacementPlanned(return_id, warehouse, tuple(ReturnItem(*piece) for piece in pieces.items()))


def _free(record: OrderRecord, outcome: Outcome, plan: ReplacementPlanned, pieces: Mapping[str, int]) -> None:
    freed = tuple(Allocation(plan.warehouse, sku, count) for sku, count in pieces.items() if count)
    if freed:
        outcome.order.append(StockReleased(freed))
    for part in freed:
        outcome.at((part.warehouse, part.sku), UnitsReleased(record.order.placed.order_id, part.quantity))


def _plan_less(record: OrderRecord, outcome: Outcome, known: Return, taken: Mapping[str, int]) -> None:
    """Send what replaces the accepted pieces, and free what was reserved for the others."""
    plan = known.replacement
    assert plan is not None  # an exchange is approved with one
    kept = _wanted(known, taken)
    left = {item.sku: item.quantity - kept[item.sku] for item in plan.items}
    if any(left.values()):
        outcome.order.append(_planned(known.return_id, plan.warehouse, kept))
        _free(record, outcome, plan, left)


def inspect(record: OrderRecord, return_id: UUID, items: tuple[InspectedItem, ...], *, by: str) -> Outcome:
    """Put what can be sold again into stock, and grant the refund of what is accepted: together, or neither.

    Of an exchange, what replaces the accepted pieces is sent, and the rest of it is free again.
    """
    events = decide.inspect(record.returns, return_id, items, by=by)
    outcome = Outcome([*events, *_grant(record, return_id, events, by=by)])
    known = decide.find(record.returns, return_id)
    if known.kind.replaces:
        _plan_less(record, outcome, known, {item.sku: item.accepted for item in items})
    warehouse = decide.find(record.returns, return_id).warehouse
    assert warehouse is not None  # the decider has refused what was not received
    for item in items:
        if item.restocked:
            order_id = record.order.placed.order_id
            outcome.at((warehouse, item.sku), UnitsRestocked(order_id, item.restocked))
    return outcome


def _grant(record: OrderRecord, return_id: UUID, events: Sequence[ReturnEvent], *, by: str) -> list[PaymentEvent]:
    after = fold_record(events, record)
    known = after.returns.by_id[return_id]
    amount = refund_of(record, after, known)
    if not amount or not known.accepted.total():
        return []
    kind = known.requested.kind
    return grant_refund(record.payment_state, known.grant_id, amount=amount, reason=kind, by=by)


def refund_of(before: OrderRecord, after: OrderRecord, known: Return) -> Money:
    """What is given back for the pieces that a return's last event accepted.

    Tax is that of all pieces accepted so far less what was that before, so that the parts of an order add up to
    its whole. The fee is kept of goods that come back, never of a claim. No more goes back than is left to refund.
    """
    terms, currency = known.requested.terms, after.order.currency
    goods = _worth(after) - _worth(before)
    fee = Money.zero(currency) if known.is_claim else goods.percent(terms.restocking_fee / 100)
    amount = goods - fee
    accepted = after.returns.accepted
    whole = all(accepted[line.sku] == line.quantity for line in after.order.lines)
    if whole and (known.is_claim or terms.refund_shipping):
        totals = after.order.totals
        amount += totals.total - _worth(after)
    money = after.payment
    left = money.captured - money.granted - money.charged_back
    return max(min(amount, left), Money.zero(currency))


def _worth(record: OrderRecord) -> Money:
    """What all pieces cost that were accepted so far, with their tax."""
    return cost_of(record, {sku: pieces for sku, pieces in record.returns.accepted.items() if pieces})
