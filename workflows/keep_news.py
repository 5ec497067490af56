"""Keeping a gateway's message: the start of its workflow, whose id is the message's."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.contracts import TaskQueue
from activities.gateway_news import GatewayNews
from workflows.errors import CommandUnavailable
from workflows.gateway_news import GatewayNewsWorkflow


async def keep_news(temporal: Client, news: GatewayNews) -> None:
    """Return once the message is kept; a repeat changes nothing.

    Raises:
        CommandUnavailable: it could not be kept; the gateway is to send it again.
    """
    try:
        await temporal.start_workflow(
            GatewayNewsWorkflow.run,
            news,
            id=f"{news.source}/{news.message_id}",
            task_queue=TaskQueue.ORDERS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        return
    except RPCError as error:
        raise CommandUnavailable(f"Temporal: {error.message}") from error
