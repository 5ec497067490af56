"""One granted refund, of an open order or of one that has ended: granted, then given back until that is done."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import Step, StepDone
    from activities.payments import PaymentActivities
    from activities.refunds import GrantedRefundStep, GrantStep, RefundActivities, give_back_label
    from workflows import policies
    from workflows.contracts import CommandDone, ResolveStalledStep, StepPolicies

from workflows.commands import Commands
from workflows.failures import FAILED, refusal_of
from workflows.money import in_parts
from workflows.resetting import Life
from workflows.saga import Saga

REFUND_WORKFLOW: Final = "Refund"


def refund_workflow_id(order_id: UUID, grant_id: str) -> str:
    return f"refund/{order_id}/{grant_id}"


@dataclass(frozen=True, slots=True)
class RefundInput:
    """`resumed`: the run was not started by the grant, and goes on from what the stream tells."""

    order_id: UUID
    grant_id: str
    policies: StepPolicies
    resumed: bool = False


async def give_back(saga: Saga, grant_id: str) -> None:
    """Give a granted refund back, however long it takes; what cannot be done now parks for an operator.

    The stream is asked first: an earlier run may have tried, or have left a stall behind.
    """
    if not await _look_at(saga, grant_id):
        return
    await in_parts(
        saga,
        give_back_label(grant_id),
        PaymentActivities.refund_granted,
        lambda step: GrantedRefundStep(step, grant_id),
    )


async def _look_at(saga: Saga, grant_id: str) -> bool:
    """Count on from the tries of earlier runs; whether there is such a grant."""
    step = Step(saga.order_id, f"resume:{workflow.info().run_id}")
    standing = await saga.own(RefundActivities.look_at_refund, GrantedRefundStep(step, grant_id), note="look")
    saga.resume(standing.tries, cancelling=False)
    return standing.granted


@workflow.defn(name=REFUND_WORKFLOW)
class RefundWorkflow:
    """Started by the grant (update-with-start). A grant that is refused ends it, and moves nothing."""

    @workflow.init
    def __init__(self, given: RefundInput) -> None:
        self._saga = Saga(given.order_id, given.policies)
        self._commands = Commands(self._saga, given.order_id)
        self._granted: bool | None = None
        self._life = Life[None]()

    @workflow.run
    async def run(self, given: RefundInput) -> None:
        await self._life.or_anew(self._run(given), replace(given, resumed=True))

    async def _run(self, given: RefundInput) -> None:
        if not given.resumed:
            await workflow.wait_condition(lambda: self._granted is not None and workflow.all_handlers_finished())
        if given.resumed or self._granted:
            await give_back(self._saga, given.grant_id)
        await workflow.wait_condition(workflow.all_handlers_finished)  # a repeat may have come meanwhile

    @workflow.update
    async def resolve(self, command: ResolveStalledStep) -> CommandDone:
        """An operator's answer to a stalled step."""
        return await self._commands.resolve(command)

    @workflow.update
    async def grant(self, given: GrantStep) -> StepDone:
        """Answers once the grant is committed, before the money goes back."""
        try:
            done = await workflow.execute_activity_method(
                RefundActivities.grant_refund,
                given,
                start_to_close_timeout=policies.OWN_FALLBACK_TIMEOUT,
                retry_policy=policies.OWN_FALLBACK_RETRY,
                summary="grant",
            )
        except FAILED as failure:
            self._granted = self._granted or False
            raise refusal_of(failure, given.step.fingerprint) from failure
        self._granted = True
        return done
