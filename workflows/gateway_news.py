"""A gateway's message, kept until what it says is done: started before it is answered, once per message."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.contracts import TaskQueue
    from activities.gateway_news import GatewayNews, GatewayNewsActivities

NEWS_WORKFLOW: Final = "GatewayNews"
TIMEOUT: Final = timedelta(seconds=30)
RETRY: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10), maximum_attempts=500
)
"""Three days, as long as a gateway would send it again. What has not worked by then shows as a failed workflow."""


@workflow.defn(name=NEWS_WORKFLOW)
class GatewayNewsWorkflow:
    @workflow.run
    async def run(self, news: GatewayNews) -> None:
        await workflow.execute_activity_method(
            GatewayNewsActivities.take_gateway_news,
            news,
            task_queue=TaskQueue.PAYMENTS,
            start_to_close_timeout=TIMEOUT,
            retry_policy=RETRY,
            summary="dispute" if news.dispute else "money moved",
        )
