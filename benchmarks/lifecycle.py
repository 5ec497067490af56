"""Orders carried through their whole life: `python -m benchmarks.lifecycle`, or `make bench`.

One run on the durable embedded stack, with every process running and gateways that answer at once, measures
- how many orders a second the same workflow carries through with no work in its steps: the limit of the shape;
- how many orders a second are placed over HTTP and completed, and what each costs every part in processor time;
- how long placing takes at a steady rate, with the rest of each order's life going on beside it;
- how many a second of an order's round trips, bare, the machine does: see `benchmarks.bare`.
The first two are measured in turns, the limit first and last, so that a machine that slows down shows.
"""

import argparse
import asyncio
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

from benchmarks.arrivals import from_log
from benchmarks.cpu import cpu_seconds, milliseconds_each
from benchmarks.limit import hollow_orders, prepare_namespace
from benchmarks.loops import Window, closed_loop, open_loop, quantile
from benchmarks.results import Row, save, show
from benchmarks.rig import Rig, rig
from ops import demo
from ops.config import Settings

SPEED = 1_000_000.0  # days of the simulated carrier per second: it never makes an order wait
TARGET_RATE, TARGET_P50, TARGET_P99 = 15.0, 50.0, 250.0
TARGET_BARE = 45.0
"""Bare orders per second on the machine for which `TARGET_RATE` was set."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: what was finished, and milliseconds of processor time per order by part."""

    window: Window
    cpu: dict[str, float]


class Customers:
    """They order over HTTP: one product of the demo catalogue, or up to `lines`."""

    def __init__(self, rig: Rig, seed: int, *, lines: int = 3) -> None:
        self._rig, self._chance, self._seed, self._placed = rig, random.Random(seed), seed, 0
        self._lines = lines

    async def place(self) -> UUID:
        """Place an order; gives its id."""
        self._placed += 1
        key = f"benchmark-{self._seed}-{self._placed}"
        placed = await self._rig.api.post("/v1/orders", self._body(), key=key)
        return UUID(placed["order_id"])

    def _body(self) -> dict[str, Any]:
        chosen = self._chance.sample(demo.CATALOGUE, self._chance.randint(1, self._lines))
        lines = [{"sku": sku, "quantity": self._chance.randint(1, 2)} for sku, _, _ in chosen]
        return {
            "customer_id": f"customer-{self._chance.randint(1, 1000)}",
            "email": "ada@example.org",
            "currency": "EUR",
            "lines": lines,
            "shipping_address": demo.ADDRESS,
            "payment": {"method": "sim_ok"},
        }


async def limit_turn(settings: Settings, rig: Rig, load: argparse.Namespace) -> Turn:
    """Hollow orders, carried through by a worker of their own on the same Temporal."""
    async with hollow_orders(settings) as hollow:
        pids = {"temporal": rig.pids["temporal"], "worker": hollow.worker_pid}
        return await _turn(hollow.order, pids, load)


async def orders_turn(customers: Customers, rig: Rig, load: argparse.Namespace) -> Turn:
    """Real orders, from the answer to HTTP to their completion in the log."""
    async with from_log(rig.settings.dsn) as completed:

        async def order() -> None:
            await completed.of(await customers.place())

        return await _turn(order, rig.pids, load)


async def _turn(once: Any, pids: dict[str, int], load: argparse.Namespace) -> Turn:
    spent: list[Any] = []
    window = await closed_loop(
        once,
        in_flight=load.in_flight,
        warm_up=load.warm_up,
        count=load.orders,
        on_edge=lambda: spent.append(cpu_seconds(pids)),
    )
    return Turn(window, milliseconds_each(spent[0], spent[1], load.orders))


