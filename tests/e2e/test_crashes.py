"""The worker killed with SIGKILL at every step, before and after its append: each order ends right nonetheless."""

import asyncio
import signal
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.shipping.events import TrackingStatus
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
CANCELLED = [("cancel:", 0), ("unbook:", 0), ("void", 0), ("void", 1), ("release", 0), ("cancel#", 0)]
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


@pytest.mark.timeout(300)
async def test_a_worker_killed_while_undoing_a_booked_order_gives_everything_back(shop: Shop) -> None:
    points = [(moment, *point) for point in CANCELLED for moment in MOMENTS]
    await shop.control("carrier", "/control/movement", {"paused": True})
    try:
        async with shop.worker():
            placed = [str((await shop.place())["order_id"]) for _ in points]
            for order_id in placed:
                await shop.until(order_id, lambda order: order["shipments"])
        async with shop.crashing() as crash:
            cancelling = []
            for order_id, point in zip(placed, points, strict=True):
                cancelling.append(asyncio.create_task(cancel(shop, order_id)))
                assert await crash(*point) == -signal.SIGKILL, point
        async with shop.worker():
            await asyncio.gather(*cancelling)
            for order_id in placed:
                await expect_undone(shop, order_id)
    finally:
        await shop.control("carrier", "/control/movement", {"paused": False})
    assert {check.name: check.faults for check in await verify(shop.settings) if check.faults} == {}


async def cancel(shop: Shop, order_id: str) -> None:
    """A caller that repeats its key until it is told."""
    await shop.api.post(f"/v1/orders/{order_id}/cancel", {"reason": "changed my mind"}, key=f"undo-{order_id}")


async def expect_undone(shop: Shop, order_id: str) -> None:
    order = await shop.reach(order_id, "completed", "cancelled", within=90)
    types = await shop.types(order_id)
    assert (order["status"], order["payment_status"]) == ("cancelled", "voided"), types
    assert await shop.effects(order_id) == ["authorization", "void"], types
    [booking] = await shop.carrier.list_bookings(UUID(order_id))
    assert booking.status is TrackingStatus.CANCELLED, types
    assert len(types) == len(set(types)), types


async def bookings(shop: Shop, order_id: str) -> int:
    return len(await shop.carrier.list_bookings(UUID(order_id)))
