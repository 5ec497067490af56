"""One granted refund, of an open order or of one that has ended: granted, then given back until that is done."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.contracts import EffectOutcome, Step, StepDone, TaskQueue
    from activities.payments import PaymentActivities
    from activities.refunds import GrantedRefundStep, GrantStep, RefundActivities
    from workflows import policies
    from workflows.failures import FAILED, refusal_of

REFUND_WORKFLOW: Final = "Refund"
TIMEOUT: Final = timedelta(seconds=30)
RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
"""Without end, under one key: until the gateway answers, nobody knows whether the money went back."""
AFTER_REFUSAL: Final = timedelta(hours=1)


def refund_workflow_id(order_id: UUID, grant_id: str) -> str:
    return f"refund/{order_id}/{grant_id}"


@dataclass(frozen=True, slots=True)
class RefundInput:
    order_id: UUID
    grant_id: str


async def give_back(order_id: UUID, grant_id: str) -> None:
    """Give a granted refund back, however long it takes."""
    number = 0
    while not await _given_back(order_id, grant_id, number):
        number += 1  # refused for good under that key; the account may be in funds again later
        await workflow.sleep(AFTER_REFUSAL)


async def _given_back(order_id: UUID, grant_id: str, number: int) -> bool:
    effect = await workflow.execute_activity_method(
        PaymentActivities.refund_granted,
        GrantedRefundStep(Step(order_id, f"refund:{grant_id}#{number}"), grant_id),
        task_queue=TaskQueue.PAYMENTS,
        start_to_close_timeout=TIMEOUT,
        retry_policy=RETRY,
        summary="refund",
    )
    return effect.outcome is not EffectOutcome.REFUSED


@workflow.defn(name=REFUND_WORKFLOW)
class RefundWorkflow:
    """Started by the grant (update-with-start). A grant that is refused ends it, and moves nothing."""

    @workflow.init
    def __init__(self, given: RefundInput) -> None:
        self._given = given
        self._granted: bool | None = None

    @workflow.run
    async def run(self, given: RefundInput) -> None:
        await workflow.wait_condition(lambda: self._granted is not None and workflow.all_handlers_finished())
        if self._granted:
            await give_back(self._given.order_id, self._given.grant_id)
        await workflow.wait_condition(workflow.all_handlers_finished)  # a repeat may have come meanwhile

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
