"""What the workflows of an order would do next, read off its stream. They run side by side: any may be next.

It is the order's workflow and those of its refunds and returns (`workflows/`) without their waiting. Each entry
is the label of a step, and what does it.
"""

from collections.abc import Iterator

from activities.amendments import REST
from activities.contracts import CancelStep, ReleaseHoldStep
from activities.payment_contracts import AuthorizeStep, CaptureStep, RenewStep
from activities.stock_contracts import ReserveStep, TakeUpStep
from domain.identifiers import return_of_parcel
from domain.lost import grant_of
from domain.orders.events import Decision, HoldScope
from domain.orders.model import OrderStatus
from domain.parcels import first_plans, unrevised
from domain.payments.decide import capture_left
from domain.payments.model import Asking, label_of
from domain.record import OrderRecord
from tests.support.world.aftercare import Aftercare
from tests.support.world.changing import Changing
from tests.support.world.outside import LIFETIME
from tests.support.world.parcels import DECIDE_WITHIN, RENEW_BEFORE, Entry, left


class Agenda(Changing, Aftercare):
    """All the steps, and which of them could be done now."""

    def entries(self) -> list[Entry]:
        """All that could be done now; what is parked for an operator is not."""
        record = self.world.record(self.life)
        parked = {step.rpartition("#")[0] for step in record.order.stalled}
        found = [*self._open(record), *self._grants(record), *self._returns(record)]
        return [entry for entry in found if entry[0] not in parked and not covered(record, entry[0])]

    def _open(self, record: OrderRecord) -> Iterator[Entry]:
        order = record.order
        if order.status.terminal:
            return
        yield from self._expired_holds(record)
        if order.status is OrderStatus.CANCELLING:
            yield from self._undoing(record)
            return
        yield from self._renewing(record)
        if order.status is OrderStatus.PLACED:
            yield from self._securing(record)
        else:
            amending = order.amendment is not None
            yield from self._sending(record, paused=amending)
            if amending:
                yield from self._amending(record)
            else:
                yield from self._settling(record)

    def _expired_holds(self, record: OrderRecord) -> Iterator[Entry]:
        world = self.world
        for name, hold in record.order.holds.items():
            if hold.expires_at and hold.expires_at <= world.now:
                yield (
                    f"expire-hold:{name}",
                    lambda name=name: world.step(  # type: ignore[misc]
                        self.life,
                        f"expire-hold:{name}",
                        world.holds.release_hold,
                        lambda step: ReleaseHoldStep(step, name, "", expired_at=world.now),
                    ),
                )

    # Securing

    def _securing(self, record: OrderRecord) -> Iterator[Entry]:
        world, life, money = self.world, self.life, record.payment
        if life.shortage:
            yield "give-up", lambda: self._give_up("out of stock")
        elif record.short or record.order.decision:
            yield (
                "take-up",
                lambda: world.step(
                    life, "take-up", world.inventory.take_up_stock, lambda step: TakeUpStep(step, world.now)
                ),
            )
        elif not record.secured:
            yield "reserve", self._reserve
        elif money.open >= record.order.owed and not money.authorizing:
            yield "confirm", lambda: world.step(life, "confirm", world.orders.confirm_order, lambda step: step)
        elif money.declines > len(money.chosen):
            yield "give-up", lambda: self._give_up("payment declined")
        else:
            until = world.now + LIFETIME
            yield (
                "authorize",
                lambda: world.step(
                    life, "authorize", world.payments.authorize_payment, lambda step: AuthorizeStep(step, until)
                ),
            )

    def _reserve(self) -> None:
        world, until = self.world, self.world.now + DECIDE_WITHIN
        reserved = world.step(
            self.life,
            "reserve",
            world.inventory.reserve_stock,
            lambda step: ReserveStep(
                step, until, Decision.CANCEL if self.life.order_id.int % 2 else Decision.DROP
            ),
        )
        if reserved:
            self.life.shortage = reserved.shortage

    def _give_up(self, why: str) -> object:
        return self.world.step(
            self.life, "give-up", self.world.orders.request_cancellation, lambda step: CancelStep(step, why)
        )

    def _renewing(self, record: OrderRecord) -> Iterator[Entry]:
        world, life, money = self.world, self.life, record.payment
        if any(each.open for each in money.replaced):
            yield (
                "void:renewed",
                lambda: world.step(life, "void:renewed", world.payments.void_replaced, lambda step: step),
            )
        due = money.expires_at is not None and money.expires_at - RENEW_BEFORE <= world.now
        waits = money.renewal_declined and money.declines > len(money.chosen)
        pending = any(label_of(step) == "reauthorize" for step in money.pending)
        if pending or (due and not waits and not money.authorizing):
            by, until = world.now + RENEW_BEFORE, world.now + LIFETIME
            yield (
                "reauthorize",
                lambda: world.step(
                    life,
                    "reauthorize",
                    world.payments.renew_authorization,
                    lambda step: RenewStep(step, by, until),
                ),
            )

    # Settling

    def _settling(self, record: OrderRecord) -> Iterator[Entry]:
        world, life, money = self.world, self.life, record.payment
        own = [step for step in money.pending if label_of(step).partition(":")[0] != "give-back"]
        if record.rest or any(label_of(step) == "void" for step in own):
            yield "void", lambda: world.step(life, "void", world.payments.void_rest, lambda step: step)
        if not record.all_delivered or not self._captured(record) or self._to_refund(record):
            return
        excess = record.excess or any(label_of(step) == "refund:excess" for step in own)
        if excess:
            yield "refund:excess", self._refund_excess
        elif record.settled < record.order.owed:
            yield f"capture:{REST}", self._capture_rest
        elif not own and not money.open:
            yield "complete", lambda: world.step(life, "complete", world.orders.complete_order, lambda step: step)

    def _captured(self, record: OrderRecord) -> bool:
        return all(
            capture_left(record.payment, plan.shipment_id, plan.share).minor <= 0 for plan in first_plans(record)
        ) and not any(
            asked.kind is Asking.CAPTURE and asked.shipment_id != REST for asked in record.payment.pending.values()
        )

    def _to_refund(self, record: OrderRecord) -> bool:
        """Whether a lost parcel's refund is not given back."""
        money = record.payment
        names = [grant_of(name) for name in record.shipments.by_id]
        return any(left(record, f"refund:{name}", name) for name in names if name in money.grants)

    def _refund_excess(self) -> object:
        world, gap = self.world, self.world.do(self.world.amendments.find_gap, self.life.step("settle"))
        assert gap is not None
        return world.step(self.life, "refund:excess", world.payments.refund_excess, lambda step: step)

    def _capture_rest(self) -> object:
        world, gap = self.world, self.world.do(self.world.amendments.find_gap, self.life.step("settle"))
        assert gap is not None
        share = gap.share
        assert share is not None
        return world.step(
            self.life,
            f"capture:{REST}",
            world.payments.capture_payment,
            lambda step: CaptureStep(step, REST, share),
        )


def covered(record: OrderRecord, label: str) -> bool:
    """Whether a hold keeps the step from beginning, or the order might not be paid."""
    name, _, parcel = label.partition(":")
    if return_of_parcel(parcel):
        return False
    if name == "book" and record.payment.lapsing:
        return True
    held = False
    for hold in record.order.holds.values():
        money, parcels = name in ("authorize", "capture"), name == "book"
        match hold.scope:
            case HoldScope.ORDER:
                held = money or parcels or name in ("reserve", "confirm")
            case HoldScope.PAYMENT:
                held = money
            case HoldScope.LINE:
                plans = {plan.shipment_id: plan for plan in first_plans(record)}
                plan = plans.get(parcel)
                held = parcels and plan is not None and hold.subject in {item.sku for item in plan.items}
            case HoldScope.SHIPMENT:
                held = parcels and unrevised(parcel) == unrevised(hold.subject or "")
        if held:
            return True
    return False
