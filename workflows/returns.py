"""One return: asked for, approved or rejected, received, inspected, paid or replaced; it waits for people.

The stream tells where it stands. After every command, and when a run takes over from one that was lost, the
workflow looks there for what is to be done next; so a return goes on from wherever it was left.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Step
    from activities.returns import (
        DecideReturnStep,
        InspectReturnStep,
        ReceiveReturnStep,
        RequestReturnStep,
        ReturnActivities,
        ReturnDone,
        ReturnStep,
    )
    from domain.identifiers import label_parcel
    from domain.money import Money
    from domain.returns.model import ReturnStatus
    from domain.shipping.events import PlannedParcel, TrackingStatus
    from workflows.contracts import CommandDone, ResolveStalledStep, TrackingNews
    from workflows.return_contracts import (
        RETURN_WORKFLOW,
        DecideReturn,
        InspectReturn,
        ReceiveReturn,
        RequestReturn,
        ReturnInput,
    )

from workflows.commands import Commands
from workflows.failures import FAILED, refusal_of
from workflows.fulfilment import Fulfilment
from workflows.refunds import give_back
from workflows.resetting import Life
from workflows.return_labels import ReturnLabel
from workflows.saga import Saga
from workflows.stock import tell_served

P = TypeVar("P")


class PaidBefore:
    """What a return's customer gets captures nothing."""

    async def capture(self, shipment_id: str, share: Money) -> None:
        pass


@workflow.defn(name=RETURN_WORKFLOW)
class ReturnWorkflow:
    """Started by its request (update-with-start), and by any later command should it have been lost."""

    @workflow.init
    def __init__(self, given: ReturnInput) -> None:
        self._given = given
        self._saga = Saga(given.order_id, given.policies)
        self._orders = Commands(self._saga, given.order_id)
        self._label = ReturnLabel(given.order_id, given.return_id, given.policies)
        # Nobody counts on the day that a replacement arrives: it is asked for until it has.
        self._sending = Fulfilment(self._saga, PaidBefore(), replace(given.policies, deliver_within=0.0))
        self._commands = 0
        self._life = Life[None]()

    @workflow.run
    async def run(self, given: ReturnInput) -> None:
        await self._life.or_anew(self._run(given), replace(given, resumed=True))

    async def _run(self, given: ReturnInput) -> None:
        await workflow.wait_condition(lambda: given.resumed or bool(self._commands))
        await self._take_up()
        while True:
            await workflow.wait_condition(workflow.all_handlers_finished)
            seen = self._commands
            if await self._go_on() and seen == self._commands and workflow.all_handlers_finished():
                await self._label.finished()
                return
            await workflow.wait_condition(lambda seen=seen: self._commands != seen)  # type: ignore[misc]

    async def _take_up(self) -> None:
        """Count on from the tries of earlier runs, and answer the stalls that they left."""
        step = Step(self._given.order_id, f"resume:{workflow.info().run_id}")
        given = ReturnStep(step, self._given.return_id)
        tries = await self._saga.own(ReturnActivities.take_up_return, given, note="take up")
        self._saga.resume(tries, cancelling=False)
        self._label.saga.resume(tries, cancelling=False)

    async def _go_on(self) -> bool:
        """Do what needs nobody; whether that was all there will ever be."""
        look = ReturnStep(Step(self._given.order_id, "look"), self._given.return_id)
        progress = await self._saga.own(ReturnActivities.look_at_return, look, note="look")
        if progress.status is ReturnStatus.APPROVED:
            self._label.begin(wanted=progress.wants_label, booked=progress.has_label)
            return False
        await self._label.end(rejected=progress.status is ReturnStatus.REJECTED and progress.has_label)
        if progress.status not in (ReturnStatus.REFUNDING, ReturnStatus.REPLACING):
            return progress.status is None or progress.status.terminal
        if progress.grant is not None:
            await give_back(self._saga, progress.grant)
        if progress.replacement is not None:
            await self._replace(progress.replacement, progress.tracking)
        label = f"close-return:{self._given.return_id}"
        await self._saga.own_step(
            label, ReturnActivities.close_return, lambda step: ReturnStep(step, self._given.return_id)
        )
        return True

    async def _replace(self, plan: PlannedParcel, tracking: TrackingStatus | None) -> None:
        """Send what the customer gets in place of money."""
        if tracking is not None:
            self._sending.resume({plan.shipment_id: tracking})
        self._sending.take(self._sending.parcels([plan]))
        await self._sending.send_all()

    @workflow.signal
    def tracking(self, news: TrackingNews) -> None:
        if news.shipment_id == label_parcel(self._given.return_id):
            self._label.note(news.status)
        else:
            self._sending.note(news.shipment_id, news.status)

    @workflow.update
    async def resolve(self, command: ResolveStalledStep) -> CommandDone:
        """An operator's answer to a stalled step."""
        done = await self._orders.resolve(command)
        self._label.saga.retry(command.step)
        return done

    @workflow.update
    async def request(self, command: RequestReturn) -> CommandDone:
        step = self._step("request-return", command)
        given = RequestReturnStep(step, command.request, command.rules, workflow.now())
        return await self._do(ReturnActivities.request_return, given, step)

    @workflow.update
    async def approve(self, command: DecideReturn) -> CommandDone:
        step = self._step("approve-return", command)
        given = DecideReturnStep(step, self._given.return_id, command.reason)
        return await self._do(ReturnActivities.approve_return, given, step)

    @workflow.update
    async def reject(self, command: DecideReturn) -> CommandDone:
        step = self._step("reject-return", command)
        given = DecideReturnStep(step, self._given.return_id, command.reason)
        return await self._do(ReturnActivities.reject_return, given, step)

    @workflow.update
    async def receive(self, command: ReceiveReturn) -> CommandDone:
        step = self._step("receive-return", command)
        given = ReceiveReturnStep(step, self._given.return_id, command.warehouse)
        return await self._do(ReturnActivities.receive_return, given, step)

    @workflow.update
    async def inspect(self, command: InspectReturn) -> CommandDone:
        step = self._step("inspect-return", command)
        given = InspectReturnStep(step, self._given.return_id, command.items)
        return await self._do(ReturnActivities.inspect_return, given, step)

    def _step(self, name: str, command: Any) -> Step:
        key = f"{name}:{command.command_id}"
        return Step(self._given.order_id, key, command.actor, command.fingerprint)

    async def _do(self, method: Callable[[Any, P], Awaitable[ReturnDone]], given: P, step: Step) -> CommandDone:
        """Answers once the command's events are committed."""
        try:
            done = await self._saga.own(method, given)
        except FAILED as failure:
            raise refusal_of(failure, step.fingerprint) from failure
        finally:
            self._commands += 1
        await tell_served(done.served)
        return CommandDone(done.version, step.fingerprint)
