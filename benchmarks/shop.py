"""A shop's rush: `python -m benchmarks.shop`, or `make bench-shop`.

One run on the durable embedded stack, with every process running and a courier that stands still, measures
- orders placed over HTTP and authorised, a second, by 10 and by 30 customers at once; nothing is fulfilled;
- how many of 60 buyers at once get one of 20 pieces;
- how often the same order, submitted twice at once, is placed and charged, by the gateway's own books.
It fails where a piece is sold twice or an order charged twice.

The peers' figures were measured on another day, on a machine of two noisy cores with the client on it, as here:
orders of one item by guests, placed and paid with a gateway that answers at once, production mode, keep-alive.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks.arrivals import from_log
from benchmarks.lifecycle import Customers
from benchmarks.loops import Window, closed_loop, quantile
from benchmarks.results import Row, save, show
from benchmarks.rig import Rig, rig
from ops import demo
from ops.client import ApiProblem

STILL: Final = 0.000001  # days of the carrier a second: no parcel leaves while this runs
PEERS: Final = {
    "Vendure 3.7.3": {10: 9.6, 30: 9.9},
    "Saleor 3.23.28": {10: 2.85, 30: 2.7},
    "Medusa 2.21.2": {10: 1.4, 30: 1.3},
}
"""Orders a second by customers at once; the best of each peer's runs."""

SCARCE: Final = "SCARCE"
PIECES, BUYERS = 20, 60
CONFIRMED: Final = "OrderConfirmed"
CHARGES: Final = "SELECT order_id, count(*) AS charges FROM payments.payment GROUP BY order_id"


class Wrong(Exception):
    """More was sold than there is, or an order charged more than once."""


async def rush(rig: Rig, customers: Customers, at_once: int, orders: int) -> Window:
    """Place, and wait until the order is confirmed: its stock is reserved and its payment authorised."""
    async with from_log(rig.settings.dsn, CONFIRMED) as confirmed:

        async def order() -> None:
            await confirmed.of(await customers.place())

        return await closed_loop(order, in_flight=at_once, warm_up=at_once, count=orders)


def rush_rows(at_once: int, window: Window) -> list[Row]:
    name = f"placed and authorised, {at_once} customers at once"
    rows = [Row(name, window.rate, "1/s", peer, rates[at_once]) for peer, rates in PEERS.items()]
    return [*rows, Row(f"{name}, p50", quantile(window.latencies, 0.5), "s")]


async def scarce_rows(rig: Rig) -> list[Row]:
    """Sixty buyers of twenty pieces, all at once. Raises Wrong."""
    await _offer(rig)
    await asyncio.gather(*(_buy(rig, f"scarce-{number}") for number in range(BUYERS)))
    async with asyncio.timeout(60):
        while (sold := await _statuses(rig)).get("open", 0):
            await asyncio.sleep(0.2)
    level = await rig.api.get(f"/v1/stock/{SCARCE}")
    if sold.get("sold") != PIECES or level["available"] != 0 or level["reserved"] > PIECES:
        raise Wrong(f"{PIECES} pieces, {BUYERS} buyers: {sold}, stock {level}")
    return [
        Row(
            f"sold of {PIECES} pieces to {BUYERS} buyers at once",
            float(sold["sold"]),
            "pieces",
            "there were",
            PIECES,
        )
    ]


async def _offer(rig: Rig) -> None:
    prices = [{"amount": "10.00", "currency": "EUR"}]
    await rig.api.post("/v1/products", {"sku": SCARCE, "name": "The last ones", "prices": prices}, key=SCARCE)
    await rig.api.post(f"/v1/products/{SCARCE}/publish", key=f"{SCARCE}-publish")
    adjustment = {"quantity": PIECES, "reason": "benchmark", "warehouse": rig.settings.warehouse_codes[0]}
    await rig.api.post(f"/v1/stock/{SCARCE}/adjustments", adjustment, key=f"{SCARCE}-stock")
    async with asyncio.timeout(30):
        while (await _product(rig)).get("status") != "published":
            await asyncio.sleep(0.1)


async def _product(rig: Rig) -> dict[str, Any]:
    try:
        return await rig.api.get(f"/v1/products/{SCARCE}")
    except ApiProblem:
        return {}


def _body(sku: str) -> dict[str, object]:
    return {
        "customer_id": "customer-rush",
        "email": "ada@example.org",
        "currency": "EUR",
        "lines": [{"sku": sku, "quantity": 1}],
        "shipping_address": demo.ADDRESS,
        "payment": {"method": "sim_ok"},
        "on_unavailable": "cancel",
    }


async def _buy(rig: Rig, key: str, sku: str = SCARCE) -> str | None:
    """The order's id; None where it was refused."""
    try:
        placed = await rig.api.post("/v1/orders", _body(sku), key=key)
    except ApiProblem:
        return None
    return str(placed["order_id"])


async def _statuses(rig: Rig) -> dict[str, int]:
    """How many orders of the scarce product are sold, cancelled, or not decided."""
    page = await rig.api.get("/v1/orders", sku=SCARCE, limit=100)
    found: dict[str, int] = {}
    for order in page["items"]:
        name = {"confirmed": "sold", "fulfilling": "sold", "cancelled": "cancelled"}.get(order["status"], "open")
        found[name] = found.get(name, 0) + 1
    found["open"] = found.get("open", 0) + (len(page["items"]) < BUYERS)
    return found


async def twin_rows(rig: Rig, twins: int) -> list[Row]:
    """The same order, under one key, submitted twice at once. Raises Wrong."""
    ids = set[str]()
    async with from_log(rig.settings.dsn, CONFIRMED) as confirmed:
        for number in range(twins):
            pair = await asyncio.gather(*(_buy(rig, f"twin-{number}", demo.CATALOGUE[0][0]) for _ in range(2)))
            if len(set(pair)) != 1 or pair[0] is None:
                raise Wrong(f"twins were answered {pair}")
            ids.add(pair[0])
            await confirmed.of(UUID(pair[0]))
    charged = await _charges(rig)
    once = sum(1 for each in ids if charged.get(each) == 1)
    if once != twins or any(count != 1 for count in charged.values()):
        raise Wrong(f"{once} of {twins} were charged once; the books have up to {max(charged.values())} an order")
    return [Row("submitted twice at once, charged once", float(once), "orders", "of", twins)]


async def _charges(rig: Rig) -> dict[str, int]:
    """By order, of the gateway's own books."""
    connection = await asyncpg.connect(rig.settings.simulator_dsn)
    try:
        return {str(row["order_id"]): row["charges"] for row in await connection.fetch(CHARGES)}
    finally:
        await connection.close()


async def measure(given: argparse.Namespace) -> Sequence[Row]:
    rows: list[Row] = []
    async with rig(print, simulator_speed=STILL) as running:
        customers = Customers(running, given.seed, lines=1)
        for at_once in (10, 30):
            rows += rush_rows(at_once, await rush(running, customers, at_once, given.orders))
        rows += await scarce_rows(running)
        rows += await twin_rows(running, given.twins)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=300, help="orders counted for each number of customers")
    parser.add_argument("--twins", type=int, default=100, help="orders submitted twice at once")
    parser.add_argument("--seed", type=int, default=1, help="what the customers order")
    given = parser.parse_args()
    rows = asyncio.run(measure(given))
    show("A shop's rush, on the durable embedded stack", rows)
    path = save("shop", rows, {**vars(given), "peers": "measured on 2026-11-23, each alone on two noisy cores"})
    sys.stdout.write(f"written to {path.relative_to(path.parents[2])}\n")


if __name__ == "__main__":
    main()
