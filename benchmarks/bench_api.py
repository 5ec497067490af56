"""The HTTP API: `python -m benchmarks.bench_api`, or `make bench-api`.

One run on the durable embedded stack, with every process running, measures
- reading an order, beside a bare FastAPI handler that answers the same bytes;
- placing orders at a steady rate, beside a bare update-with-start on the same Temporal at the same rate;
- many readers of the live stream: whether each gets every event, and how late;
- lists with filters and sorts at two sizes of the table, first pages and one far behind.
"""

import argparse
import asyncio
import json
import os
import sys
from typing import Any

import psutil

from benchmarks import api_reads
from benchmarks.lifecycle import SPEED, Customers
from benchmarks.loops import open_loop, quantile
from benchmarks.results import Row, save, show
from benchmarks.rig import Rig, rig
from ops import demo
from ops.client import ApiProblem
from ops.config import Settings
from ops.identity import dev_issuer

PLACING_P50, PLACING_P99, PLACING_RATIO = 60.0, 250.0, 2.5
STREAM_P99, STREAM_MEGABYTES = 500.0, 200.0
EVENTS_A_SECOND = 2.0


async def placing_rows(rig: Rig, given: argparse.Namespace) -> list[Row]:
    """Orders placed on a clock; and the same number of bare update-with-starts after them."""
    customers, refused = Customers(rig, given.seed), list[str]()

    async def place() -> None:
        try:
            await customers.place()
        except ApiProblem as problem:
            refused.append(str(problem))  # what it took counts all the same

    await open_loop(place, rate=given.rate, seconds=min(5.0, given.seconds))
    times = await open_loop(place, rate=given.rate, seconds=given.seconds)
    await _settled(rig)
    bare = await _bare_placing(rig.settings, given)
    p50, p99 = (quantile(times, share) * 1000 for share in (0.5, 0.99))
    return [
        Row(f"placing at {given.rate:g}/s, p50", p50, "ms", "a bare update-with-start", bare * 1000),
        Row("placing, p50", p50 / bare / 1000, "times the bare one", "wanted at most", PLACING_RATIO),
        Row(f"placing at {given.rate:g}/s, p50", p50, "ms", "wanted below", PLACING_P50),
        Row(f"placing at {given.rate:g}/s, p99", p99, "ms", "wanted below", PLACING_P99),
        Row("placing, refused", float(len(refused)), "orders"),
    ]


async def _settled(rig: Rig) -> None:
    """Wait until the orders under way have ended, so that the reference has the machine for itself."""
    async with asyncio.timeout(120):
        while any(
            [
                (await rig.api.get("/v1/orders", status=status, limit=1))["items"]
                for status in ("placed", "fulfilling")
            ]
        ):
            await asyncio.sleep(0.5)


async def _bare_placing(settings: Settings, given: argparse.Namespace) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bare", "--rate", str(given.rate), "--seconds", str(given.seconds)),
        env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return float(printed)


async def stream_rows(rig: Rig, clients: int, events: int) -> list[Row]:
    """Corrections of a stock level, each told to every reader."""
    token = dev_issuer(rig.settings).token(role="admin", subject="benchmark")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.stream_clients"),
        *(str(rig.settings.api_port), str(clients), str(events)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    api = psutil.Process(rig.pids["api"])
    before = megabytes(api)
    process.stdin.write(f"{token}\n".encode())
    if (await process.stdout.readline()).strip() != b"ready":
        raise AssertionError("the readers of the stream were not let in")
    for number in range(events):
        adjustment = {"quantity": 1, "reason": "benchmark", "warehouse": rig.settings.warehouse_codes[0]}
        path = f"/v1/stock/{demo.CATALOGUE[0][0]}/adjustments"
        await rig.api.post(path, adjustment, key=f"stream-{number}")
        await asyncio.sleep(1 / EVENTS_A_SECOND)
    used, connections = megabytes(api), database_connections(api, rig.settings.postgres_port)
    told = json.loads((await process.communicate())[0])
    return [
        Row(
            f"{clients:,} readers of the stream: fewest events of one",
            told["fewest"],
            "events",
            "there were",
            events,
        ),
        Row("all got the same, in the same order", float(told["alike"]), "", "wanted", 1.0),
        Row("recorded to read, p50", told["p50"], "ms"),
        Row("recorded to read, p99", told["p99"], "ms", "wanted below", STREAM_P99),
        Row("memory of the API with them", used, "MB", "wanted below", STREAM_MEGABYTES),
        Row("memory of the API before them", before, "MB"),
        Row(
            "the API's connections to PostgreSQL",
            connections,
            "",
            "its pools' most",
            rig.settings.database_pool * 2,
        ),
    ]


def megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def database_connections(process: psutil.Process, port: int) -> int:
    return sum(_peer_port(each) == port for each in process.net_connections("tcp"))


def _peer_port(connection: Any) -> int | None:
    """psutil gives an empty tuple where there is no peer."""
    return connection.raddr.port if connection.raddr else None


async def _order(rig: Rig, given: argparse.Namespace) -> list[Row]:
    return await api_reads.order_rows(rig, given.reads, given.rounds)


async def _stream(rig: Rig, given: argparse.Namespace) -> list[Row]:
    return await stream_rows(rig, given.clients, given.events)


async def _lists(rig: Rig, given: argparse.Namespace) -> list[Row]:
    return await api_reads.list_rows(rig, few=given.few, many=given.many, repeats=given.repeats)


PARTS = {"order": _order, "stream": _stream, "placing": placing_rows, "lists": _lists}
"""The lists come last: they fill the table with orders that have no history."""


async def measure(given: argparse.Namespace) -> list[Row]:
    """The whole run."""
    rows: list[Row] = []
    async with rig(print, simulator_speed=SPEED) as running:
        for name in given.parts:
            rows += (measured := await PARTS[name](running, given))
            show(name.capitalize(), measured)
    return rows


def main() -> None:
    given = _parser().parse_args()
    rows = asyncio.run(measure(given))
    if given.parts != list(PARTS):
        return  # the file holds whole runs
    path = save("api", rows, vars(given))
    sys.stdout.write(f"written to {path.relative_to(path.parents[2])}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure")
    add("--reads", type=int, default=5000, help="reads of an order counted in each turn")
    add("--rounds", type=int, default=3, help="turns of each side")
    add("--clients", type=int, default=1000, help="readers of the live stream")
    add("--events", type=int, default=60, help="events that each of them is to get")
    add("--rate", type=float, default=10.0, help="orders placed a second")
    add("--seconds", type=float, default=40.0, help="how long they are placed")
    add("--few", type=int, default=10_000, help="orders in the table at first")
    add("--many", type=int, default=1_000_000, help="orders in the table then")
    add("--repeats", type=int, default=200, help="times that each list is read")
    add("--seed", type=int, default=1, help="what the customers order")
    return parser


if __name__ == "__main__":
    main()
