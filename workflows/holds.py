"""The holds of one order, as its workflow knows them: what they cover, and when their time is over."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import ReleaseHoldStep, Step
    from activities.holds import HoldActivities
    from domain.orders.events import HoldPlaced, HoldScope
    from domain.parcels import unrevised
    from domain.shipping.events import PlannedParcel

from workflows.saga import Saga

MONEY: Final = frozenset({"authorize", "capture"})
PARCEL: Final = frozenset({"book"})
COVERED: Final = MONEY | PARCEL | {"reserve", "confirm"}
"""Steps that begin something new. What undoes, or notes a fact, is never held."""


class Holds:
    """Tells the saga which steps may not begin. A task releases each hold whose time is over."""

    def __init__(self, saga: Saga) -> None:
        self._saga = saga
        self._holds: Sequence[HoldPlaced] = ()
        self._goods: Mapping[str, frozenset[str]] = {}
        self._over = False
        saga.holding.append(self.covers)

    def know(self, holds: Sequence[HoldPlaced]) -> None:
        """Take all the holds that are in force now."""
        self._holds = tuple(holds)

    def plan(self, parcels: Sequence[PlannedParcel]) -> None:
        """Take what each parcel holds: a hold on a line covers the parcels with its goods."""
        self._goods = {parcel.shipment_id: frozenset(item.sku for item in parcel.items) for parcel in parcels}

    def covers(self, label: str) -> bool:
        name, _, parcel = label.partition(":")
        return name in COVERED and any(self._covers(hold, name, parcel) for hold in self._holds)

    def _covers(self, hold: HoldPlaced, name: str, parcel: str) -> bool:
        match hold.scope:
            case HoldScope.ORDER:
                return True
            case HoldScope.PAYMENT:
                return name in MONEY
            case HoldScope.LINE:
                return name in PARCEL and hold.subject in self._goods.get(parcel, ())
            case HoldScope.SHIPMENT:
                return name in PARCEL and unrevised(parcel) == unrevised(hold.subject or "")

    def end(self) -> None:
        """The order has ended: nothing is released any more."""
        self._over = True

    async def expire(self) -> None:
        """Release holds as their time comes, until the order ends. The deadline stands in the event."""
        while not self._over:
            hold = self._next()
            if hold is None or hold.expires_at is None:
                await workflow.wait_condition(lambda: self._over or self._next() is not None)
            elif await self._time_comes(hold, hold.expires_at):
                await self._release(hold)

    def _next(self) -> HoldPlaced | None:
        """The hold that expires first."""
        dated = [hold for hold in self._holds if hold.expires_at is not None]
        return min(dated, key=lambda hold: (hold.expires_at, hold.hold_id), default=None)

    async def _time_comes(self, hold: HoldPlaced, expires_at: datetime) -> bool:
        left = max(expires_at - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(
                lambda: self._over or self._next() != hold, timeout=left, timeout_summary=f"hold {hold.hold_id}"
            )
        except TimeoutError:
            return True
        return False

    async def _release(self, hold: HoldPlaced) -> None:
        step = Step(self._saga.order_id, f"expire-hold:{hold.hold_id}")
        given = ReleaseHoldStep(step, hold.hold_id, "", expired_at=workflow.now())
        held = await self._saga.own(HoldActivities.release_hold, given, note=f"hold {hold.hold_id} expires")
        self.know(held.holds)
        if not self._over:
            self._saga.show_status(held.status)
