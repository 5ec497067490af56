"""Customers' mails, put together: the post, the workflows of its retries, and what keeps its log tidy."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.contracts import TaskQueue
from activities.mails import MailJob, MailProgress
from eventstore.store import StreamReader
from eventstore.vault import Vault
from messaging.dead_letters import DeadLetters
from messaging.mails.effect import CONTEXTS, GROUP, MailEffect
from messaging.mails.kinds import wanted_kinds
from messaging.mails.log import MailLog
from messaging.mails.post import Post
from messaging.mails.sending import SmtpSender
from messaging.mails.writing import Writer
from messaging.subscriber import Subscriber, SubscriberLimits
from messaging.webhooks.courier import Patience
from messaging.webhooks.effect import outbound_streams
from ops.bootstrap import utc_now
from ops.config import Settings
from workflows.mails import MailWorkflow, mail_workflow_id

TIDY_SECONDS: Final = 600.0
SWEPT: Final = 1000
KEPT: Final = 2**63 - 1  # the relay trims what it publishes

log = structlog.get_logger(__name__)


def post(settings: Settings, store: StreamReader, vault: Vault, engine: AsyncEngine) -> Post | None:
    """None where no SMTP server is named: nobody reads, writes or retries anything for mails then."""
    if settings.smtp_url is None:
        return None
    return Post(
        store,
        vault,
        MailLog(engine),
        Writer(settings.mail_from),
        SmtpSender(settings.smtp_url.get_secret_value(), timeout=settings.mail_timeout),
        utc_now,
        Patience(
            first_pause=settings.mail_first_pause,
            longest_pause=settings.mail_longest_pause,
            give_up=settings.mail_give_up,
        ),
    )


@dataclass(frozen=True, slots=True)
class MailWorkflows:
    """`messaging.mails.effect.MailRetries` on Temporal."""

    temporal: Client

    async def ensure(self, event_id: UUID) -> None:
        await self.temporal.start_workflow(
            MailWorkflow.run,
            MailJob(event_id),
            id=mail_workflow_id(event_id),
            task_queue=TaskQueue.NOTIFICATIONS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )


@dataclass(frozen=True, slots=True)
class PostOffice:
    """`activities.mails.MailSender` by the post."""

    post: Post

    async def send_again(self, job: MailJob) -> MailProgress:
        return MailProgress(await self.post.again(job.event_id))


def mail_subscriber(
    settings: Settings,
    redis: Redis,
    made: Post,
    retries: MailWorkflows,
    letters: DeadLetters,
    limits: SubscriberLimits,
) -> Subscriber:
    """Reads what our own relay publishes. It trims nothing: the relay does."""
    effect = MailEffect(
        made,
        retries,
        wanted_kinds(payment_awaited=settings.unpaid_expiry > 0),
        utc_now,
        timedelta(seconds=settings.mail_give_up),
    )
    return Subscriber(
        redis,
        lambda: outbound_streams(redis, CONTEXTS, settings.relay_partitions),
        GROUP,
        effect,
        letters,
        replace(limits, keep=KEPT),
        group=GROUP,
    )


async def keep_tidy(mails: MailLog, retries: MailWorkflows, days: int) -> None:
    """Now and then forget what ended before anything is published again, and start workflows that were lost."""

    async def once() -> None:
        await mails.prune(utc_now() - timedelta(days=days))
        for event_id in await mails.retrying(most=SWEPT):
            await retries.ensure(event_id)

    await _repeat(once)


async def _repeat(once: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await once()
        except (exc.SQLAlchemyError, RPCError, OSError) as error:
            log.warning("mails are looked after later", error=type(error).__name__)
        await asyncio.sleep(TIDY_SECONDS)
