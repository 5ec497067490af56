"""Commands on an open order: one at a time, each answered once its events are committed.

A refusal crosses to the caller as what it is, with the fingerprint of the command that its key now stands for.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.contracts import (
        AdoptStep,
        AssignStep,
        CancelStep,
        Commanded,
        NoteStep,
        ResolveStep,
        Step,
        TaskQueue,
    )
    from activities.interceptor import to_application_error
    from activities.orders import OrderActivities
    from activities.payment_contracts import ChargebackStep
    from activities.payments import PaymentActivities
    from activities.shipping import ShippingActivities
    from domain.errors import NotAllowed
    from domain.orders.events import StepAction
    from workflows.contracts import (
        AssignOrder,
        CancelOrder,
        CommandDone,
        NoteOrder,
        OpenChargeback,
        ResolveStalledStep,
    )
    from workflows.policies import is_staff

from workflows.failures import FAILED, refusal_of, refused
from workflows.saga import Saga
from workflows.turns import Turns

P = TypeVar("P")
R = TypeVar("R")

ADOPTION: Final[Mapping[str, tuple[TaskQueue, Callable[[Any, AdoptStep], Awaitable[Commanded]]]]] = {
    **dict.fromkeys(
        ("authorize", "authorize-more", "reauthorize", "capture", "void", "refund", "give-back"),
        (TaskQueue.PAYMENTS, PaymentActivities.adopt_payment),
    ),
    **dict.fromkeys(("book", "unbook"), (TaskQueue.SHIPPING, ShippingActivities.adopt_booking)),
}
"""Who adopts an effect as the outcome of a step of this name."""
TEMPORAL: Final = "operator:temporal"


class Commands:
    def __init__(self, saga: Saga, order_id: UUID) -> None:
        self.turns = Turns()
        self._saga = saga
        self._order_id = order_id

    async def cancel(self, command: CancelOrder) -> CommandDone:
        step = self.step("cancel", command)
        async with self.turns.one("cancel"):
            given = CancelStep(step, command.reason, command.expected_version)
            return await self._own(OrderActivities.request_cancellation, given, step)

    async def cancel_from_temporal(self) -> None:
        """A cancellation of the workflow is one of the order. It waits for its turn, and a refusal is logged."""
        key = f"cancel-from-temporal:{workflow.info().run_id}"
        step = Step(self._order_id, key, TEMPORAL)
        given = CancelStep(step, "the workflow was cancelled in Temporal")
        try:
            async with self.turns.one("cancel", patience=None):
                await self._own(OrderActivities.request_cancellation, given, step)
        except ApplicationError as refusal:
            workflow.logger.warning("the workflow's cancellation is refused: %s", refusal.message)

    async def resolve(self, command: ResolveStalledStep) -> CommandDone:
        """An operator's answer to a stalled step."""
        step = self.step("resolve", command)
        async with self.turns.one(f"{command.action} {command.step}", beside=True):
            if command.action is StepAction.ADOPT:
                done = await self._adopt(command, step)
            else:
                given = ResolveStep(step, command.step, command.action, command.reason)
                done = await self._own(OrderActivities.resolve_step, given, step)
            if command.action is not StepAction.COMPENSATE:
                self._saga.retry(command.step)
            elif not self._saga.cancelling:
                self._saga.give_up(command.step)
            return done

    async def assign(self, command: AssignOrder) -> CommandDone:
        step = self.step("assign", command)
        async with self.turns.one("assign", beside=True):
            given = AssignStep(step, command.assignee, command.reason)
            return await self._own(OrderActivities.assign_order, given, step)

    async def note(self, command: NoteOrder) -> CommandDone:
        step = self.step("note", command)
        async with self.turns.one("note", beside=True):
            return await self._own(OrderActivities.note_order, NoteStep(step, command.note), step)

    async def chargeback(self, command: OpenChargeback) -> CommandDone:
        step = self.step("chargeback", command)
        async with self.turns.one("chargeback", beside=True):
            given = ChargebackStep(step, command.reference, command.amount, command.reason)
            return await self._own(OrderActivities.record_chargeback, given, step)

    def step(self, name: str, command: Any) -> Step:
        return Step(self._order_id, f"{name}:{command.command_id}", command.actor, command.fingerprint)

    async def run(self, method: Callable[[Any, P], Awaitable[R]], given: P, step: Step) -> R:
        """Have a command's events appended. Raises the refusal."""
        try:
            return await self._saga.own(method, given)
        except FAILED as failure:
            raise refusal_of(failure, step.fingerprint) from failure

    async def _own(self, method: Callable[[Any, P], Awaitable[Commanded]], given: P, step: Step) -> CommandDone:
        return self._done(await self.run(method, given, step), step)

    def _done(self, done: Commanded, step: Step) -> CommandDone:
        self._saga.cancelling = self._saga.cancelling or done.cancelling
        self._saga.urgent = self._saga.urgent or is_staff(step.actor)
        return CommandDone(done.version, step.fingerprint)

    async def _adopt(self, command: ResolveStalledStep, step: Step) -> CommandDone:
        """Have the effect verified where it was made. The step goes on waiting unless it fits."""
        name = command.step.partition("#")[0].partition(":")[0]
        if name not in ADOPTION or command.reference is None:
            why = "only a step that asks somebody outside has an effect to adopt, and its reference is needed"
            raise to_application_error(NotAllowed(why, code="adoption-refused"), step.fingerprint)
        queue, method = ADOPTION[name]
        given = AdoptStep(step, command.step, command.reference, command.reason)
        self._saga.urgent = True
        try:
            return self._done(await self._saga.call(queue, method, given, note=f"adopt {command.step}"), step)
        except ActivityError as failure:
            if refused(failure):
                raise refusal_of(failure, step.fingerprint) from failure
            why = "the books outside cannot be read just now, so that the reference is not verified"
            raise to_application_error(NotAllowed(why, code="adoption-unverified"), step.fingerprint) from failure
