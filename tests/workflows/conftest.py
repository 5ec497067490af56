"""A shop in a test: the real workflow on a real Temporal server, with memory behind it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from activities.gateways.protocol import Booking, TrackingUpdate
from activities.order_stream import load_order, order_stream
from domain.identifiers import Address, Email, Quantity, Sku, order_number
from domain.inventory.events import StockReceived
from domain.money import Money
from domain.orders.decide import OrderRules, PlaceOrder, PricedLine, price
from domain.orders.events import OnUnavailable
from domain.orders.model import OrderStatus
from domain.record import OrderRecord
from domain.shipping.events import TrackingStatus
from eventstore.store import Expected, NewEvent, StreamWrite
from ops.worker import activities, workers
from tests.support.gateways import MemoryCarrier, MemoryPayments
from tests.support.memory_store import MemoryEventStore
from workflows.contracts import SEARCH_ATTRIBUTES, OrderOutcome, StepPolicies, order_workflow_id
from workflows.gateway import CommandGateway
from workflows.order import OrderWorkflow

WAREHOUSES = ("BER", "LYS")
POLICIES = StepPolicies(attempts=2, initial_interval=0.01, max_interval=0.05, timeout=5, tracking_poll=3600)
EUR = "EUR"


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal server of its own, whose workflows' clocks tests can move."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        ts_config=TimeSkippingConfig(enabled=False),
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_extra_args=[
            "--dynamic-config-value",
            "frontend.WorkflowTimeSkippingEnabled=true",
            "--dynamic-config-value",
            "history.transferProcessorMaxPollRPS=2000",
        ],
    ) as environment:
        yield environment


class Shop:
    """Places orders and drives them; `auto` makes the carrier deliver every parcel at once."""

    def __init__(self, environment: WorkflowEnvironment) -> None:
        self.environment = environment
        self.store = MemoryEventStore()
        self.payments = MemoryPayments()
        self.carrier = MemoryCarrier()
        self.gateway = CommandGateway(environment.client, self.store, POLICIES, WAREHOUSES, timeout=10)
        self.auto = True
        self.carrier.on_booked = self._booked
        self._tasks: set[asyncio.Task[None]] = set()

    async def stock(self, sku: str, quantity: int, warehouse: str = "BER") -> None:
        received = NewEvent(uuid4(), StockReceived(quantity, "delivery"))
        await self.store.append((StreamWrite(f"stock/{warehouse}/{sku}", Expected.ANY, (received,)),))

    async def place(self, *lines: tuple[str, int], method: str = "sim_ok", order_id: UUID | None = None) -> UUID:
        command = order(*lines, method=method, order_id=order_id)
        placed = await self.gateway.place(command, key=str(command.order_id), actor="customer:ada")
        assert placed.refusal is None
        return placed.order_id

    def handle(self, order_id: UUID) -> WorkflowHandle[Any, OrderOutcome]:
        return self.environment.client.get_workflow_handle_for(OrderWorkflow.run, order_workflow_id(order_id))

    async def ended(self, order_id: UUID) -> OrderStatus | None:
        return (await asyncio.wait_for(self.handle(order_id).result(), 20)).status

    async def record(self, order_id: UUID) -> OrderRecord:
        return (await load_order(self.store, order_id)).record

    async def until(self, order_id: UUID, reached: Callable[[OrderRecord], bool]) -> OrderRecord:
        """Wait until the order's stream folds to a state that satisfies `reached`."""
        async with asyncio.timeout(15):
            while not (self.types(order_id) and reached(await self.record(order_id))):
                await asyncio.sleep(0.01)
        return await self.record(order_id)

    async def stalled(self, order_id: UUID) -> str:
        """The step that waits for an operator."""
        record = await self.until(order_id, lambda record: record.order.attention)
        return next(iter(record.order.stalled))

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
    )


@pytest.fixture
async def shop(temporal: WorkflowEnvironment) -> AsyncIterator[Shop]:
    """A shop with its worker running, and ten of each of two products in Berlin."""
    opened = Shop(temporal)
    await opened.stock("MUG", 10)
    await opened.stock("TEE", 10)
    services = activities(opened.store, opened.payments, opened.carrier, WAREHOUSES)
    async with AsyncExitStack() as stack:
        for worker in workers(temporal.client, services):
            await stack.enter_async_context(worker)
        yield opened
