"""The worker process: the order workflow and every service's activities, each on its own task queue."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.amendments import AmendmentActivities
from activities.cases import CaseActivities
from activities.contracts import TaskQueue
from activities.erasure import CustomersOrders, ErasureActivities
from activities.gateway_news import GatewayNewsActivities
from activities.gateways.protocol import Carrier, PaymentGateway
from activities.gateways.simulator import SimulatedCarrier
from activities.holds import HoldActivities
from activities.interceptor import DomainErrorInterceptor
from activities.inventory import InventoryActivities
from activities.lost import LostParcelActivities
from activities.mails import MailActivities
from activities.order_stream import RecentOrders
from activities.orders import OrderActivities
from activities.paying import PayingActivities
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from activities.return_labels import ReturnLabelActivities
from activities.returns import ReturnActivities
from activities.shipping import ShippingActivities
from activities.stock_book import StockBook
from activities.stock_changes import StockWriter
from activities.webhooks import WebhookActivities
from eventstore.privacy import CustomerKeys
from eventstore.snapshots import Snapshots
from eventstore.store import EventStore
from eventstore.vault import Vault
from messaging.tasks import end
from ops.bootstrap import connect_temporal, open_backend, utc_now
from ops.config import Settings
from ops.customers_orders import PostgresCustomersOrders
from ops.exports import ExportMaker
from ops.gateways import open_payment_gateway, with_store_credit
from ops.keys import master_keys
from ops.mails import PostOffice, post
from ops.maintenance import maintenance
from ops.search_attributes import check_search_attributes
from ops.services import read_engine
from ops.webhooks import LaneSender, open_courier
from ops.workflow_runner import RUNNER
from readmodels.queries import ReadModels
from workflows.aftercare import AftercareWorkflow
from workflows.cases import CaseWorkflow
from workflows.erasure import ErasureWorkflow
from workflows.gateway_news import GatewayNewsWorkflow
from workflows.mails import MailWorkflow
from workflows.maintenance import MaintenanceWorkflow
from workflows.order import OrderWorkflow
from workflows.refunds import RefundWorkflow
from workflows.returns import ReturnWorkflow
from workflows.webhooks import WebhookWorkflow

GRACE = timedelta(seconds=10)
WORKFLOWS = [
    OrderWorkflow,
    AftercareWorkflow,
    CaseWorkflow,
    GatewayNewsWorkflow,
    RefundWorkflow,
    ReturnWorkflow,
    ErasureWorkflow,
]
SERVED: dict[TaskQueue, list[type]] = {
    TaskQueue.ORDERS: WORKFLOWS,
    TaskQueue.MAINTENANCE: [MaintenanceWorkflow],
    TaskQueue.WEBHOOKS: [WebhookWorkflow],
    TaskQueue.NOTIFICATIONS: [MailWorkflow],
}


def activities(
    store: EventStore,
    snapshots: Snapshots,
    payments: PaymentGateway,
    carrier: Carrier,
    warehouses: tuple[str, ...],
    keys: CustomerKeys,
    customers: CustomersOrders,
    *,
    grace: timedelta = timedelta(minutes=15),
) -> dict[TaskQueue, Sequence[Any]]:
    """The activities of each service's queue. `grace`: see `GatewayNewsActivities`."""
    store = RecentOrders(store)
    orders = OrderActivities(store, utc_now)
    inventory = InventoryActivities(store, StockWriter(store, StockBook(store, snapshots), warehouses))
    money = PaymentActivities(store, payments)
    cases = CaseActivities(store, payments)
    news = GatewayNewsActivities(store, payments, orders, grace, utc_now)
    shipping = ShippingActivities(store, carrier, Vault(keys))
    erasure = ErasureActivities(store, keys, customers, carrier)
    labels = ReturnLabelActivities(store, carrier, Vault(keys), warehouses[0])
    own: Sequence[Any] = (
        *_methods(orders),
        *_methods(HoldActivities(store)),
        *_methods(inventory),
        *_methods(ReturnActivities(store, inventory.stock)),
        cases.answer_case,
        *_methods(RefundActivities(store)),
        *_methods(LostParcelActivities(store, inventory.stock)),
        *_methods(AmendmentActivities(store, inventory.stock)),
        PayingActivities(store).choose_payment_method,
        shipping.deliver_parcel,
        labels.note_label,
        erasure.erase_customer,
        erasure.confirm_forgotten,
    )
    return {
        TaskQueue.ORDERS: own,  # local to the workflow's worker
        TaskQueue.PAYMENTS: (*_methods(money), cases.settle_case, news.take_gateway_news),
        TaskQueue.SHIPPING: (
            *(each for each in _methods(shipping) if each.__name__ != "deliver_parcel"),
            *(each for each in _methods(labels) if each.__name__ != "note_label"),
            erasure.forget_at_carrier,
        ),
    }


