"""Steps on lost parcels: own database only. A replacement's stock is reserved with the answer."""

from dataclasses import dataclass

from temporalio import activity

from activities.lost_contracts import AnswerLostStep, LoseStep, LostParcel
from activities.order_stream import LoadedOrder, load_order, run_step
from activities.stock_changes import StockWriter
from domain import lost
from domain.availability import Outcome, Stock
from domain.errors import NotAllowed
from domain.money import Money
from domain.parcels import first_plans, plans_of
from domain.record import OrderRecord
from domain.shipping import decide
from domain.shipping.events import LostAnswer, TrackingStatus
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class LostParcelActivities:
    store: EventStore
    stock: StockWriter

    @activity.defn
    async def lose_parcel(self, given: LoseStep) -> LostParcel:
        """The parcel's time to arrive is over."""
        order = await run_step(
            self.store,
            given.step,
            lambda record: decide.lose(record.shipments, given.shipment_id, given.deliver_by),
        )
        return _standing(order, given.shipment_id, given.step.key)

    @activity.defn
    async def answer_lost(self, given: AnswerLostStep) -> LostParcel:
        """Send the goods again, or grant the refund."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        order.check_fingerprint(step.key, step.fingerprint)
        replacing = given.answer is LostAnswer.REPLACE and order.record.placed
        places = lost.places_of(order.record, given.shipment_id, self.stock.warehouses) if replacing else []
        self.stock.doubt(places)
        try:
            changed = await self.stock.change(
                step, places, lambda record, stock: self._answer(given, record, stock)
            )
        except NotAllowed:
            if not given.lenient:
                raise
            return _standing(await load_order(self.store, step.order_id), given.shipment_id, step.key)
        return _standing(changed.order, given.shipment_id, step.key)

    def _answer(self, given: AnswerLostStep, record: OrderRecord, stock: Stock) -> Outcome:
        shipment_id, reason, by = given.shipment_id, given.reason, given.step.actor
        if given.answer is LostAnswer.REFUND:
            share = _share(record, shipment_id)
            return lost.answer_with_refund(record, shipment_id, share=share, reason=reason, by=by)
        return lost.answer_with_replacement(
            record, stock, self.stock.warehouses, shipment_id, reason=reason, by=by
        )


def _share(record: OrderRecord, shipment_id: str) -> Money:
    """What was captured for the parcel, or for the one that it replaces."""
    shares = {plan.shipment_id: plan.share for plan in first_plans(record)}
    replaced = {
        each.answer.replacement: each.shipment_id for each in record.shipments.by_id.values() if each.answer
    }
    while shipment_id in replaced:
        shipment_id = replaced[shipment_id]
    return shares.get(shipment_id, Money.zero(record.order.currency))


def _standing(order: LoadedOrder, shipment_id: str, key: str) -> LostParcel:
    record = order.record
    parcel = record.shipments.by_id[shipment_id]
    answer = parcel.answer
    name = answer.replacement if answer else None
    grant_id = lost.grant_of(shipment_id)
    return LostParcel(
        order.version_of(key),
        answer=answer.answer if answer else None,
        arrived=answer is None and parcel.status is TrackingStatus.DELIVERED,
        replacement=next((plan for plan in plans_of(record) if name and plan.shipment_id == name), None),
        grant_id=grant_id if grant_id in record.payment.grants else None,
    )
