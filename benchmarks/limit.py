"""The limit of an order's shape: how many hollow orders a second the same Temporal carries through."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn
from uuid import UUID, uuid4

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from benchmarks.arrivals import Arrivals
from domain.identifiers import Address, Email, Quantity, Sku, order_number
from domain.money import Money
from domain.orders.decide import OrderRules, PlaceOrder, PricedLine, price
from domain.orders.events import OnUnavailable
from eventstore.privacy import DataKey, Erasure
from eventstore.snapshots import Snapshots
from eventstore.store import Appended, Recorded, StreamWrite
from eventstore.vault import Vault
from ops import demo
from ops.bootstrap import connect_temporal, step_policies
from ops.config import Settings
from ops.search_attributes import register_search_attributes
from workflows.gateway import CommandGateway

NAMESPACE = "hollow"
EUR = "EUR"
RULES = OrderRules(Money(490, EUR), Decimal("0.19"), 1, 10_000_000, 100)
LINES = (
    PricedLine(Sku("MUG-BLUE"), "Blue mug", Quantity(2), Money(1250, EUR)),
    PricedLine(Sku("TEE-BLACK-M"), "Black T-shirt, M", Quantity(1), Money(2400, EUR)),
)


class NoStore:
    """In the place of an event store: hollow orders have none."""

    async def append(self, writes: Sequence[StreamWrite]) -> Appended:
        self._refuse()

    async def read_stream(self, stream_id: str, *, after: int = 0, limit: int | None = None) -> Sequence[Recorded]:
        self._refuse()

    async def version_of(self, stream_id: str, event_id: UUID) -> int | None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise AssertionError("a hollow order reached for the event store")


class OneKey:
    """In the place of the customers' keys: sealing itself is measured with the rest."""

    def __init__(self) -> None:
        self._key = DataKey.new("benchmark")

    async def of_customer(self, customer_id: str) -> DataKey:
        return self._key

    async def by_id(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        return {self._key.key_id: self._key}

    async def erasure(self, customer_id: str) -> Erasure | None:
        return None

    async def destroy(self, customer_id: str) -> Erasure:
        raise AssertionError("a benchmark erases nobody")

    async def confirm_forgotten(self, customer_id: str) -> None:
        raise AssertionError("a benchmark erases nobody")


@dataclass(frozen=True, slots=True)
class Hollow:
    """Hollow orders on a running worker of theirs."""

    gateway: CommandGateway
    worker_pid: int
    completed: Arrivals

    async def order(self) -> None:
        """Place an order by update-with-start, as the API does, and wait until it is completed."""
        command = _command(uuid4())
        await self.gateway.place(command, key=str(command.order_id), actor="customer:benchmark")
        await self.completed.of(command.order_id)


async def prepare_namespace(settings: Settings) -> Settings:
    """Make the hollow orders' namespace; gives the settings that point to it."""
    hollow = settings.model_copy(update={"temporal_namespace": NAMESPACE})
    retention = Duration(seconds=86_400)
    service = (await connect_temporal(settings)).workflow_service
    await service.register_namespace(
        RegisterNamespaceRequest(namespace=NAMESPACE, workflow_execution_retention_period=retention)
    )
    await _until_known(await connect_temporal(hollow))
    await register_search_attributes(hollow)
    return hollow


async def _until_known(client: Client) -> None:
    """The server's caches learn of a new namespace after some seconds."""
    async with asyncio.timeout(60):
        while True:
            try:
                await client.count_workflows()
            except Exception:
                await asyncio.sleep(0.2)
            else:
                return


@asynccontextmanager
async def hollow_orders(settings: Settings) -> AsyncIterator[Hollow]:
    """A hollow worker, for as long as the block lasts."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.hollow"),
        env={**os.environ, **settings.environment(), "WAYBILL_TEMPORAL_NAMESPACE": NAMESPACE},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert worker.stdin
    assert worker.stdout
    completed = Arrivals()
    reading = asyncio.create_task(_read(worker.stdout, completed))
    temporal = await connect_temporal(settings)
    store = NoStore()
    gateway = CommandGateway(
        temporal=temporal,
        store=store,
        snapshots=Snapshots(None),
        policies=step_policies(settings),
        warehouses=settings.warehouse_codes,
        timeout=60,
        vault=Vault(OneKey()),
    )
    try:
        yield Hollow(gateway, worker.pid, completed)
    finally:
        worker.stdin.close()
        await worker.wait()
        await reading


async def _read(stdout: asyncio.StreamReader, completed: Arrivals) -> None:
    async for line in stdout:
        completed.arrived(UUID(line.decode().strip()))


def _command(order_id: UUID) -> PlaceOrder:
    lines, totals = price(LINES, EUR, RULES)
    address = demo.ADDRESS
    return PlaceOrder(
        order_id=order_id,
        order_number=order_number(order_id),
        customer_id="benchmark",
        email=Email("ada@example.org"),
        currency=EUR,
        lines=lines,
        totals=totals,
        shipping_address=Address(
            address["name"], address["line1"], address["city"], address["postal_code"], address["country"]
        ),
        payment_method="sim_ok",
        on_unavailable=OnUnavailable.CANCEL,
        fingerprint="f" * 64,
    )
