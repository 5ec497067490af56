"""The worker killed with SIGKILL at every step, before and after its append: each order ends right nonetheless."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from ops.client import ApiProblem
from tests.support.live_shop import Shop

MOMENTS = ("before", "after")

LIFE = [
    ("place", 0),
    ("reserve", 0),
    ("authorize", 0),  # the request
    ("authorize", 1),  # the outcome
    ("confirm", 0),
    ("book:", 0),
    ("dispatch:", 0),
    ("capture:", 0),
    ("capture:", 1),
    ("deliver:", 0),
    ("complete", 0),
]
DECLINED = [("authorize", 1), ("give-up", 0), ("release", 0), ("cancel", 0)]

COMPLETED = ["authorization", "capture"]


async def crash_one(shop: Shop, moment: str, prefix: str, number: int, method: str) -> str:
    """Start a worker that will die there, place an order, and see the worker die."""
    worker = await shop.crash(moment, prefix, number)
    placing = asyncio.create_task(place_until_answered(shop, method, f"crash-{uuid4()}"))
    try:
        assert await asyncio.wait_for(worker.wait(), 30) == -9
        async with shop.worker():  # so that a placing whose answer was lost is answered
            return str((await placing)["order_id"])
    finally:
        placing.cancel()
        await worker.stop()


async def place_until_answered(shop: Shop, method: str, key: str) -> dict[str, Any]:
    """A caller that repeats its key until it is told."""
    while True:
        try:
            return await shop.place(method=method, key=key)
        except ApiProblem as error:
            if "503" not in str(error):
                raise
            await asyncio.sleep(0.2)


@pytest.mark.timeout(280)
async def test_a_killed_worker_costs_no_order_and_no_second_charge(shop: Shop) -> None:
    placed = {
        (moment, prefix, number): await crash_one(shop, moment, prefix, number, "sim_ok")
        for prefix, number in LIFE
        for moment in MOMENTS
    }
    async with shop.worker():
        for point, order_id in placed.items():
            order = await shop.reach(order_id, "completed", "cancelled", within=90)
            assert order["status"] == "completed", point
            assert order["amounts"]["due"]["amount"] == "0.00", point
            assert await shop.effects(order_id) == COMPLETED, point
            assert await bookings(shop, order_id) == 1, point
            assert (await shop.types(order_id)).count("StockReserved") == 1, point


@pytest.mark.timeout(180)
async def test_a_worker_killed_while_compensating_leaves_nothing_held(shop: Shop) -> None:
    placed = {
        (moment, prefix, number): await crash_one(shop, moment, prefix, number, "sim_declined")
        for prefix, number in DECLINED
        for moment in MOMENTS
    }
    async with shop.worker():
        for point, order_id in placed.items():
            order = await shop.reach(order_id, "completed", "cancelled", within=90)
            assert (order["status"], order["payment_status"]) == ("cancelled", "failed"), point
            assert await shop.effects(order_id) == [], point
            assert (await shop.types(order_id)).count("StockReleased") == 1, point


async def bookings(shop: Shop, order_id: str) -> int:
    return len(await shop.carrier.list_bookings(UUID(order_id)))
