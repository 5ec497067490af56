"""The whole of Waybill over HTTP: its own servers, every process a real one, and workers that can be killed."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from ops import demo
from ops.client import ApiClient
from ops.config import Settings
from ops.devstack import DevStack
from ops.identity import dev_issuer
from ops.migrate import migrate
from ops.process import Process, ProcessSpec
from ops.search_attributes import register_search_attributes
from ops.up import process_spec
from tests.conftest import short_directory, stack_settings


@dataclass
class Shop:
    """Waybill, running but for its worker."""

    settings: Settings
    stack: DevStack
    api: ApiClient
    payments: SimulatedPaymentGateway
    carrier: SimulatedCarrier

    @property
    def worker_spec(self) -> ProcessSpec:
        return replace(process_spec("worker", self.settings), name=f"worker-{uuid4().hex[:6]}")

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Process]:
        """A worker for as long as the block lasts."""
        process = Process(self.worker_spec)
        await process.start()
        try:
            yield process
        finally:
            await process.stop()

    async def crash(self, moment: str, prefix: str, number: int) -> Process:
        """A worker that kills itself; see `tests.e2e.crashing_worker`."""
        command = [sys.executable, "-m", "tests.e2e.crashing_worker", moment, prefix, str(number)]
        process = Process(replace(self.worker_spec, name="crashing-worker", command=command))
        await process.start()
        return process

    async def place(
        self, *lines: tuple[str, int], method: str = "sim_ok", key: str | None = None
    ) -> dict[str, Any]:
        body = order_body(*(lines or (("MUG-BLUE", 1),)), method=method)
        answer: dict[str, Any] = await self.api.post("/v1/orders", body, key=key or str(uuid4()))
        return answer

    async def order(self, order_id: str) -> dict[str, Any]:
        return await self.api.get(f"/v1/orders/{order_id}")

    async def reach(self, order_id: str, *statuses: str, within: float = 60) -> dict[str, Any]:
        """Wait until the order has one of these statuses."""
        return await self.until(order_id, lambda order: order["status"] in statuses, within=within)

    async def until(self, order_id: str, reached: Any, *, within: float = 60) -> dict[str, Any]:
        try:
            async with asyncio.timeout(within):
                while True:
                    order = await self.order(order_id)
                    if reached(order):
                        return order
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not reached within {within} s: {order}\n{await self.types(order_id)}") from None

    async def types(self, order_id: str) -> list[str]:
        page = await self.api.get(f"/v1/orders/{order_id}/events")
        return [event["type"] for event in page["items"]]

    async def effects(self, order_id: str) -> list[str]:
        """The kinds of effects in the payment gateway's books of the order."""
        return sorted(effect.kind for effect in await self.payments.list_effects(UUID(order_id)))

    async def control(self, service: str, path: str, body: dict[str, Any]) -> None:
        """Tell a simulator how to fail."""
        base = self.settings.payments_base_url if service == "payments" else self.settings.carrier_base_url
        async with httpx.AsyncClient(base_url=base) as client:
            (await client.post(path, json=body)).raise_for_status()


def order_body(*lines: tuple[str, int], method: str = "sim_ok") -> dict[str, Any]:
    return {
        "customer_id": "ada",
        "email": "ada@example.org",
        "currency": "EUR",
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
        "shipping_address": demo.ADDRESS,
        "payment": {"method": method},
    }


@pytest.fixture(scope="session")
async def shop() -> AsyncIterator[Shop]:
    home = short_directory()
    settings = stack_settings(
        home, simulator_speed=50, step_attempts=4, step_initial_interval=0.1, step_timeout=5, gateway_timeout=3
    )
    stack = DevStack(settings, durable=False)
    try:
        await stack.start()
        await asyncio.gather(migrate(settings.dsn), register_search_attributes(settings))
        async with asyncio.TaskGroup() as group:
            for name in ("api", "projector", "sim-payments", "sim-carrier"):
                group.create_task(stack.supervisor.start(process_spec(name, settings)))
        token = dev_issuer(settings).token(role="admin", subject="tests")
        payments = SimulatedPaymentGateway(settings.payments_base_url, timeout=5)
        carrier = SimulatedCarrier(settings.carrier_base_url, timeout=5)
        async with ApiClient(settings.api_base_url, token) as api:
            await demo.seed(api, settings.warehouse_codes)
            await demo.sellable(api)
            yield Shop(settings, stack, api, payments, carrier)
        await payments.aclose()
        await carrier.aclose()
    finally:
        await stack.stop()
        shutil.rmtree(home)
