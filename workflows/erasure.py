"""Erasing a customer: the key is destroyed at once, outside services are told until each has confirmed."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.contracts import TaskQueue
    from activities.erasure import ErasureActivities
    from activities.erasure_contracts import Erased, EraseStep, ForgottenStep
    from workflows.contracts import ERASURE_WORKFLOW

ATTEMPT: Final = timedelta(minutes=5)
WITHOUT_END: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(minutes=5)
)
"""There is no last attempt: a carrier that is away is told when it is back."""


@workflow.defn(name=ERASURE_WORKFLOW)
class ErasureWorkflow:
    """One per customer. A refused erasure ends it, and may be asked for again."""

    @workflow.init
    def __init__(self, given: EraseStep) -> None:
        self._erased: Erased | None = None

    @workflow.run
    async def run(self, given: EraseStep) -> Erased:
        self._erased = await workflow.execute_activity_method(
            ErasureActivities.erase_customer, given, start_to_close_timeout=ATTEMPT, retry_policy=WITHOUT_END
        )
        if self._erased.refusal is None:
            await self._forget(given)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._erased

    async def _forget(self, given: EraseStep) -> None:
        forgotten = await workflow.execute_activity_method(
            ErasureActivities.forget_at_carrier,
            given.customer_id,
            task_queue=TaskQueue.SHIPPING,
            start_to_close_timeout=ATTEMPT,
            retry_policy=WITHOUT_END,
        )
        await workflow.execute_activity_method(
            ErasureActivities.confirm_forgotten,
            ForgottenStep(given.customer_id, forgotten.orders, given.actor),
            start_to_close_timeout=ATTEMPT,
            retry_policy=WITHOUT_END,
        )

    @workflow.update
    async def erase(self) -> Erased:
        """The outcome of the run's first step, before anyone outside has forgotten."""
        await workflow.wait_condition(lambda: self._erased is not None)
        assert self._erased is not None
        return self._erased
