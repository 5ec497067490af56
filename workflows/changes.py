"""Commands that change an open order beside its cancellation: handlers that the order's workflow inherits."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.amendment_contracts import Amending, StageStep
    from activities.amendments import AmendmentActivities
    from activities.contracts import Held, HoldStep, ReleaseHoldStep, Step
    from activities.holds import HoldActivities
    from activities.interceptor import to_application_error
    from activities.inventory import InventoryActivities
    from activities.lost import LostParcelActivities
    from activities.lost_contracts import AnswerLostStep
    from activities.orders import OrderActivities
    from activities.paying import ChooseMethodStep, PayingActivities
    from activities.stock_contracts import DecideStep, OfferStep
    from domain.errors import NotAllowed
    from domain.orders.model import OrderStatus
    from workflows.contracts import (
        RESTOCKED,
        AmendOrder,
        AnswerLostParcel,
        CommandDone,
        DecideUnavailable,
        HoldOrder,
        OfferSubstitute,
        PayOrder,
        ReleaseOrderHold,
    )

from workflows.amendments import Amendments
from workflows.commands import Commands
from workflows.fulfilment import Fulfilment
from workflows.holds import Holds
from workflows.saga import Saga
from workflows.stock import Goods, tell_served

P = TypeVar("P")
R = TypeVar("R")


class OrderChanges:
    """What a command needs of the workflow: its saga, its holds, its turn, and that the order is placed."""

    _saga: Saga
    _holds: Holds
    _commands: Commands
    _goods: Goods
    _fulfilment: Fulfilment
    _amendments: Amendments
    _methods_chosen: int

    async def _until_placed(self) -> None:
        raise NotImplementedError

    @workflow.update
    async def hold(self, command: HoldOrder) -> CommandDone:
        """Keep what the hold covers from beginning; what runs already goes on."""
        step = self._commands.step("hold", command)
        return await self._change_holds(
            HoldActivities.place_hold,
            lambda: HoldStep(step, command.hold, workflow.now(), command.expected_version),
            step,
        )

    @workflow.update
    async def release(self, command: ReleaseOrderHold) -> CommandDone:
        """Let what the hold covered begin."""
        step = self._commands.step("release-hold", command)
        return await self._change_holds(
            HoldActivities.release_hold, lambda: ReleaseHoldStep(step, command.hold_id, command.reason), step
        )

    @workflow.update
    async def decide(self, command: DecideUnavailable) -> CommandDone:
        """The customer's decision on what is not available."""
        step = self._commands.step("decide", command)
        decided = await self._run_command(
            InventoryActivities.decide_unavailable,
            lambda: DecideStep(step, command.decision, workflow.now()),
            step,
        )
        self._saga.cancelling = self._saga.cancelling or decided.status is OrderStatus.CANCELLING
        self._saga.show_status(decided.status)
        self._goods.news = True
        await tell_served(decided.served)
        return CommandDone(decided.version, step.fingerprint)

    @workflow.update
    async def offer(self, command: OfferSubstitute) -> CommandDone:
        """Another product in the place of a line that is short, for the customer to decide on."""
        step = self._commands.step("offer", command)
        done = await self._run_command(
            OrderActivities.offer_substitute, lambda: OfferStep(step, command.sku, command.substitute), step
        )
        return CommandDone(done.version, step.fingerprint)

    @workflow.update
    async def pay(self, command: PayOrder) -> CommandDone:
        """Another payment method, after a decline."""
        step = self._commands.step("pay", command)
        done = await self._run_command(
            PayingActivities.choose_payment_method, lambda: ChooseMethodStep(step, command.method), step
        )
        self._methods_chosen = max(self._methods_chosen, done.chosen)
        return CommandDone(done.version, step.fingerprint)

    @workflow.update
    async def answer_lost(self, command: AnswerLostParcel) -> CommandDone:
        """An operator's answer to a lost parcel."""
        step = self._commands.step("answer-lost", command)
        done = await self._run_command(
            LostParcelActivities.answer_lost,
            lambda: AnswerLostStep(step, command.shipment_id, command.answer, command.reason),
            step,
        )
        self._fulfilment.losses.know(command.shipment_id, done)
        return CommandDone(done.version, step.fingerprint)

    @workflow.update
    async def amend(self, command: AmendOrder) -> CommandDone:
        """Other lines, another address or shipping method; answers once it is done, or rejected."""
        await self._until_placed()
        step = self._commands.step("amend", command)
        given = StageStep(step, command.amendment, command.reason, command.expected_version, whole=command.whole)
        async with self._commands.turns.one("amend", long=True):
            amending = await self._commands.run(AmendmentActivities.stage_amendment, given, step)
            self._saga.cancelling = self._saga.cancelling or amending.cancelling
            if amending.under_way:
                amending = await self._amendments.carry_out(amending)
            elif amending.early and not amending.refusal:
                await self._line_taken_out(amending)
        if amending.refusal:
            refused = NotAllowed(amending.refusal.message, code=amending.refusal.code)
            raise to_application_error(refused, step.fingerprint)
        return CommandDone(amending.version, step.fingerprint)

    async def _line_taken_out(self, taken: Amending) -> None:
        """Before it is confirmed, the order may wait for what it needs no longer; what it has is to be sent."""
        self._fulfilment.take(self._fulfilment.parcels(taken.parcels))
        self._holds.plan(taken.parcels)
        self._goods.news = True
        await tell_served(taken.served)

    @workflow.signal(name=RESTOCKED)
    def restocked(self) -> None:
        self._goods.news = True

    async def _change_holds(
        self, method: Callable[[Any, P], Awaitable[Held]], given: Callable[[], P], step: Step
    ) -> CommandDone:
        held = await self._run_command(method, given, step)
        self._holds.know(held.holds)
        self._saga.show_status(held.status)
        return CommandDone(held.version, step.fingerprint)

    async def _run_command(
        self, method: Callable[[Any, P], Awaitable[R]], given: Callable[[], P], step: Step
    ) -> R:
        """When its turn has come; a hold need not wait for an amendment."""
        await self._until_placed()
        name = step.key.partition(":")[0]
        async with self._commands.turns.one(name, beside=name in ("hold", "release-hold")):
            return await self._commands.run(method, given(), step)
