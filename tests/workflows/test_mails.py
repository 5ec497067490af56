"""The workflow of mails' retries, on a real Temporal, to a real SMTP server."""

import asyncio
from uuid import UUID

from temporalio.testing import WorkflowEnvironment

from activities.contracts import TaskQueue
from activities.mails import MailActivities
from domain.orders.events import OrderConfirmed
from messaging.mails.log import MailState
from ops.mails import MailWorkflows, PostOffice, keep_tidy
from ops.worker import workers
from tests.support.mails import mail_server, mailing
from workflows.mails import mail_workflow_id


async def test_a_mail_that_was_refused_for_now_is_sent_by_its_workflow(
    temporal: WorkflowEnvironment, database: str
) -> None:
    async with mail_server() as server, mailing(database, server.url) as mails:
        answers = iter(["450 later", "450 later"])
        server.answer = lambda: next(answers, "250 OK")
        again = MailWorkflows(temporal.client)
        mails.retries.then = again
        order_id = await mails.placed(OrderConfirmed())
        told = mails.told(order_id)
        event_id = UUID(told.identity)
        await mails.effect.apply(told)
        await mails.effect.apply(told)  # one workflow, whoever asks
        sending = MailActivities(PostOffice(mails.post))
        [worker] = workers(temporal.client, {TaskQueue.NOTIFICATIONS: [sending.send_mail]})
        async with worker:
            await temporal.client.get_workflow_handle(mail_workflow_id(event_id)).result()
        found = await mails.post.log.find(event_id)
        assert found is not None
        assert (found.state, found.attempts) == (MailState.SENT, 3)
        (mail,) = server.mails
        assert mail["Message-ID"] == f"<{event_id}@shop.example>"


async def test_a_workflow_that_was_terminated_is_started_again(
    temporal: WorkflowEnvironment, database: str
) -> None:
    async with mail_server() as server, mailing(database, server.url) as mails:
        answers = iter(["450 later"])
        server.answer = lambda: next(answers, "250 OK")
        again = MailWorkflows(temporal.client)
        mails.retries.then = again
        order_id = await mails.placed(OrderConfirmed())
        event_id = UUID(mails.told(order_id).identity)
        await mails.effect.apply(mails.told(order_id))
        await temporal.client.get_workflow_handle(mail_workflow_id(event_id)).terminate()
        tidying = asyncio.create_task(keep_tidy(mails.post.log, again, 31))
        sending = MailActivities(PostOffice(mails.post))
        [worker] = workers(temporal.client, {TaskQueue.NOTIFICATIONS: [sending.send_mail]})
        async with worker:
            while not server.mails:
                await asyncio.sleep(0.02)
        tidying.cancel()
        await asyncio.wait([tidying])
        assert len(server.mails) == 1
