"""Reading over HTTP: an order beside a handler that does nothing, and lists at two sizes of the table."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from benchmarks.cpu import cpu_seconds, milliseconds_each
from benchmarks.loops import Window, closed_loop, quantile
from benchmarks.many_orders import KEY_AT, fill
from benchmarks.results import Row
from benchmarks.rig import Rig
from benchmarks.wire import Connection, request
from ops import demo
from ops.embedded.ports import free_ports
from ops.identity import dev_issuer
from readmodels import cursors
from readmodels.views import OrderSort

CONNECTIONS: Final = 8
PAGE: Final = 50
SHARE_WANTED, P99_WANTED, GROWTH_WANTED = 0.5, 25.0, 1.5
LISTS: Final = {
    "newest": "",
    "of a status": "status=completed",
    "of a rare status": "status=on_hold",
    "of a status, by change": "status=completed&sort=-updated_at",
    "of a customer": "customer_id=customer-7",
    "of a customer, by total": "customer_id=customer-7&currency=EUR&sort=-total",
    "of a payment status": "payment_status=authorized",
    "of a rare fulfilment status": "fulfilment_status=partially_shipped",
    "that need attention": "attention=true",
    "by change": "sort=-updated_at",
    "of a currency": "currency=USD",
    "by total": "currency=EUR&sort=-total",
    "in a range of totals": "currency=EUR&min_total=100.00&max_total=101.00&sort=total",
    "in a range of totals, newest": "currency=EUR&min_total=100.00&max_total=101.00",
    "of two statuses": "status=fulfilling&payment_status=authorized&fulfilment_status=unfulfilled",
    "found by customer id": "q=customer-7",
    "found by number": "q=WB-ABC",
}
"""What is asked for; each with the page size added."""


async def order_rows(rig: Rig, count: int, rounds: int) -> list[Row]:
    """`GET /v1/orders/{id}` beside the bare handler, in turns."""
    token = dev_issuer(rig.settings).token(role="admin", subject="benchmark")
    placed = await demo.place(rig.api, key="benchmark-read")
    path = f"/v1/orders/{placed.order_id}"
    await demo.follow(rig.api, placed.order_id, lambda _: None)
    wanted = request(path, token)
    content = await _once(rig.settings.api_port, wanted)
    real, bare = list[Window](), list[Window]()
    spent: dict[str, list[float]] = {"the API": [], "PostgreSQL": [], "the bare handler": []}
    async with _bare_api(content) as (port, pid):
        for _ in range(rounds):
            bare.append(await _window(port, wanted, count, {"the bare handler": pid}, spent))
            pids = {"the API": rig.pids["api"], "PostgreSQL": rig.pids["postgres"]}
            real.append(await _window(rig.settings.api_port, wanted, count, pids, spent))
    mean = {name: sum(each) / len(each) for name, each in spent.items()}
    rate, reference = (sum(each.rate for each in turns) / rounds for turns in (real, bare))
    other = "a bare handler, same bytes"
    return [
        Row("GET /v1/orders/{id}", rate, "1/s", other, reference),
        Row("GET /v1/orders/{id}", rate / reference, "of the bare handler's", "wanted at least", SHARE_WANTED),
        Row("processor of the API, each", mean["the API"], "ms", other, mean["the bare handler"]),
        Row("processor of PostgreSQL, each", mean["PostgreSQL"], "ms"),
        Row("bytes of the answer", float(len(content)), "bytes"),
    ]


async def _once(port: int, wanted: bytes) -> bytes:
    connection = await Connection.to(port)
    try:
        return await connection.get(wanted)
    finally:
        connection.close()


async def _window(
    port: int, wanted: bytes, count: int, pids: dict[str, int], spent: dict[str, list[float]]
) -> Window:
    idle = [await Connection.to(port) for _ in range(CONNECTIONS)]
    each = list(idle)
    edges = []

    async def once() -> None:
        connection = idle.pop()
        await connection.get(wanted)
        idle.append(connection)

    window = await closed_loop(
        once,
        in_flight=CONNECTIONS,
        warm_up=count // 5,
        count=count,
        on_edge=lambda: edges.append(cpu_seconds(pids)),
    )
    for name, value in milliseconds_each(edges[0], edges[1], count).items():
        spent[name].append(value)
    for connection in each:
        connection.close()
    return window


@asynccontextmanager
async def _bare_api(content: bytes) -> AsyncIterator[tuple[int, int]]:
    """Its port and process id."""
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.bare_api", str(port)), stdin=asyncio.subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write(content)
    process.stdin.close()
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    (await Connection.to(port)).close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        yield port, process.pid
    finally:
        process.kill()
        await process.wait()


async def list_rows(rig: Rig, *, few: int, many: int, repeats: int) -> list[Row]:
    """Every list at `few` and at `many` orders, and the page 10,000 of the most common one."""
    token = dev_issuer(rig.settings).token(role="admin", subject="benchmark")
    connection = await asyncpg.connect(rig.settings.dsn)
    try:
        await fill(connection, 0, few)
        before = await _lists(rig.settings.api_port, token, repeats)
        await fill(connection, few, many)
        after = await _lists(rig.settings.api_port, token, repeats)
        far = min(10_000, many * 8 // 10 // PAGE - 2)
        key = await connection.fetchrow(KEY_AT, (far - 1) * PAGE - 1)
        assert key
        cursor = cursors.encode(OrderSort.NEWEST, key["placed_at"].isoformat(), str(key["order_id"]))
        deep = await _timed(
            rig.settings.api_port, token, f"{LISTS['of a status']}&cursor={cursor}", repeats, full=True
        )
    finally:
        await connection.close()
    return _list_rows(before, after, deep, far)


def _list_rows(
    before: dict[str, list[float]], after: dict[str, list[float]], deep: list[float], far: int
) -> list[Row]:
    first = after["of a status"]
    rows = [
        Row(f"page {far:,} of a status, p50", quantile(deep, 0.5), "ms", "its first page", quantile(first, 0.5)),
        Row(f"page {far:,} of a status, p99", quantile(deep, 0.99), "ms", "wanted below", P99_WANTED),
    ]
    for name, times in after.items():
        few = quantile(before[name], 0.5)
        rows.append(Row(f"list {name}, p50", quantile(times, 0.5), "ms", "with few orders", few))
        rows.append(Row(f"list {name}, p99", quantile(times, 0.99), "ms", "wanted below", P99_WANTED))
    worst = max(after, key=lambda name: quantile(after[name], 0.5) / quantile(before[name], 0.5))
    growth = quantile(after[worst], 0.5) / quantile(before[worst], 0.5)
    return [*rows, Row(f"growth, the most: {worst}", growth, "times", "wanted at most", GROWTH_WANTED)]


async def _lists(port: int, token: str, repeats: int) -> dict[str, list[float]]:
    return {name: await _timed(port, token, query, repeats) for name, query in LISTS.items()}


async def _timed(port: int, token: str, query: str, repeats: int, *, full: bool = False) -> list[float]:
    """Milliseconds of each repetition, one at a time, after a few that warm up."""
    wanted = request(f"/v1/orders?limit={PAGE}&{query}", token)
    connection, times, body = await Connection.to(port), list[float](), b""
    try:
        for number in range(repeats + 5):
            began = time.perf_counter()
            body = await connection.get(wanted)
            if number >= 5:
                times.append((time.perf_counter() - began) * 1000)
    finally:
        connection.close()
    _check(json.loads(body)["items"], full=full)
    return times


def _check(items: Sequence[object], *, full: bool) -> None:
    if full and len(items) != PAGE:
        raise AssertionError(f"a page in the middle has {len(items)} orders")
