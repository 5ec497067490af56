"""The paths of what runs beside orders, whose histories are kept as well: see `scenarios` and `record`."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from activities.contracts import TaskQueue
from activities.mails import MailActivities, MailJob, MailProgress
from activities.webhooks import WebhookActivities, WebhookLane, WebhookProgress
from domain.errors import NotAllowed
from domain.identifiers import replacement_parcel
from domain.money import Money
from domain.orders.events import StepAction
from domain.returns.events import InspectedItem, ReturnKind, ReturnTerms
from domain.shipping.events import TrackingStatus
from ops.mails import MailWorkflows
from ops.maintenance import MaintenanceActivities
from ops.reconcile import Report
from ops.recovery import Recovery
from ops.webhooks import RetryWorkflows
from ops.worker import workers
from tests.support.shop import POLICIES, Shop
from tests.workflows import returning
from workflows.contracts import erasure_workflow_id
from workflows.mails import mail_workflow_id
from workflows.maintenance import Maintenance, MaintenanceWorkflow
from workflows.refund_commands import RefundCommands
from workflows.refunds import RefundInput, RefundWorkflow, refund_workflow_id
from workflows.return_contracts import ReturnInput, return_workflow_id
from workflows.returns import ReturnWorkflow
from workflows.webhooks import webhook_workflow_id

ENDPOINT: Final = UUID(int=7)
MAIL: Final = UUID(int=8)
UPKEEP: Final = "by-hand/recovery-sweep"


class Sender:
    """Sends nothing: the first look leaves something for the next, which finds nothing more."""

    def __init__(self) -> None:
        self._answers: list[float | None] = [0.01, None]

    async def send_waiting(self, lane: WebhookLane) -> WebhookProgress:
        return WebhookProgress(self._answers.pop(0))


class Mailer:
    """Reaches nobody the first time, and is done the second."""

    def __init__(self) -> None:
        self._answers: list[float | None] = [0.01, None]

    async def send_again(self, job: MailJob) -> MailProgress:
        return MailProgress(self._answers.pop(0))


async def _completed(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    return order_id


async def _over(shop: Shop, workflow_id: str) -> None:
    await asyncio.wait_for(shop.environment.client.get_workflow_handle(workflow_id).result(), 20)


async def _grant(shop: Shop, order_id: UUID) -> None:
    commands = RefundCommands(shop.environment.client, shop.store, shop.vault, 10, POLICIES)
    amount = Money(100, "EUR")
    await commands.grant(order_id, key="k", amount=amount, lines={}, reason="chipped", actor="operator:o")


async def refund_granted(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    await _grant(shop, order_id)
    await _over(shop, refund_workflow_id(order_id, "k"))
    return order_id


async def refund_parked_and_retried(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    shop.payments.faults.plan("refund", "refused")
    await _grant(shop, order_id)
    await shop.resolve(order_id, await shop.stalled(order_id), StepAction.RETRY)
    await _over(shop, refund_workflow_id(order_id, "k"))
    return order_id


async def refund_resumed(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    shop.payments.faults.plan("refund", "refused")
    await _grant(shop, order_id)
    await shop.stalled(order_id)
    lost = refund_workflow_id(order_id, "k")
    await shop.environment.client.get_workflow_handle(lost).terminate()
    given = RefundInput(order_id, "k", POLICIES, resumed=True)
    await shop.environment.client.start_workflow(RefundWorkflow.run, given, id=lost, task_queue=TaskQueue.ORDERS)
    await _over(shop, lost)
    return order_id


async def erased(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    await shop.gateway.erase_customer("ada", reason="request 1", actor="admin:eve")
    await _over(shop, erasure_workflow_id("ada"))
    return order_id


async def erasure_refused(shop: Shop) -> UUID:
    shop.auto = False
    order_id = await shop.place(("MUG", 1))
    await shop.until(order_id, lambda record: record.shipments.any_booked)
    with suppress(NotAllowed):
        await shop.gateway.erase_customer("ada", reason="request 1", actor="admin:eve")
    await _over(shop, erasure_workflow_id("ada"))
    await shop.cancel(order_id)
    return order_id


async def return_exchanged(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 2))
    await shop.ended(order_id)
    given = {"kind": ReturnKind.EXCHANGE, "rules": returning.rules_of(ReturnTerms(label=True))}
    return_id = await returning.request(shop, order_id, ("MUG", 2), **given)  # type: ignore[arg-type]
    await returning.approve(shop, order_id, return_id)
    await shop.until(order_id, lambda _: shop.types(order_id).count("ReturnParcelMoved") > 0)
    await returning.receive(shop, order_id, return_id)
    await returning.inspect(shop, order_id, return_id, InspectedItem("MUG", restocked=1, dismissed=1))
    await returning.closed(shop, order_id, return_id)
    return order_id


async def return_label_cancelled(shop: Shop) -> UUID:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.auto = False
    rules = returning.rules_of(ReturnTerms(label=True), auto_approve=True)
    return_id = await returning.request(shop, order_id, ("MUG", 1), rules=rules)
    await shop.until(order_id, lambda _: "ReturnLabelBooked" in shop.types(order_id))
    await shop.gateway.reject_return(order_id, return_id, key="n", reason="never came", actor="operator:eve")
    await returning.closed(shop, order_id, return_id)
    return order_id


async def return_replaced(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    return_id = await returning.request(shop, order_id, ("MUG", 1), kind=ReturnKind.REPLACEMENT)
    await returning.approve(shop, order_id, return_id)
    await returning.closed(shop, order_id, return_id)
    return order_id


async def return_resumed(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    shop.auto = False
    return_id = await returning.request(shop, order_id, ("MUG", 1), kind=ReturnKind.REPLACEMENT)
    await returning.approve(shop, order_id, return_id)
    parcel = replacement_parcel(return_id)
    await shop.until(order_id, lambda record: parcel in record.shipments.by_id)
    lost = return_workflow_id(return_id)
    await shop.environment.client.get_workflow_handle(lost).terminate()
    given = ReturnInput(order_id, return_id, POLICIES, resumed=True)
    await shop.environment.client.start_workflow(ReturnWorkflow.run, given, id=lost, task_queue=TaskQueue.ORDERS)
    await shop.news(shop.booking(order_id, parcel), TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
    await returning.closed(shop, order_id, return_id)
    return order_id


async def upkeep_swept(shop: Shop) -> UUID:
    order_id = await _completed(shop)

    async def nothing_open(before: datetime, after: UUID | None) -> Sequence[UUID]:
        return []

    async def reconciliation() -> Report:
        return Report(orders=0)

    recovery = Recovery(shop.environment.client, shop.store, nothing_open, POLICIES, rate=1000)
    done = MaintenanceActivities(recovery, reconciliation)
    [worker] = workers(shop.environment.client, {TaskQueue.MAINTENANCE: [done.sweep_orders]})
    async with worker:
        await shop.environment.client.execute_workflow(
            MaintenanceWorkflow.run,
            Maintenance("sweep_orders", 60.0),
            id=UPKEEP,
            task_queue=TaskQueue.MAINTENANCE,
        )
    return order_id


async def webhook_sent_later(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    client = shop.environment.client
    [worker] = workers(client, {TaskQueue.WEBHOOKS: [WebhookActivities(Sender()).send_webhooks]})
    async with worker:
        await RetryWorkflows(client).ensure(ENDPOINT, order_id)
        await _over(shop, webhook_workflow_id(ENDPOINT, order_id))
    return order_id


async def mail_sent_later(shop: Shop) -> UUID:
    order_id = await _completed(shop)
    client = shop.environment.client
    [worker] = workers(client, {TaskQueue.NOTIFICATIONS: [MailActivities(Mailer()).send_mail]})
    async with worker:
        await MailWorkflows(client).ensure(MAIL)
        await _over(shop, mail_workflow_id(MAIL))
    return order_id


BESIDE: Final = (
    refund_granted,
    refund_parked_and_retried,
    refund_resumed,
    return_exchanged,
    return_label_cancelled,
    return_replaced,
    return_resumed,
    erased,
    erasure_refused,
    upkeep_swept,
    webhook_sent_later,
    mail_sent_later,
)
