"""Holds: whatever must not begin while somebody looks at it. Several may be in force at once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from domain.errors import InvalidValue, NotAllowed, NotFound
from domain.orders.decide import expect_open
from domain.orders.events import HoldPlaced, HoldReleased, HoldScope, OrderEvent
from domain.orders.model import Order, OrderState, OrderStatus

MAX_HOLDS: Final = 20
"""Holds of one order in force at once."""


def place_hold(state: OrderState, hold: HoldPlaced, *, parcels: Collection[str], at: datetime) -> list[OrderEvent]:
    """Keep what the hold's scope covers from beginning.

    Args:
        parcels: Ids of the parcels that have not left: what a hold on a shipment may name.
        at: The present, which an expiry has to lie behind.
    """
    order = expect_open(state)
    if order.status is OrderStatus.CANCELLING:
        raise NotAllowed(
            "the order is being cancelled; there is nothing to hold",
            code="invalid-transition",
            details={"status": order.status},
        )
    if hold.expires_at is not None and hold.expires_at <= at:
        raise InvalidValue("a hold expires in the future, or not at all", code="invalid-expiry")
    _check_subject(order, hold, parcels)
    if len(order.holds) >= MAX_HOLDS:
        raise NotAllowed(f"the order has {MAX_HOLDS} holds; release one first", code="too-many-holds")
    return [hold]


def _check_subject(order: Order, hold: HoldPlaced, parcels: Collection[str]) -> None:
    known: Mapping[HoldScope, Collection[str]] = {
        HoldScope.LINE: [line.sku for line in order.lines],
        HoldScope.SHIPMENT: parcels,
    }
    if hold.scope not in known:
        if hold.subject is not None:
            raise InvalidValue(f"a hold on the {hold.scope} names no subject", code="invalid-subject")
        return
    if hold.subject not in known[hold.scope]:
        possible = sorted(known[hold.scope])
        raise InvalidValue(
            f"a hold on a {hold.scope} names one of: {', '.join(possible) or 'none there is now'}",
            code="invalid-subject",
            details={"possible": possible},
        )


def release_hold(state: OrderState, hold_id: str, *, reason: str, released_by: str) -> list[OrderEvent]:
    order = expect_open(state)
    if hold_id not in order.holds:
        raise NotFound(
            f"the order has no hold {hold_id} in force",
            code="hold-not-found",
            details={"holds": sorted(order.holds)},
        )
    return [HoldReleased(hold_id, reason, released_by)]


def expire_hold(state: OrderState, hold_id: str, *, at: datetime, by: str) -> list[OrderEvent]:
    """Release a hold whose time is over; nothing when somebody released it before, or the order has ended."""
    if not isinstance(state, Order) or state.status.terminal:
        return []
    hold = state.holds.get(hold_id)
    if hold is None or hold.expires_at is None or at < hold.expires_at:
        return []
    return [HoldReleased(hold_id, "its time is over", by, expired=True)]