async def measure(load: argparse.Namespace) -> list[Row]:
    """The whole run."""
    async with rig(print, simulator_speed=SPEED) as running:
        settings = await prepare_namespace(running.settings)
        customers = Customers(running, load.seed)
        limits, orders = [await limit_turn(settings, running, load)], list[Turn]()
        _say("limit", limits[-1])
        for _ in range(load.rounds):
            orders.append(await orders_turn(customers, running, load))
            _say("orders", orders[-1])
            limits.append(await limit_turn(settings, running, load))
            _say("limit", limits[-1])
        placing = await open_loop(lambda: _place(customers), rate=load.rate, seconds=load.seconds)
        bare = await _bare(settings, load)
    return [
        *_rate_rows(limits, orders, bare),
        *_placing_rows(placing, load.rate),
        *_cpu_rows(limits, orders),
    ]


async def _bare(settings: Settings, load: argparse.Namespace) -> float:
    counts = {"--in-flight": load.in_flight, "--warm-up": load.warm_up, "--orders": load.orders}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bare"),
        *(word for name, count in counts.items() for word in (name, str(count))),
        env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return float(printed)


async def _place(customers: Customers) -> None:
    await customers.place()


def _say(what: str, turn: Turn) -> None:
    print(f"{what}: {turn.window.rate:.1f} orders/s, {median(turn.window.latencies):.2f} s each", flush=True)


def _rate_rows(limits: Sequence[Turn], orders: Sequence[Turn], bare: float) -> list[Row]:
    limit, done = (sum(turn.window.rate for turn in turns) / len(turns) for turns in (limits, orders))
    life = [latency for turn in orders for latency in turn.window.latencies]
    hollow = [latency for turn in limits for latency in turn.window.latencies]
    same = "no work in the steps"
    return [
        Row("orders completed", done, "1/s", same, limit),
        Row("orders completed", done, "1/s", "wanted at least", TARGET_RATE),
        Row("round trips of an order, bare", bare, "1/s", "where 15/s was set", TARGET_BARE),
        Row("orders completed, at that pace", done * TARGET_BARE / bare, "1/s", "wanted at least", TARGET_RATE),
        Row("placed to completed under that load, p50", median(life), "s", same, median(hollow)),
        Row("limit, spread of its turns", _spread(limits), "", "", None),
    ]


def _spread(turns: Sequence[Turn]) -> float:
    """Fastest over slowest: how far the machine was quiet."""
    rates = [turn.window.rate for turn in turns]
    return max(rates) / min(rates)


def _placing_rows(placing: list[float], rate: float) -> list[Row]:
    p50, p99 = (quantile(placing, share) * 1000 for share in (0.5, 0.99))
    return [
        Row(f"placing at {rate:g}/s, p50", p50, "ms", "wanted below", TARGET_P50),
        Row(f"placing at {rate:g}/s, p99", p99, "ms", "wanted below", TARGET_P99),
    ]


def _cpu_rows(limits: Sequence[Turn], orders: Sequence[Turn]) -> list[Row]:
    hollow, real = _mean_cpu(limits), _mean_cpu(orders)
    rows = [
        Row(f"processor per order: {part}", spent, "ms", "no work in the steps" if part in hollow else "", ref)
        for part, spent in sorted(real.items(), key=lambda item: -item[1])
        for ref in [hollow.get(part)]
    ]
    total = Row("processor per order: all", sum(real.values()), "ms", "no work in the steps", sum(hollow.values()))
    return [*rows, total]


def _mean_cpu(turns: Sequence[Turn]) -> dict[str, float]:
    return {part: sum(turn.cpu[part] for turn in turns) / len(turns) for part in turns[0].cpu}


def main() -> None:
    load = _parser().parse_args()
    rows = asyncio.run(measure(load))
    show("The life of an order, on the durable embedded stack", rows)
    path = save("lifecycle", rows, vars(load))
    sys.stdout.write(f"written to {path.relative_to(path.parents[2])}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--orders", type=int, default=400, help="orders counted in each turn")
    add("--warm-up", type=int, default=80, help="orders before them in each turn")
    add("--in-flight", type=int, default=40, help="orders under way at any time")
    add("--rounds", type=int, default=1, help="turns of real orders; there is one more of the limit")
    add("--rate", type=float, default=5.0, help="orders placed a second while placing is timed")
    add("--seconds", type=float, default=40.0, help="how long placing is timed")
    add("--seed", type=int, default=1, help="what the customers order")
    return parser


if __name__ == "__main__":
    main()
