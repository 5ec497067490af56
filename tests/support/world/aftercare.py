"""What the workflows of refunds and returns would do next."""

from collections.abc import Iterator

from activities.contracts import Step
from activities.refunds import give_back_label
from activities.return_labels import MovedStep
from activities.returns import ReturnStep
from domain.identifiers import label_parcel
from domain.record import OrderRecord
from domain.returns.model import Return, ReturnStatus
from domain.shipping.events import TrackingStatus
from tests.support.world.parcels import Entry, Parcels, left


class Aftercare(Parcels):
    """Steps that go on when the order has ended."""

    def _grants(self, record: OrderRecord) -> Iterator[Entry]:
        for name in record.payment.grants:
            if not name.startswith("lost-"):
                yield from self._given_back(record, name, give_back_label(name))

    def _returns(self, record: OrderRecord) -> Iterator[Entry]:
        for known in record.returns.by_id.values():
            yield from self._label(known)
            if known.status in (ReturnStatus.REFUNDING, ReturnStatus.REPLACING):
                yield from self._replacing(record, known)

    def _label(self, known: Return) -> Iterator[Entry]:
        world, life, name = self.world, self.life, label_parcel(known.return_id)

        def given(step: Step) -> ReturnStep:
            return ReturnStep(step, known.return_id)

        label = known.label
        if known.wants_label or (label is None and self._may_be_booked(f"book:{name}")):
            yield f"book:{name}", lambda: world.step(life, f"book:{name}", world.labels.book_label, given)
        if label is None or label.cancelled:
            return
        if known.idle_label:
            yield f"unbook:{name}", lambda: world.step(life, f"unbook:{name}", world.labels.cancel_label, given)
        elif not label.arrived and known.status is ReturnStatus.APPROVED:
            said = self._carrier_says(label.booking)
            world.do(world.labels.track_label, given(life.step("look")))
            arrived = said is TrackingStatus.DELIVERED
            if said.rank >= TrackingStatus.DISPATCHED.rank and (arrived or not label.sent):
                yield (
                    f"moved:{name}",
                    lambda: world.step(
                        life,
                        f"moved:{name}",
                        world.labels.note_label,
                        lambda step: MovedStep(given(step), arrived),
                    ),
                )
            else:
                further = TrackingStatus.DELIVERED if label.sent else TrackingStatus.DISPATCHED
                yield f"fetch:{name}", lambda: world.carrier.move(label.booking, further)

    def _replacing(self, record: OrderRecord, known: Return) -> Iterator[Entry]:
        world, given = self.world, ReturnStep(self.life.step("look"), known.return_id)
        progress = world.do(world.returns.look_at_return, given)
        assert progress is not None
        plan = progress.replacement
        if plan is not None:
            parcel = record.shipments.by_id.get(plan.shipment_id)
            if parcel is None or parcel.status is not TrackingStatus.DELIVERED:
                yield from self._parcel(record, plan)
                return
        if progress.grant is None or not left(record, give_back_label(progress.grant), progress.grant):
            label = f"close-return:{known.return_id}"
            yield (
                label,
                lambda: world.step(
                    self.life, label, world.returns.close_return, lambda step: ReturnStep(step, known.return_id)
                ),
            )
