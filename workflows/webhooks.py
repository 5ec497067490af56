"""Retrying webhooks: one workflow for each order that an endpoint did not take, until it has taken everything."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contracts import TaskQueue
    from activities.webhooks import WebhookActivities, WebhookLane
    from workflows.retrying import WITHOUT_END, Retrying

WEBHOOK_WORKFLOW: Final = "WebhookRetries"
ATTEMPTS_TIMEOUT: Final = timedelta(minutes=30)  # the most events of one step, each as slow as may be


def webhook_workflow_id(endpoint_id: UUID, order_id: UUID) -> str:
    return f"webhook/{endpoint_id}/{order_id}"


@workflow.defn(name=WEBHOOK_WORKFLOW)
class WebhookWorkflow(Retrying):
    """Started, or told to look again, by signal-with-start: a signal keeps it from ending unawares."""

    @workflow.run
    async def run(self, lane: WebhookLane) -> None:
        async def attempt() -> float | None:
            progress = await workflow.execute_activity_method(
                WebhookActivities.send_webhooks,
                lane,
                task_queue=TaskQueue.WEBHOOKS,
                start_to_close_timeout=ATTEMPTS_TIMEOUT,
                retry_policy=WITHOUT_END,
                summary="send",
            )
            return progress.again

        if not await self._until_done(attempt):
            workflow.continue_as_new(lane)

    @workflow.signal
    def look(self, hurried: bool) -> None:
        """Something more waits. `hurried`: the pause between two attempts is over."""
        self._tell(hurried=hurried)
