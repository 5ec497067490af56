"""What an order's workflow would do next with an amendment that is under way, or a cancellation."""

from collections.abc import Iterator

from activities.amendment_contracts import RejectAmendmentStep
from activities.contracts import Refusal, RejectStep
from activities.payment_contracts import AuthorizeMoreStep, VoidMoreStep
from activities.shipping_contracts import StopParcelStep
from domain.orders.model import OrderStatus
from domain.parcels import first_plans
from domain.payments.model import Asking, label_of
from domain.record import OrderRecord
from domain.shipping.events import PlannedParcel, TrackingStatus
from tests.support.world.outside import LIFETIME
from tests.support.world.parcels import Entry, Parcels
from tests.support.world.world import refused


class Changing(Parcels):
    """Steps that stop parcels."""

    # Amending

    def _amending(self, record: OrderRecord) -> Iterator[Entry]:
        world, life = self.world, self.life
        found = world.do(world.amendments.find_amendment, life.step("find-amendment"))
        assert found is not None
        name = found.amendment_id
        assert name is not None
        more = f"authorize-more:{name}"
        authorizing = any(label_of(step) == more for step in record.payment.pending)
        if name in life.given_up:
            yield f"void:{name}", lambda: self._undo_more(name)
        elif name in life.declined:
            yield f"reject-amendment:{name}", lambda: self._reject_amendment(name)
        elif found.to_stop and not authorizing and (stops := self._stopping(record, found.to_stop)):
            yield stops[0], lambda: self._stop_for(name, stops[1])
        elif any(each.open for each in record.payment.replaced):
            return  # a renewal comes to its end first
        elif authorizing or found.to_authorise:
            amount, until = found.to_authorise or record.order.totals.total, world.now + LIFETIME
            yield (
                more,
                lambda: self._note(
                    name,
                    world.step(
                        life,
                        more,
                        world.payments.authorize_more,
                        lambda step: AuthorizeMoreStep(step, amount, "amendment", until),
                    ),
                ),
            )
        else:
            yield (
                f"apply-amendment:{name}",
                lambda: world.step(
                    life, f"apply-amendment:{name}", world.amendments.apply_amendment, lambda step: step
                ),
            )

    def _stopping(self, record: OrderRecord, names: tuple[str, ...]) -> tuple[str, PlannedParcel] | None:
        plans = {plan.shipment_id: plan for plan in first_plans(record)}
        for name in names:
            parcel = record.shipments.by_id.get(name)
            booked = parcel is not None and parcel.status is not TrackingStatus.CANCELLED
            asked = self._may_be_booked(f"book:{name}")
            if booked or asked:
                return f"unbook:{name}", plans[name]
        return None

    def _stop_for(self, amendment: str, plan: PlannedParcel) -> None:
        if self._stop(plan) is False:
            self.life.declined.add(amendment)

    def _stop(self, plan: PlannedParcel) -> bool | None:
        """False when the carrier has it; None while nobody knows."""
        world, life, name = self.world, self.life, plan.shipment_id
        parcel = world.record(life).shipments.by_id.get(name)
        booked = parcel is not None and parcel.status is not TrackingStatus.CANCELLED
        effect = world.step(
            life,
            f"unbook:{name}",
            world.shipping.cancel_booking,
            lambda step: StopParcelStep(step, plan, life.step(f"book:{name}").key),
        )
        if effect is None:
            return None
        if refused(effect):
            return False
        if not booked:
            life.tries[f"book:{name}"] += 1
        return True

    def _note(self, amendment: str, effect: object) -> None:
        if refused(effect):
            self.life.declined.add(amendment)

    def _undo_more(self, name: str) -> None:
        world, life = self.world, self.life
        asked = life.step(f"authorize-more:{name}").key
        effect = world.step(life, f"void:{name}", world.payments.void_more, lambda step: VoidMoreStep(step, asked))
        if effect is not None and not refused(effect):
            life.given_up.discard(name)
            life.declined.add(name)

    def _reject_amendment(self, name: str) -> object:
        refusal = Refusal("payment-declined", "it is declined")
        world = self.world
        return world.step(
            self.life,
            f"reject-amendment:{name}",
            world.amendments.reject_amendment,
            lambda step: RejectAmendmentStep(step, refusal),
        )

    # Undoing

    def _undoing(self, record: OrderRecord) -> Iterator[Entry]:
        world, life, money = self.world, self.life, record.payment
        if any(label_of(step) == "void:renewed" for step in money.pending):
            yield (
                "void:renewed",
                lambda: world.step(life, "void:renewed", world.payments.void_replaced, lambda step: step),
            )
        if record.shipments.any_dispatched or life.collected:
            yield "reject", self._reject
        elif plan := self._to_stop(record):
            yield f"unbook:{plan.shipment_id}", lambda: self._stop_all(plan)
        elif money.open or money.authorizing or any(each.kind is Asking.VOID for each in money.pending.values()):
            yield "void", lambda: world.step(life, "void", world.payments.void_payment, lambda step: step)
        elif money.paid:
            yield "refund", lambda: world.step(life, "refund", world.payments.refund_payment, lambda step: step)
        elif record.reserved:
            yield (
                "release",
                lambda: world.step(life, "release", world.inventory.release_stock, lambda step: step),
            )
        else:
            yield "cancel", lambda: world.step(life, "cancel", world.orders.close_cancelled, lambda step: step)

    def _to_stop(self, record: OrderRecord) -> PlannedParcel | None:
        for plan in first_plans(record) if record.order.resumed is OrderStatus.CONFIRMED else ():
            parcel = record.shipments.by_id.get(plan.shipment_id)
            booked = parcel is not None and parcel.status is not TrackingStatus.CANCELLED
            if booked or self._may_be_booked(f"book:{plan.shipment_id}"):
                return plan
        return None

    def _stop_all(self, plan: PlannedParcel) -> None:
        if self._stop(plan) is False:
            self.life.collected = True

    def _reject(self) -> None:
        done = self.world.step(
            self.life,
            "reject",
            self.world.orders.reject_cancellation,
            lambda step: RejectStep(step, "a parcel was collected"),
        )
        self.life.collected = self.life.collected and done is None
