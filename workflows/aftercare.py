"""What happens to an order after its life has ended. Lives for as long as it is asked for something."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Commanded, Step
    from activities.orders import OrderActivities
    from activities.payment_contracts import ChargebackStep
    from workflows.contracts import AFTERCARE_WORKFLOW, AftercareInput, CommandDone, OpenChargeback

from workflows.failures import FAILED, refusal_of
from workflows.saga import Saga

P = TypeVar("P")


@workflow.defn(name=AFTERCARE_WORKFLOW)
class AftercareWorkflow:
    """Started by its first command (update-with-start), over when none is left; the next starts another run."""

    @workflow.init
    def __init__(self, given: AftercareInput) -> None:
        self._order_id = given.order_id
        self._saga = Saga(given.order_id, given.policies)
        self._asked = False

    @workflow.run
    async def run(self, given: AftercareInput) -> None:
        await workflow.wait_condition(lambda: self._asked and workflow.all_handlers_finished())

    @workflow.update
    async def chargeback(self, command: OpenChargeback) -> CommandDone:
        """Note a chargeback of an order that has ended."""
        self._asked = True
        step = Step(self._order_id, f"chargeback:{command.command_id}", command.actor, command.fingerprint)
        given = ChargebackStep(step, command.reference, command.amount, command.reason)
        return await self._command(OrderActivities.record_chargeback, given, step)

    async def _command(
        self, method: Callable[[Any, P], Awaitable[Commanded]], given: P, step: Step
    ) -> CommandDone:
        try:
            return CommandDone((await self._saga.own(method, given)).version, step.fingerprint)
        except FAILED as failure:
            raise refusal_of(failure, step.fingerprint) from failure
