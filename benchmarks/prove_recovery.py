"""Temporal's data are deleted while orders of every kind are under way; all of them must finish, charged once.

    python -m benchmarks.prove_recovery [--orders 240] [--seed 1]

Real servers and processes. Orders are brought to every state that an order can rest in, others are placed last and
caught wherever they are. Then the worker is killed, Temporal's directory is deleted and Temporal started empty;
the faults are mended, `waybill recover` runs, and people answer what waited for them. Exits 1 on a violation.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx
import uvloop
from rich.console import Console

from activities.gateways.simulator import SimulatedPaymentGateway
from benchmarks.recovery_kinds import CAUGHT, OVER, RARE, RESTING, Kind, Order, ended
from benchmarks.results import Row, show
from benchmarks.rig import OUTSIDE, temporary_directory, temporary_settings
from messaging.tasks import end
from ops import demo
from ops.client import ApiClient, ApiProblem
from ops.config import Settings
from ops.devstack import DevStack
from ops.embedded.temporal import EmbeddedTemporal
from ops.identity import dev_issuer
from ops.migrate import migrate
from ops.process import Process, Say
from ops.recover import recover
from ops.schedules import prepare_temporal
from ops.up import LISTENING, process_spec
from ops.verify import verify

AT_ONCE: Final = 12
WITHIN: Final = 300.0
DOWN: Final = ("sim_down", "sim_capture_down", "sim_void_down")


@dataclass
class Proof:
    """A shop whose Temporal is lost. `placed` are its orders by id."""

    settings: Settings
    stack: DevStack
    api: ApiClient
    say: Say
    placed: dict[str, Kind] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    async def prepare(self, orders: int, chance: random.Random) -> None:
        """Bring orders of every kind to where they rest, the last ones to wherever they are when this returns."""
        await self._sell_rare()
        kinds = [(OVER, RESTING, CAUGHT)[group] for group in range(3)]
        each = max(1, orders // sum(len(group) for group in kinds))
        await self._bring(OVER, each, chance)
        await self._control("carrier", "/control/movement", {"paused": True})
        await self._bring(RESTING, each, chance)
        left = max(each * len(CAUGHT), orders - len(self.placed))
        await self._bring(tuple(CAUGHT[number % len(CAUGHT)] for number in range(left)), 1, chance)

    async def _bring(self, kinds: tuple[Kind, ...], each: int, chance: random.Random) -> None:
        wanted = list(kinds * each)
        chance.shuffle(wanted)
        few = asyncio.Semaphore(AT_ONCE)

        async def one(kind: Kind) -> None:
            async with few:
                order_id = await self._place(kind)
                for reached, act in kind.then:
                    await self._until(order_id, reached)
                    await self._act(act, order_id)
                await self._until(order_id, kind.ready)

        await asyncio.gather(*(one(kind) for kind in wanted))

    async def _place(self, kind: Kind) -> str:
        body = {
            "customer_id": "ada",
            "email": "ada@example.org",
            "currency": "EUR",
            "lines": [{"sku": kind.sku, "quantity": 1}],
            "shipping_address": demo.ADDRESS,
            "payment": {"method": kind.method},
            "on_unavailable": kind.on_unavailable,
        }
        order_id: str = (await self.api.post("/v1/orders", body))["order_id"]
        self.placed[order_id] = kind
        return order_id

    async def _act(self, what: str, order_id: str) -> None:
        path = f"/v1/orders/{order_id}"
        if what == "advance":
            await self._control("carrier", "/control/advance", {"order_id": order_id})
        elif what == "cancel":
            await self.api.post(f"{path}/cancel", {"reason": "changed my mind"})
        else:
            await self.api.post(f"{path}/holds", {"scope": "order", "reason": "looks odd"})

    async def lose_temporal(self, worker: Process) -> None:
        """Kill the worker in the midst of it, and start Temporal anew on nothing."""
        assert worker.pid
        os.kill(worker.pid, signal.SIGKILL)
        await self.stack.supervisor.stop("temporal")
        shutil.rmtree(self.settings.data_dir / "temporal")
        fresh = EmbeddedTemporal(self.settings, durable=False, time_skipping=False)
        await self.stack.supervisor.start(await fresh.prepare())
        await fresh.finish()
        await prepare_temporal(self.settings)

    async def open(self) -> Counter[str]:
        """The orders that have not ended, by what is seen of them."""
        seen = [await self.api.get(f"/v1/orders/{order_id}") for order_id in self.placed]
        return Counter(
            f"{order['status']}, {order['payment_status']}, {order['fulfilment_status']}"
            + ", stalled" * order["attention"]
            for order in seen
            if not ended(order)
        )

    async def mend(self) -> None:
        """The gateways work again, and parcels move."""
        for method in DOWN:
            await self._control("payments", f"/control/methods/{method}", {"available": True})
        await self._control("carrier", "/control/movement", {"paused": False})

    async def answer(self) -> None:
        """Stock comes, customers decide, holds are released."""
        for order_id, kind in self.placed.items():
            path = f"/v1/orders/{order_id}"
            if kind.name == "asked":
                await self.api.post(f"{path}/decisions", {"decision": "wait"})
            if kind.name == "held":
                [hold] = (await self.api.get(path))["holds"]
                await self.api.post(f"{path}/holds/{hold['hold_id']}/release", {"reason": "it is fine"})
        pieces = sum(kind.sku == RARE for kind in self.placed.values())
        warehouse = self.settings.warehouse_codes[0]
        body = {"quantity": pieces, "reason": "delivery", "warehouse": warehouse}
        await self.api.post(f"/v1/stock/{RARE}/adjustments", body)

    async def finish(self) -> None:
        """Wait for every order's end."""
        operator = asyncio.create_task(self._retry_stalled())
        try:
            for order_id, kind in self.placed.items():
                order = await self._until(order_id, ended)
                if order["status"] != kind.ends:
                    self.violations.append(f"{order_id} ({kind.name}) ended {order['status']}, not {kind.ends}")
        finally:
            await end([operator])

    async def _retry_stalled(self) -> None:
        """As an operator does after an outage; on a busy machine a step may also park for want of time."""
        while True:
            for stalled in (await self.api.get("/v1/ops/sagas", state="stalled", limit=100))["items"]:
                path = f"/v1/ops/orders/{stalled['order_id']}/steps/{quote(stalled['step'], safe='')}"
                with suppress(ApiProblem):  # the list is a moment old: the step may go on already
                    await self.api.post(path, {"action": "retry", "reason": "the gateways are back"})
            await asyncio.sleep(1)

    async def check(self) -> None:
        """What `verify` says, and the gateway's books: an order is authorised once, its parcel captured once."""
        payments = SimulatedPaymentGateway(self.settings.payments_base_url, timeout=30)
        try:
            effects = Counter((each.order_id, each.kind) for each in await payments.list_effects())
        finally:
            await payments.aclose()
        for order_id, kind in self.placed.items():
            found = [effects[UUID(order_id), what] for what in ("authorization", "capture", "void", "refund")]
            wanted = {"completed": [1, 1, 0, 0], "cancelled": [1, 0, 1, 0]}[kind.ends]
            if kind.name == "declined":
                wanted = [0, 0, 0, 0]
            if found != wanted:
                self.violations.append(f"{order_id} ({kind.name}): effects {found}, not {wanted}")
        for checked in await verify(self.settings):
            self.violations += [f"{checked.name}: {fault}" for fault in checked.faults]

    async def _sell_rare(self) -> None:
        price = [{"amount": "5.00", "currency": "EUR"}]
        await self.api.post("/v1/products", {"sku": RARE, "name": "Hard to get", "prices": price})
        published = await self.api.post(f"/v1/products/{RARE}/publish")
        await self.api.get(f"/v1/products/{RARE}", min_position=published["position"])

    async def _until(self, order_id: str, reached: Callable[[Order], object]) -> Order:
        deadline = time.monotonic() + WITHIN
        while not reached(order := await self.api.get(f"/v1/orders/{order_id}")):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{order_id} ({self.placed[order_id].name}) stands still: {order}")
            await asyncio.sleep(0.1)
        return order

    async def _control(self, service: str, path: str, body: dict[str, Any]) -> None:
        base = self.settings.payments_base_url if service == "payments" else self.settings.carrier_base_url
        async with httpx.AsyncClient(base_url=base) as client:
            (await client.post(path, json=body)).raise_for_status()


