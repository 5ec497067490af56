"""What the workflows of an order would do next with a parcel, read off the stream."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from activities.lost_contracts import DispatchStep, LoseStep
from activities.payment_contracts import CaptureStep
from activities.refunds import GrantedRefundStep
from activities.shipping_contracts import ParcelStep, TrackStep
from domain.identifiers import return_of_parcel
from domain.lost import grant_of
from domain.parcels import plans_of
from domain.payments.decide import capture_left
from domain.payments.model import label_of
from domain.record import OrderRecord
from domain.shipping.events import PlannedParcel, TrackingStatus
from domain.shipping.model import Shipment
from tests.support.world.world import Life, World

RENEW_BEFORE: Final = timedelta(days=1)
DELIVER_WITHIN: Final = timedelta(days=5)
DECIDE_WITHIN: Final = timedelta(days=1)

Entry = tuple[str, Callable[[], object]]


class Parcels:
    """The steps of one parcel."""

    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life

    def _sending(self, record: OrderRecord, *, paused: bool) -> Iterator[Entry]:
        for plan in plans_of(record):
            if return_of_parcel(plan.shipment_id) is None:
                yield from self._parcel(record, plan, paused=paused)

    def _parcel(self, record: OrderRecord, plan: PlannedParcel, *, paused: bool = False) -> Iterator[Entry]:
        name, parcel = plan.shipment_id, record.shipments.by_id.get(plan.shipment_id)
        if parcel is None or parcel.status is TrackingStatus.CANCELLED:
            if not paused:
                yield (
                    f"book:{name}",
                    lambda: self.world.step(
                        self.life,
                        f"book:{name}",
                        self.world.shipping.book_shipment,
                        lambda step: ParcelStep(step, plan),
                    ),
                )
        elif not parcel.dispatched:
            yield from self._collected(plan, parcel)
        else:
            share = capture_left(record.payment, name, plan.share)
            capturing = any(asked.shipment_id == name for asked in record.payment.pending.values())
            if capturing or share.minor > 0:
                yield f"capture:{name}", lambda: self._capture(name, plan)
            else:
                yield from self._underway(record, plan, parcel)

    def _collected(self, plan: PlannedParcel, parcel: Shipment) -> Iterator[Entry]:
        world, name = self.world, plan.shipment_id
        if self._carrier_says(parcel.booking).rank < TrackingStatus.DISPATCHED.rank:
            yield f"collect:{name}", lambda: world.carrier.move(parcel.booking, TrackingStatus.DISPATCHED)
            return
        by = None if return_of_parcel(name) else world.now + DELIVER_WITHIN
        yield (
            f"dispatch:{name}",
            lambda: world.step(
                self.life,
                f"dispatch:{name}",
                world.inventory.dispatch_parcel,
                lambda step: DispatchStep(step, plan, by),
            ),
        )

    def _capture(self, name: str, plan: PlannedParcel) -> object:
        world = self.world
        return world.step(
            self.life,
            f"capture:{name}",
            world.payments.capture_payment,
            lambda step: CaptureStep(step, name, plan.share),
        )

    def _underway(self, record: OrderRecord, plan: PlannedParcel, parcel: Shipment) -> Iterator[Entry]:
        world, name = self.world, plan.shipment_id
        if parcel.status is TrackingStatus.DELIVERED:
            return
        if self._carrier_says(parcel.booking) is TrackingStatus.DELIVERED:
            yield (
                f"deliver:{name}",
                lambda: world.step(
                    self.life,
                    f"deliver:{name}",
                    world.shipping.deliver_parcel,
                    lambda step: ParcelStep(step, plan),
                ),
            )
            return
        yield f"arrive:{name}", lambda: self._arrives(name, parcel)
        deadline = parcel.deliver_by
        if parcel.status is not TrackingStatus.LOST and deadline and world.now >= deadline:
            yield (
                f"lose:{name}",
                lambda: world.step(
                    self.life,
                    f"lose:{name}",
                    world.lost.lose_parcel,
                    lambda step: LoseStep(step, name, deadline),
                ),
            )
        if (grant := grant_of(name)) in record.payment.grants:
            yield from self._given_back(record, grant, f"refund:{grant}")

    def _arrives(self, name: str, parcel: Shipment) -> None:
        world = self.world
        world.carrier.move(parcel.booking, TrackingStatus.DELIVERED)
        world.do(world.shipping.track_parcel, TrackStep(self.life.order_id, name))

    def _carrier_says(self, booking: str) -> TrackingStatus:
        return next(each.status for each in self.world.carrier.books.values() if each.reference == booking)

    def _may_be_booked(self, label: str) -> bool:
        """Whether the carrier may have been asked under the next try's key."""
        key = self.life.step(label).key
        return (self.life.order_id, key) in self.world.carrier.books

    def _given_back(self, record: OrderRecord, grant_id: str, label: str) -> Iterator[Entry]:
        world = self.world
        if left(record, label, grant_id):
            yield (
                label,
                lambda: world.step(
                    self.life,
                    label,
                    world.payments.refund_granted,
                    lambda step: GrantedRefundStep(step, grant_id),
                ),
            )


def left(record: OrderRecord, label: str, grant_id: str) -> bool:
    """Whether a grant is not given back, or nobody knows."""
    money = record.payment
    given = money.given_back.get(label)
    pending = any(label_of(step) == label for step in money.pending)
    return pending or given is None or given < money.grants[grant_id]
