"""The worker killed with SIGKILL at every step, before and after its append: each order ends right nonetheless."""

import asyncio
import signal
from typing import Any
from uuid import UUID, uuid4

import pytest

from ops.client import ApiProblem
from ops.verify import verify
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


async def crash_at_each(shop: Shop, points: list[tuple[str, int]], method: str) -> list[str]:
    """A worker killed at every point, each with an order placed for it; the orders' ids once all are placed.

    What a killed worker leaves behind is taken up by the next one, which may then die of that order's step. So
    every moment is met, by some order or other, and the last worker ends them all.
    """
    placing = []
    async with shop.crashing() as crash:
        for prefix, number in points:
            for moment in MOMENTS:
                placing.append(asyncio.create_task(place_until_answered(shop, method, f"crash-{uuid4()}")))
                assert await crash(moment, prefix, number) == -signal.SIGKILL, (prefix, number, moment)
    async with shop.worker():
        return [str(order["order_id"]) for order in await asyncio.gather(*placing)]


async def place_until_answered(shop: Shop, method: str, key: str) -> dict[str, Any]:
    """A caller that repeats its key until it is told."""
    while True:
        try:
            return await shop.place(method=method, key=key)
        except ApiProblem as error:
            if "503" not in str(error):
                raise


@pytest.mark.timeout(400)
async def test_a_killed_worker_costs_no_order_and_no_second_charge(shop: Shop) -> None:
    placed = await crash_at_each(shop, LIFE, "sim_ok")
    assert len(set(placed)) == len(LIFE) * len(MOMENTS)
    async with shop.worker():
        for order_id in placed:
            order = await shop.reach(order_id, "completed", "cancelled", within=90)
            types = await shop.types(order_id)
            assert (order["status"], order["amounts"]["due"]["amount"]) == ("completed", "0.00"), types
            assert await shop.effects(order_id) == ["authorization", "capture"], types
            assert await bookings(shop, order_id) == 1, types
            assert len(types) == len(set(types)), types


@pytest.mark.timeout(300)
async def test_a_worker_killed_while_compensating_leaves_nothing_held(shop: Shop) -> None:
    placed = await crash_at_each(shop, DECLINED, "sim_declined")
    async with shop.worker():
        for order_id in placed:
            order = await shop.reach(order_id, "completed", "cancelled", within=90)
            types = await shop.types(order_id)
            assert (order["status"], order["payment_status"]) == ("cancelled", "failed"), types
            assert await shop.effects(order_id) == [], types
            assert len(types) == len(set(types)), types
    assert {check.name: check.faults for check in await verify(shop.settings) if check.faults} == {}


async def bookings(shop: Shop, order_id: str) -> int:
    return len(await shop.carrier.list_bookings(UUID(order_id)))
