"""Steps of an amendment on our own database: staged, then applied or rejected, each with the stock it moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from temporalio import activity

from activities.amendment_contracts import Amending, Gap, RejectAmendmentStep, StageStep
from activities.contracts import Refusal, Step
from activities.order_stream import LoadedOrder, check_version, load_order
from activities.stock_changes import StockWriter
from domain import amending
from domain.availability import Outcome, Place, Stock
from domain.money import Money
from domain.orders.events import AmendmentRejected, AmendmentRequested, OrderAmended
from domain.orders.model import OrderStatus
from domain.parcels import first_plans
from domain.record import OrderRecord
from eventstore.store import EventStore

REST = "rest"
"""The name under which that part of the price is captured that is in no parcel's share."""

_OF_AMENDMENTS = (AmendmentRequested, OrderAmended, AmendmentRejected)


@dataclass(frozen=True, slots=True)
class AmendmentActivities:
    store: EventStore
    stock: StockWriter

    @activity.defn
    async def stage_amendment(self, given: StageStep) -> Amending:
        """Ask for other terms, and take the stock that they need beyond the order's."""
        step = given.step
        order = await load_order(self.store, step.order_id)
        order.check_fingerprint(step.key, step.fingerprint)
        await check_version(self.store, step, given.expected_version)
        decide = amending.cancel_line if given.whole else amending.stage

        def decided(record: OrderRecord, stock: Stock) -> Outcome:
            return decide(
                record, stock, self.stock.warehouses, given.amendment, reason=given.reason, by=step.actor
            )

        skus = [*given.amendment.quantities, *(line.sku for line in given.amendment.added)]
        places = amending.places_of(order.record, skus, self.stock.warehouses) if order.record.placed else []
        self.stock.doubt(places)
        changed = await self.stock.change(step, places, decided)
        return self._of_step(changed.order, step.key, changed.served)

    @activity.defn
    async def apply_amendment(self, step: Step) -> Amending:
        """The terms that were asked for are the order's; what it needs no longer is free again."""
        places = await self._held(step)
        changed = await self.stock.change(
            step, places, lambda record, stock: amending.apply(record, stock, self.stock.warehouses)
        )
        return self._of_step(changed.order, step.key, changed.served)

    @activity.defn
    async def reject_amendment(self, given: RejectAmendmentStep) -> Amending:
        """The order stays as it was; what was taken for the amendment is free again."""
        step, refusal = given.step, given.refusal
        places = await self._held(step)
        changed = await self.stock.change(
            step,
            places,
            lambda record, stock: amending.reject(record, stock, code=refusal.code, reason=refusal.message),
        )
        return self._of_step(changed.order, step.key, changed.served)

    async def _held(self, step: Step) -> Sequence[Place]:
        order = await load_order(self.store, step.order_id)
        places = amending.places_of(order.record, (), self.stock.warehouses)
        self.stock.doubt(places)
        return places

    @activity.defn
    async def find_amendment(self, step: Step) -> Amending:
        """How the amendment stands that is under way, for a workflow that starts over it."""
        order = await load_order(self.store, step.order_id)
        staged = order.record.order.amendment
        assert staged is not None  # the workflow has just read that there is one
        return self._standing(order, staged.amendment_id, order.version)

    @activity.defn
    async def find_gap(self, step: Step) -> Gap:
        """What is still to be captured or given back of an amended order, once every parcel has left."""
        record = (await load_order(self.store, step.order_id)).record
        missing = record.order.owed - record.settled
        before = record.payment.shares.get(REST, Money.zero(missing.currency))
        return Gap(missing + before if missing.minor > 0 else None, excess=bool(record.excess))

    def _of_step(self, order: LoadedOrder, key: str, served: tuple[UUID, ...] = ()) -> Amending:
        names = [event.amendment_id for event in order.of_step(key) if isinstance(event, _OF_AMENDMENTS)]
        return self._standing(order, names[0] if names else None, order.version_of(key), served)

    def _standing(
        self, order: LoadedOrder, name: str | None, version: int, served: tuple[UUID, ...] = ()
    ) -> Amending:
        record, staged = order.record, order.record.order.amendment
        under_way = staged is not None and name == staged.amendment_id
        return Amending(
            version,
            name,
            under_way,
            first_plans(record),
            to_stop=amending.to_stop(record, self.stock.warehouses) if under_way else (),
            to_authorise=amending.to_authorise(record, staged.terms) if staged and under_way else None,
            refusal=_refusal(order, name),
            cancelling=record.order.status is OrderStatus.CANCELLING,
            early=record.order.status is OrderStatus.PLACED,
            served=served,
        )


def rejection_of(order: LoadedOrder, key: str) -> Refusal | None:
    """Why the amendment that a command staged was rejected, if it was."""
    names = [event.amendment_id for event in order.of_step(key) if isinstance(event, AmendmentRequested)]
    return _refusal(order, names[0]) if names else None


def _refusal(order: LoadedOrder, name: str | None) -> Refusal | None:
    for key in order.steps:
        for event in order.of_step(key):
            if isinstance(event, AmendmentRejected) and event.amendment_id == name:
                return Refusal(event.code, event.reason)
    return None
