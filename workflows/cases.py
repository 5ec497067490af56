"""Settling a case: an operator's answer is noted, then the gateway or the order is told, until that is done."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.cases import CaseActivities, CaseAnswer, CaseProgress
    from activities.contracts import TaskQueue
    from workflows import policies

from workflows.failures import FAILED, cause_of

CASE_WORKFLOW: Final = "Case"
SETTLE_TIMEOUT: Final = timedelta(seconds=30)
SETTLE_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Without end: the case shows as `settling` as long as the gateway has not answered."""


def case_workflow_id(case_id: UUID) -> str:
    return f"case/{case_id}"


@dataclass(frozen=True, slots=True)
class CaseInput:
    """`resumed`: the run was not started by an answer, and settles what the stream says is asked for."""

    case_id: UUID
    resumed: bool = False


@workflow.defn(name=CASE_WORKFLOW)
class CaseWorkflow:
    """Started by an answer (update-with-start); over when the action is settled, refused or dismissed."""

    @workflow.init
    def __init__(self, given: CaseInput) -> None:
        self._case_id = given.case_id
        self._answers = 0

    @workflow.run
    async def run(self, given: CaseInput) -> None:
        settled, looked = 0, False
        while not looked or settled < self._answers or not workflow.all_handlers_finished():
            await workflow.wait_condition(
                lambda: (given.resumed or bool(self._answers)) and workflow.all_handlers_finished()
            )
            settled, looked = self._answers, True
            await self._settle(given)

    async def _settle(self, given: CaseInput) -> None:
        await workflow.execute_activity_method(
            CaseActivities.settle_case,
            given.case_id,
            task_queue=TaskQueue.PAYMENTS,
            start_to_close_timeout=SETTLE_TIMEOUT,
            retry_policy=SETTLE_RETRY,
            summary="settle",
        )

    @workflow.update
    async def answer(self, given: CaseAnswer) -> CaseProgress:
        """Answers once the operator's answer is committed, before it is settled."""
        try:
            return await workflow.execute_activity_method(
                CaseActivities.answer_case,
                given,
                start_to_close_timeout=policies.OWN_FALLBACK_TIMEOUT,
                retry_policy=policies.OWN_FALLBACK_RETRY,
                summary=str(given.action),
            )
        except FAILED as failure:
            raise cause_of(failure) from failure
        finally:
            self._answers += 1