@asynccontextmanager
async def proof(say: Say) -> AsyncIterator[Proof]:
    """A shop without a worker, and its servers."""
    home = temporary_directory()
    quick = {"step_attempts": 3, "step_initial_interval": 0.05, "step_max_interval": 0.2, "simulator_speed": 50}
    settings = temporary_settings(home, rate_admin=0, **quick)
    stack = DevStack(settings, on_event=say, durable=False)
    try:
        await stack.start()
        await asyncio.gather(migrate(settings.dsn), prepare_temporal(settings))
        async with asyncio.TaskGroup() as group:
            for name in (*LISTENING, "projector"):
                group.create_task(stack.supervisor.start(process_spec(name, settings)))
        token = dev_issuer(settings).token(role="admin", subject="proof")
        async with ApiClient(settings.api_base_url, token, timeout=60) as api:
            await demo.seed(api, settings.warehouse_codes)
            await demo.sellable(api)
            yield Proof(settings, stack, api, say)
    finally:
        await stack.stop()
        shutil.rmtree(home)


async def lose_and_recover(shop: Proof, orders: int, seed: int) -> list[Row]:
    """The proof itself; `shop.violations` has what was wrong."""
    worker = Process(process_spec("worker", shop.settings))
    await worker.start()
    try:
        await shop.prepare(orders, random.Random(seed))
        await shop.lose_temporal(worker)
    finally:
        await worker.stop()
    for state, count in sorted((states := await shop.open()).items()):
        shop.say(f"{count:5}  {state}")
    began = time.monotonic()
    again = Process(process_spec("worker", shop.settings))
    await again.start()
    try:
        await shop.mend()
        found = await recover(shop.settings, Console(quiet=True), rate=200)
        if found.open != states.total():
            shop.violations.append(f"{states.total()} orders are open, {found.open} were found")
        await shop.answer()
        await shop.finish()
    finally:
        await again.stop()
    seconds = time.monotonic() - began
    await shop.check()
    return [
        Row("orders", len(shop.placed), "orders"),
        Row("open when Temporal was lost", states.total(), "orders"),
        Row("in as many states", len(states), "states"),
        Row("workflows started again", len(found.started), "workflows"),
        Row("from then to the last order's end", seconds, "s"),
        Row("violations", len(shop.violations), ""),
    ]


async def prove(orders: int, seed: int, say: Say) -> list[str]:
    """Run it on a shop of its own; gives the violations, none of which there must be."""
    for name in OUTSIDE:  # its processes inherit this environment
        os.environ.pop(f"WAYBILL_{name}", None)
    async with proof(say) as shop:
        rows = await lose_and_recover(shop, orders, seed)
        show(f"recovery, seed {seed}", rows)
        return shop.violations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        violations = runner.run(prove(options.orders, options.seed, print))
    for each in violations:
        print(each)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
