"""The life of an order: placed, reserved, authorised, confirmed, sent, delivered, completed; or undone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import CancelStep, EffectOutcome, Placed, PlaceStep, Resumed, Step
    from activities.orders import OrderActivities
    from domain.orders.model import OrderStatus
    from domain.shipping.events import PlannedParcel
    from workflows.contracts import (
        ORDER_WORKFLOW,
        AssignOrder,
        CancelOrder,
        CommandDone,
        NoteOrder,
        OpenChargeback,
        OrderInput,
        OrderOutcome,
        ResolveStalledStep,
        TrackingNews,
    )

from workflows.amendments import Amendments
from workflows.changes import OrderChanges
from workflows.commands import Commands
from workflows.fulfilment import Fulfilment, Parcel
from workflows.holds import Holds
from workflows.money import OrderMoney
from workflows.renewal import Renewal
from workflows.resetting import Life
from workflows.saga import Interrupted, Saga
from workflows.stock import Goods

R = TypeVar("R")


@workflow.defn(name=ORDER_WORKFLOW)
class OrderWorkflow(OrderChanges):
    @workflow.init
    def __init__(self, given: OrderInput) -> None:
        self._given = given
        self._placed: Placed | None = None
        self._saga = Saga(given.command.order_id, given.policies)
        self._holds = Holds(self._saga)
        self._goods = Goods(self._saga, given.policies)
        self._commands = Commands(self._saga, given.command.order_id)
        self._renewal = Renewal(self._saga, given.policies, lambda: self._methods_chosen)
        self._money = OrderMoney(self._saga, self._commands.turns, self._renewal)
        self._saga.holding.append(self._renewal.covers)
        self._fulfilment = Fulfilment(self._saga, self._money, given.policies)
        self._amendments = Amendments(self._saga, self._money, self._fulfilment, self._holds)
        self._methods_chosen = 0
        self._life = Life[OrderOutcome](lambda: self._placed is not None)

    @workflow.run
    async def run(self, given: OrderInput) -> OrderOutcome:
        return await self._shielded(self._life.begin(self._run(given)))

    async def _run(self, given: OrderInput) -> OrderOutcome:
        place = Step(given.command.order_id, "place#0", given.actor)
        placed = await self._saga.own(OrderActivities.place_order, PlaceStep(place, given.command), note="place")
        status = placed.status
        resumed = None
        if placed.went_on and not (status and status.terminal):
            resumed = await self._resume()
        self._goods.news = resumed is not None  # what came meanwhile was told to nobody
        self._holds.know(resumed.holds if resumed else placed.holds)
        self._placed = placed
        if status and not status.terminal:
            status = await self._held_in_time(self._live(resumed))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return OrderOutcome(placed.order_id, status)

    async def _held_in_time(self, life: Awaitable[OrderStatus]) -> OrderStatus:
        """Live, while holds are released and authorisations renewed as their time comes."""
        timed = asyncio.gather(self._holds.expire(), self._renewal.keep())
        status = await life
        self._holds.end()
        self._renewal.end()
        await timed
        return status

    async def _resume(self) -> Resumed:
        """Another run came further than placing: take up where the stream says it stopped."""
        step = Step(self._given.command.order_id, f"resume:{workflow.info().run_id}")
        resumed = await self._saga.own(OrderActivities.resume_order, step, note="resume")
        self._saga.resume(resumed.tries, cancelling=resumed.cancelling)
        self._fulfilment.resume(resumed.tracking)
        self._methods_chosen = resumed.methods_chosen
        self._renewal.know(resumed.payment_expires_at)
        self._amendments.any = resumed.amended
        return resumed

    # The life

    async def _live(self, resumed: Resumed | None) -> OrderStatus:
        try:
            if resumed and resumed.cancelling:
                self._fulfilment.take(await self._undo_parcels(resumed.parcels))
            else:
                await self._secure()
            if resumed and resumed.amending:
                await self._go_on_amending()
            await self._fulfilment.send_all()
            await self._amendments.settle()
            await self._money.settle()
            await self._own("complete", OrderActivities.complete_order)
        except Interrupted:
            self._saga.show_status(OrderStatus.CANCELLING)
            await self._saga.compensate()
            await self._own("cancel", OrderActivities.close_cancelled, interruptible=False)
            self._saga.show_status(OrderStatus.CANCELLED)
            return OrderStatus.CANCELLED
        self._saga.show_status(OrderStatus.COMPLETED)
        return OrderStatus.COMPLETED

    async def _go_on_amending(self) -> None:
        """Take up the amendment that an earlier run had under way, before anything is sent."""
        async with self._commands.turns.one("amend", patience=None, long=True):
            await self._amendments.carry_out(await self._amendments.find())

    async def _secure(self) -> None:
        """Reserve the goods and the money."""
        await self._reserve()
        await self._authorize()
        await self._own("confirm", OrderActivities.confirm_order)
        self._saga.show_status(OrderStatus.CONFIRMED)

    async def _reserve(self) -> None:
        self._saga.compensate_with(self._goods.release)
        reserved = await self._goods.reserve()
        if not reserved.parcels:
            await self._give_up(f"out of stock: {reserved.shortage}")
        self._holds.plan(reserved.parcels)
        self._fulfilment.take(self._fulfilment.parcels(reserved.parcels))

    async def _authorize(self) -> None:
        self._saga.compensate_with(self._money.undo)
        while True:
            effect = await self._money.authorize()
            if effect.outcome is not EffectOutcome.REFUSED:
                return
            if not await self._another_method():
                await self._give_up(f"payment declined: {effect.code}")

    async def _another_method(self) -> bool:
        """Wait until the customer has chosen what to pay with after the decline; False when its time is over."""
        allowed = self._given.policies.unpaid_expiry
        if not allowed or self._placed is None or self._placed.placed_at is None:
            return False
        left = self._placed.placed_at + timedelta(seconds=allowed) - workflow.now()
        tried = self._saga.tried("authorize")
        return left > timedelta(0) and await self._saga.wait(
            lambda: self._methods_chosen >= tried, within=left, note="another payment method"
        )

    # The undoing

    async def _undo_parcels(self, plans: Sequence[PlannedParcel]) -> list[Parcel]:
        """Go on with a cancellation that another run began; give the parcels when it came too late.

        Raises:
            Interrupted: nothing has left the house.
        """
        self._saga.compensate_with(self._goods.release)
        self._saga.compensate_with(self._money.undo)
        self._holds.plan(plans)
        parcels = self._fulfilment.parcels(plans)
        await self._fulfilment.stop_all(parcels)
        return parcels

    async def _give_up(self, reason: str) -> None:
        """Cancel for a reason of our own."""
        await self._saga.own_step(
            "give-up", OrderActivities.request_cancellation, lambda step: CancelStep(step, reason)
        )
        self._saga.cancelling = True
        raise Interrupted

    # Going on as another run

    async def _shielded(self, life: asyncio.Task[OrderOutcome]) -> OrderOutcome:
        """Await the run. A cancellation of the workflow is taken as one of the order: it never cuts a step."""
        while True:
            try:
                await workflow.wait_condition(lambda: life.done() or self._long())
            except asyncio.CancelledError:
                if life.cancelled():
                    raise
                await asyncio.shield(asyncio.create_task(self._commands.cancel_from_temporal()))
            else:
                break
        if self._life.was_reset or not life.done():
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(self._given)
        return await life

    def _long(self) -> bool:
        """Whether the history is long enough to go on without it, and nothing would be cut by that."""
        history = workflow.info()
        long = history.is_continue_as_new_suggested() or (
            history.get_current_history_length() >= self._given.policies.max_history
        )
        quiet = self._saga.quiet and not self._commands.turns.under_way
        return long and quiet and self._placed is not None and workflow.all_handlers_finished()

    # Commands and news

    @workflow.update
    async def place(self) -> Placed:
        """The outcome of the run's first step."""
        return await self._placing()

    async def _until_placed(self) -> None:
        await self._placing()

    async def _placing(self) -> Placed:
        await workflow.wait_condition(lambda: self._placed is not None)
        assert self._placed is not None
        return self._placed

    @workflow.update
    async def cancel(self, command: CancelOrder) -> CommandDone:
        """Undo the order; answers once the request is committed, before the undoing."""
        await self._placing()
        return await self._commands.cancel(command)

    @workflow.update
    async def resolve(self, command: ResolveStalledStep) -> CommandDone:
        """An operator's answer to a stalled step."""
        await self._placing()
        return await self._commands.resolve(command)

    @workflow.update
    async def assign(self, command: AssignOrder) -> CommandDone:
        """Put an operator in charge."""
        await self._placing()
        return await self._commands.assign(command)

    @workflow.update
    async def note(self, command: NoteOrder) -> CommandDone:
        """An operator's note."""
        await self._placing()
        return await self._commands.note(command)

    @workflow.update
    async def chargeback(self, command: OpenChargeback) -> CommandDone:
        """The customer's bank took captured money back."""
        await self._placing()
        return await self._commands.chargeback(command)

    @workflow.signal
    def tracking(self, news: TrackingNews) -> None:
        self._fulfilment.note(news.shipment_id, news.status)

    # Small things

    async def _own(
        self, label: str, method: Callable[[Any, Step], Awaitable[R]], *, interruptible: bool = True
    ) -> R:
        return await self._saga.own_step(label, method, lambda step: step, interruptible=interruptible)
