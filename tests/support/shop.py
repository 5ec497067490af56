"""A shop in a test: the real workflow on a real Temporal server, with memory behind it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from temporalio.client import WorkflowHandle, WorkflowUpdateHandle, WorkflowUpdateStage
from temporalio.common import WorkflowIDReusePolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from activities.aggregates import Committed
from activities.contracts import TaskQueue
from activities.gateways.credit import WithStoreCredit
from activities.gateways.protocol import Booking, TrackingUpdate
from activities.order_stream import load_order, order_stream
from domain.decider import fold
from domain.identifiers import Address, Email, Quantity, Sku, order_number
from domain.inventory.events import StockEvent, StockReceived
from domain.inventory.model import StockItem, evolve
from domain.money import Money
from domain.orders.decide import OrderRules, PlaceOrder, PricedLine, price
from domain.orders.events import OnUnavailable, StepAction
from domain.orders.model import OrderStatus
from domain.record import OrderRecord
from domain.shipping.events import TrackingStatus
from eventstore.snapshots import Snapshots
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.vault import Vault
from ops.embedded.temporal import DYNAMIC_CONFIG, TIME_SKIPPING
from ops.worker import activities, workers
from tests.support.gateways import MemoryCarrier, MemoryPayments
from tests.support.invariants import check_shop
from tests.support.memory_keys import MemoryCustomersOrders, MemoryKeys
from tests.support.unruly_store import UnrulyStore
from workflows.contracts import (
    ATTENTION,
    SEARCH_ATTRIBUTES,
    STEP,
    CancelOrder,
    CommandDone,
    OrderInput,
    OrderOutcome,
    StepPolicies,
    order_workflow_id,
)
from workflows.gateway import CommandGateway
from workflows.order import OrderWorkflow

WAREHOUSES = ("BER", "LYS")
POLICIES = StepPolicies(attempts=2, initial_interval=0.01, max_interval=0.05, timeout=5, tracking_poll=3600)
EUR = "EUR"
QUICK_TIMERS = {"history.timerProcessorMaxTimeShift": '"10ms"'}  # the default makes every retry wait for a second


@asynccontextmanager
async def temporal_server() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server of its own, whose workflows' clocks tests can move."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_extra_args=[
            argument
            for setting, value in (DYNAMIC_CONFIG | TIME_SKIPPING | QUICK_TIMERS).items()
            for argument in ("--dynamic-config-value", f"{setting}={value}")
        ],
    ) as environment:
        yield environment


class Shop:
    """Places orders and drives them; `auto` makes the carrier deliver every parcel at once."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.environment = environment
        self.store = UnrulyStore()
        self.payments = MemoryPayments()
        paying = WithStoreCredit(self.payments, self.store)
        self.carrier = MemoryCarrier()
        self.keys = MemoryKeys()
        self.vault = Vault(self.keys)
        self.gateway = CommandGateway(
            temporal=environment.client,
            store=self.store,
            snapshots=Snapshots(None),
            policies=POLICIES,
            warehouses=WAREHOUSES,
            timeout=10,
            vault=self.vault,
        )
        self.auto = True
        self.carrier.on_booked = self._booked
        self._tasks: set[asyncio.Task[None]] = set()
        self._placed: dict[UUID, PlaceOrder] = {}
        self._workers: AsyncExitStack | None = None
        customers = MemoryCustomersOrders(self.store.streams)
        self.services = activities(
            self.store, Snapshots(None), paying, self.carrier, WAREHOUSES, self.keys, customers
        )

    async def open(self, *, max_cached: int = 5000, only: Collection[TaskQueue] = tuple(TaskQueue)) -> None:
        """Start the workers, of some services or of all."""
        self._workers = AsyncExitStack()
        services = {queue: methods for queue, methods in self.services.items() if queue in only}
        for worker in workers(self.environment.client, services, max_cached=max_cached):
            await self._workers.enter_async_context(worker)

    async def close(self) -> None:
        """Stop the workers; workflows stay where they are."""
        if self._workers:
            await self._workers.aclose()
            self._workers = None

    async def start_again(self, order_id: UUID) -> None:
        """Lose the order's workflow, and start another over its stream, from the same start input."""
        with suppress(RPCError):
            await self.handle(order_id).terminate()
        await self.environment.client.start_workflow(
            OrderWorkflow.run,
            OrderInput(self._placed[order_id], "customer:ada", self.gateway.policies),
            id=order_workflow_id(order_id),
            task_queue=TaskQueue.ORDERS,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )

    def impatient(self) -> CommandGateway:
        """A gateway that waits for an answer no longer than half a second."""
        return replace(self.gateway, timeout=0.5)

    async def end_all(self) -> None:
        """Leave no workflow behind that another test's workers would go on with."""
        for name in self.store.streams:
            if name.startswith(("order/", "customer/")):
                with suppress(RPCError):
                    workflow_id = name.replace("customer/", "erasure/")
                    await self.environment.client.get_workflow_handle(workflow_id).terminate()

    async def stock(self, sku: str, quantity: int, warehouse: str = "BER") -> None:
        received = NewEvent(uuid4(), StockReceived(quantity, "delivery"))
        await self.store.append((StreamWrite(f"stock/{warehouse}/{sku}", Expected.ANY, (received,)),))

    async def place(
        self, *lines: tuple[str, int], method: str = "sim_ok", order_id: UUID | None = None, **changes: Any
    ) -> UUID:
        command = replace(order(*lines, method=method, order_id=order_id), **changes)
        self._placed[command.order_id] = command
        placed = await self.gateway.place(command, key=str(command.order_id), actor="customer:ada")
        assert placed.refusal is None
        return placed.order_id

    async def cancel(self, order_id: UUID, key: str = "c", **changes: Any) -> Committed:
        return await self.gateway.cancel(
            order_id, key=key, reason="changed my mind", actor="customer:ada", **changes
        )

    async def start_cancelling(self, order_id: UUID, key: str = "c") -> WorkflowUpdateHandle[CommandDone]:
        """Have a cancellation taken by the workflow, without waiting for its outcome."""
        return await self.handle(order_id).start_update(
            OrderWorkflow.cancel,
            CancelOrder(key, "changed my mind", "customer:ada"),
            id=f"cancel:{key}",
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
        )

    async def resolve(
        self,
        order_id: UUID,
        step: str,
        action: StepAction = StepAction.RETRY,
        *,
        key: str | None = None,
        reference: str | None = None,
    ) -> Committed:
        return await self.gateway.resolve_step(
            order_id,
            key=key or uuid4().hex,
            step=step,
            action=action,
            reason="looked at it",
            actor="operator:eve",
            reference=reference,
        )

    async def charge_back(
        self, order_id: UUID, reference: str = "dp-1", *, key: str | None = None, minor: int = 100
    ) -> Committed:
        return await self.gateway.open_chargeback(
            order_id,
            key=key or uuid4().hex,
            reference=reference,
            amount=Money(minor, EUR),
            reason="fraudulent",
            actor="service:payments",
        )

    def handle(self, order_id: UUID) -> WorkflowHandle[Any, OrderOutcome]:
        return self.environment.client.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))

    async def ended(self, order_id: UUID) -> OrderStatus | None:
        return (await asyncio.wait_for(self.handle(order_id).result(), 20)).status

    async def record(self, order_id: UUID) -> OrderRecord:
        return (await load_order(self.store, order_id)).record

    async def item(self, sku: str, warehouse: str = "BER") -> StockItem:
        """A warehouse's stock of one SKU."""
        stored = await self.store.read_stream(f"stock/{warehouse}/{sku}")
        return fold(evolve, StockItem(), [cast(StockEvent, recorded.event) for recorded in stored])

    async def reason(self, order_id: UUID) -> str:
        """Why the order was cancelled, readable."""
        return await self.vault.open_json((await self.record(order_id)).order.reason or "")

    async def until(self, order_id: UUID, reached: Callable[[OrderRecord], bool]) -> OrderRecord:
        """Wait until the order's stream folds to a state that satisfies `reached`."""
        async with asyncio.timeout(20):
            while not (self.types(order_id) and reached(await self.record(order_id))):
                await asyncio.sleep(0.01)
        return await self.record(order_id)

    async def stalled(self, order_id: UUID) -> str:
        """The step that waits for an operator."""
        record = await self.until(order_id, lambda record: record.order.attention)
        return next(iter(record.order.stalled))

    def booking(self, order_id: UUID, warehouse: str = "BER") -> Booking:
        """The carrier's last booking of this warehouse's parcel."""
        mine = [each for each in self.carrier.books.values() if each.order_id == order_id]
        return next(each for each in reversed(mine) if each.shipment_id.endswith(warehouse))

    async def attention(self, order_id: UUID) -> tuple[bool, str | None]:
        """What Temporal shows of the order: whether it needs attention, and the step that waits."""
        shown = (await self.handle(order_id).describe()).typed_search_attributes
        return bool(shown.get(ATTENTION)), shown.get(STEP)

    async def shown(self, order_id: UUID, *, attention: bool, step: str | None) -> None:
        """Wait until Temporal shows this; it indexes a little later."""
        async with asyncio.timeout(10):
            while await self.attention(order_id) != (attention, step):
                await asyncio.sleep(0.01)

    def types(self, order_id: UUID) -> list[str]:
        return [recorded.type for recorded in self.store.streams.get(order_stream(order_id), [])]

    async def news(self, booking: Booking, *statuses: TrackingStatus) -> None:
        for sequence, status in enumerate(statuses):
            self.carrier.move(booking.reference, status)
            update = TrackingUpdate(
                booking.reference, booking.shipment_id, booking.order_id, sequence, status, datetime.now(UTC)
            )
            await self.gateway.tracking(update)

    def _booked(self, booking: Booking) -> None:
        if self.auto:
            task = asyncio.get_running_loop().create_task(
                self.news(booking, TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def order(*lines: tuple[str, int], method: str = "sim_ok", order_id: UUID | None = None) -> PlaceOrder:
    identity = order_id or uuid4()
    rules = OrderRules(Money(490, EUR), Decimal("0.19"), 1, 10_000_000, 100)
    wanted = [PricedLine(Sku(sku), sku.title(), Quantity(quantity), Money(1999, EUR)) for sku, quantity in lines]
    priced, totals = price(wanted, EUR, rules)
    return PlaceOrder(
        order_id=identity,
        order_number=order_number(identity),
        customer_id="ada",
        email=Email("ada@example.org"),
        currency=EUR,
        lines=priced,
        totals=totals,
        shipping_address=Address("Ada Lovelace", "Unter den Linden 1", "Berlin", "10117", "DE"),
        payment_method=method,
        on_unavailable=OnUnavailable.CANCEL,
        fingerprint="f" * 64,
        tax_rate=rules.tax_rate,
    )


@asynccontextmanager
async def open_shop(temporal: WorkflowEnvironment) -> AsyncIterator[Shop]:
    """A shop with its workers, and ten of each of two products in Berlin. At the end its books are checked."""
    opened = Shop(temporal)
    await opened.stock("MUG", 10)
    await opened.stock("TEE", 10)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.end_all()
        await opened.close()
    check_shop(opened.store.streams, opened.payments, opened.carrier)
