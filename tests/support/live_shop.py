"""The whole of Waybill over HTTP: its own servers, every process a real one, and workers that can be killed."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import httpx

from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from ops import demo
from ops.client import ApiClient
from ops.config import Settings
from ops.devstack import DevStack
from ops.process import Process, ProcessSpec
from ops.up import process_spec


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

    @asynccontextmanager
    async def crashing(self) -> AsyncIterator[Callable[[str, str, int], Awaitable[int]]]:
        """Gives a function that runs a worker until it has killed itself there, and tells its exit code."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.crashing_worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self.worker_spec.env,
        )

        async def crash(moment: str, prefix: str, number: int) -> int:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{moment} {prefix} {number}\n".encode())
            return int(await asyncio.wait_for(process.stdout.readline(), 60))

        try:
            yield crash
        finally:
            process.kill()
            await process.wait()

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

    async def until(
        self, order_id: str, reached: Callable[[dict[str, Any]], object], *, within: float = 60
    ) -> dict[str, Any]:
        deadline = time.monotonic() + within
        while not reached(order := await self.order(order_id)):
            if time.monotonic() > deadline:
                raise AssertionError(f"not reached within {within} s: {order}\n{await self.types(order_id)}")
            await asyncio.sleep(0.1)
        return order

    async def eventually(self, seen: Callable[[], Awaitable[object]], *, within: float = 30) -> None:
        """Wait until a read model shows it."""
        async with asyncio.timeout(within):
            while not await seen():
                await asyncio.sleep(0.1)

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