def _methods(service: object) -> Sequence[Any]:
    named = (getattr(service, name) for name in dir(type(service)) if not name.startswith("_"))
    return tuple(method for method in named if hasattr(method, "__temporal_activity_definition"))


def workers(client: Client, services: dict[TaskQueue, Sequence[Any]], *, max_cached: int = 5000) -> list[Worker]:
    """A worker per queue; an order's workflow runs on the orders queue, beside its local activities."""
    return [
        Worker(
            client,
            task_queue=queue,
            activities=list(methods),
            workflows=SERVED.get(queue, []),
            workflow_runner=RUNNER,
            interceptors=[DomainErrorInterceptor()],
            graceful_shutdown_timeout=GRACE,
            max_cached_workflows=max_cached,
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        )
        for queue, methods in services.items()
    ]


async def run_worker(
    settings: Settings,
    stop: asyncio.Event,
    *,
    only: Collection[TaskQueue] = tuple(TaskQueue),
    wrap: Callable[[EventStore], EventStore] = lambda store: store,
) -> None:
    """Work until `stop` is set, then let what runs finish.

    Args:
        only: The services whose queues are polled; all of them by default.
        wrap: Puts something around the store.
    """
    client = await connect_temporal(settings)
    await check_search_attributes(client)
    async with AsyncExitStack() as stack:
        backend = await stack.enter_async_context(open_backend(settings, name="waybill-worker"))
        payments = with_store_credit(await stack.enter_async_context(open_payment_gateway(settings)), backend)
        carrier = SimulatedCarrier(settings.carrier_base_url, timeout=settings.gateway_timeout)
        stack.push_async_callback(carrier.aclose)
        services = activities(
            wrap(backend.store),
            backend.snapshots,
            payments,
            carrier,
            settings.warehouse_codes,
            backend.keys,
            PostgresCustomersOrders(backend.pool),
            grace=timedelta(seconds=settings.reconcile_grace),
        )
        engine = read_engine(settings)
        stack.push_async_callback(engine.dispose)
        upkeep = maintenance(settings, client, backend, ReadModels(engine))
        services[TaskQueue.MAINTENANCE] = _methods(upkeep)
        courier = await stack.enter_async_context(
            open_courier(settings, engine, backend.codec, Vault(backend.keys), master_keys(settings))
        )
        services[TaskQueue.WEBHOOKS] = _methods(WebhookActivities(LaneSender(courier)))
        mails = post(settings, backend.store, Vault(backend.keys), engine)
        if mails is not None:
            services[TaskQueue.NOTIFICATIONS] = _methods(MailActivities(PostOffice(mails)))
        for worker in workers(client, {queue: services[queue] for queue in services if queue in only}):
            await stack.enter_async_context(worker)
        if TaskQueue.MAINTENANCE in only:
            making = asyncio.create_task(ExportMaker(engine, ReadModels(engine)).run())
            stack.push_async_callback(end, [making])
        await stop.wait()
