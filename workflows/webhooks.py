"""Retrying webhooks: one workflow for each order that an endpoint did not take, until it has taken everything."""

from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.contracts import TaskQueue
    from activities.webhooks import WebhookActivities, WebhookLane

WEBHOOK_WORKFLOW: Final = "WebhookRetries"
ATTEMPTS_TIMEOUT: Final = timedelta(minutes=30)  # the most events of one step, each as slow as may be
WITHOUT_END: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Without end: it fails only where our own database is away."""


def webhook_workflow_id(endpoint_id: UUID, order_id: UUID) -> str:
    return f"webhook/{endpoint_id}/{order_id}"


@workflow.defn(name=WEBHOOK_WORKFLOW)
class WebhookWorkflow:
    """Started, or told to look again, by signal-with-start: a signal keeps it from ending unawares."""

    @workflow.init
    def __init__(self, lane: WebhookLane) -> None:
        self._told, self._hurried = True, False

    @workflow.run
    async def run(self, lane: WebhookLane) -> None:
        while True:
            self._told = False
            progress = await workflow.execute_activity_method(
                WebhookActivities.send_webhooks,
                lane,
                task_queue=TaskQueue.WEBHOOKS,
                start_to_close_timeout=ATTEMPTS_TIMEOUT,
                retry_policy=WITHOUT_END,
                summary="send",
            )
            if progress.again is None and not self._told:
                return
            await self._rest(progress.again or 0)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(lane)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._hurried, timeout=seconds)
        self._hurried = False

    @workflow.signal
    def look(self, hurried: bool) -> None:
        """Something more waits. `hurried`: the pause between two attempts is over."""
        self._told, self._hurried = True, self._hurried or hurried
