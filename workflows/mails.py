"""Retrying a mail that no server took at first: one workflow for each, until it is sent or given up."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import TaskQueue
    from activities.mails import MailActivities, MailJob
    from workflows.retrying import WITHOUT_END, Retrying

MAIL_WORKFLOW: Final = "MailRetries"
ATTEMPT_TIMEOUT: Final = timedelta(minutes=10)  # an SMTP conversation, each answer as slow as may be


def mail_workflow_id(event_id: UUID) -> str:
    return f"mail/{event_id}"


@workflow.defn(name=MAIL_WORKFLOW)
class MailWorkflow(Retrying):
    @workflow.run
    async def run(self, job: MailJob) -> None:
        async def attempt() -> float | None:
            progress = await workflow.execute_activity_method(
                MailActivities.send_mail,
                job,
                task_queue=TaskQueue.NOTIFICATIONS,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                retry_policy=WITHOUT_END,
                summary="send",
            )
            return progress.again

        if not await self._until_done(attempt):
            workflow.continue_as_new(job)
