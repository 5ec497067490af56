"""Steps that only change the order's own stream: own database, no outside effect."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities.contracts import (
    AssignStep,
    CancelStep,
    Commanded,
    NoteStep,
    Placed,
    PlaceStep,
    Refusal,
    RejectStep,
    ResolveStep,
    Resumed,
    StallStep,
    Step,
    StepDone,
)
from activities.order_stream import Decide, LoadedOrder, check_version, load_order, run_step
from activities.payment_contracts import ChargebackStep
from activities.resuming import answer_stalls, resumed
from activities.stock_contracts import OfferStep
from domain.errors import DomainError
from domain.orders import decide
from domain.orders.availability import offer_substitute
from domain.orders.events import OrderEvent
from domain.orders.model import OrderStatus
from domain.payments.decide import open_chargeback
from domain.record import OrderRecord
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class OrderActivities:
    """`clock` gives the present time, UTC."""

    store: EventStore
    clock: Callable[[], datetime]

    @activity.defn
    async def place_order(self, given: PlaceStep) -> Placed:
        """Load the order, or place it. A refusal is an outcome too: the placing key repeats it."""
        try:
            order = await load_order(self.store, given.step.order_id)
            if not order.version:
                order = await run_step(
                    self.store,
                    given.step,
                    lambda record: decide.place(record.order_state, given.command, self.clock()),
                    known=order,
                )
        except DomainError as refused:
            return _refused(given, refused)
        return _placed(order, given.step)

    @activity.defn
    async def resume_order(self, step: Step) -> Resumed:
        """Find out where the order stands. What was stalled is tried again, so its stalls are answered here."""
        return resumed(await run_step(self.store, step, answer_stalls))

    @activity.defn
    async def confirm_order(self, step: Step) -> StepDone:
        return await self._run(
            step,
            lambda record: decide.confirm(
                record.order_state, reserved=record.secured, authorized=record.payment.open
            ),
        )

    @activity.defn
    async def offer_substitute(self, given: OfferStep) -> StepDone:
        return await self._run(
            given.step,
            lambda record: offer_substitute(
                record.order_state, given.sku, given.substitute, short=record.short, by=given.step.actor
            ),
        )

    @activity.defn
    async def request_cancellation(self, given: CancelStep) -> Commanded:
        def decided(record: OrderRecord) -> list[OrderEvent]:
            return decide.request_cancellation(
                record.order_state,
                dispatched=record.shipments.any_dispatched,
                reason=given.reason,
                requested_by=given.step.actor,
            )

        await check_version(self.store, given.step, given.expected_version)
        return _commanded(given.step, await run_step(self.store, given.step, decided))

    @activity.defn
    async def reject_cancellation(self, given: RejectStep) -> StepDone:
        return await self._run(
            given.step, lambda record: decide.reject_cancellation(record.order_state, reason=given.reason)
        )

    @activity.defn
    async def close_cancelled(self, step: Step) -> StepDone:
        return await self._run(
            step,
            lambda record: decide.cancel(record.order_state, held=record.payment.held, reserved=record.reserved),
        )

    @activity.defn
    async def complete_order(self, step: Step) -> StepDone:
        return await self._run(
            step,
            lambda record: decide.complete(
                record.order_state,
                delivered=record.all_delivered,
                paid=record.settled,
                authorized=record.payment.open,
            ),
        )

    @activity.defn
    async def record_stall(self, given: StallStep) -> StepDone:
        return await self._run(
            given.step,
            lambda record: decide.stall(
                record.order_state, step=given.stalled, error_type=given.error_type, error=given.error
            ),
        )

    @activity.defn
    async def resolve_step(self, given: ResolveStep) -> Commanded:
        order = await run_step(
            self.store,
            given.step,
            lambda record: decide.resolve_step(
                record.order_state,
                step=given.stalled,
                action=given.action,
                reason=given.reason,
                resolved_by=given.step.actor,
                dispatched=record.shipments.any_dispatched,
            ),
        )
        return _commanded(given.step, order)

    @activity.defn
    async def record_chargeback(self, given: ChargebackStep) -> Commanded:
        """Note that the customer's bank took captured money back: no effect of ours, so only this."""
        order = await run_step(
            self.store,
            given.step,
            lambda record: open_chargeback(
                record.payment,
                reference=given.reference,
                amount=given.amount,
                reason=given.reason,
            ),
        )
        return _commanded(given.step, order)

    @activity.defn
    async def assign_order(self, given: AssignStep) -> Commanded:
        def decided(record: OrderRecord) -> list[OrderEvent]:
            return decide.assign(
                record.order_state,
                assignee=given.assignee,
                reason=given.reason,
                assigned_by=given.step.actor,
            )

        return _commanded(given.step, await run_step(self.store, given.step, decided))

    @activity.defn
    async def note_order(self, given: NoteStep) -> Commanded:
        def decided(record: OrderRecord) -> list[OrderEvent]:
            return decide.note(record.order_state, text=given.note, noted_by=given.step.actor)

        return _commanded(given.step, await run_step(self.store, given.step, decided))

    async def _run(self, step: Step, decided: Decide) -> StepDone:
        order = await run_step(self.store, step, decided)
        return StepDone(order.version_of(step.key))


def _commanded(step: Step, order: LoadedOrder) -> Commanded:
    return Commanded(order.version_of(step.key), order.record.status is OrderStatus.CANCELLING)


def _placed(order: LoadedOrder, step: Step) -> Placed:
    placed = order.record.order.placed
    return Placed(
        order_id=order.order_id,
        order_number=placed.order_number,
        customer_id=placed.customer_id,
        fingerprint=placed.fingerprint,
        version=order.version,
        payment_method=placed.payment_method,
        total=order.record.order.totals.total,
        status=order.record.status,
        placed_at=placed.placed_at,
        placed_version=order.steps[step.key][-1][0] if step.key in order.steps else 1,
        holds=tuple(order.record.order.holds.values()),
    )


def _refused(given: PlaceStep, refused: DomainError) -> Placed:
    command = given.command
    return Placed(
        order_id=command.order_id,
        order_number=command.order_number,
        customer_id=command.customer_id,
        fingerprint=command.fingerprint,
        version=0,
        payment_method=command.payment_method,
        total=command.totals.total,
        refusal=Refusal(refused.code, refused.message),
    )
