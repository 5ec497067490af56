"""Webhooks out on the whole stack: an endpoint made over HTTP gets an order's events in order, signed.

The first is refused once, so that the worker has to send it again, and what comes later to wait behind it.
"""

import asyncio
from typing import Any

from ops.process import Process
from ops.up import process_spec
from tests.support.live_shop import Shop
from tests.support.webhooks import Received, Receiver, receiver


def told(there: Receiver, order_id: str) -> dict[str, Any]:
    """The order's events by message id, in the order in which each came first."""
    first: dict[str, Any] = {}
    for each in there.received:
        if each.item["order_id"] == order_id:
            first.setdefault(each.headers["webhook-id"], each.item)
    return first


def refused(there: Receiver, got: Received) -> bool:
    """The first event of an order, at its first attempt."""
    seen = {each.headers["webhook-id"] for each in there.received}
    return got.item["sequence"] == 1 and got.headers["webhook-id"] not in seen


async def test_an_orders_events_arrive_in_order_and_signed(shop: Shop) -> None:
    processes = [Process(process_spec(name, shop.settings)) for name in ("relay", "subscriber")]
    async with receiver() as there:
        there.answer = lambda got: "503 Down" if refused(there, got) else "200 OK"
        made = await shop.api.post("/v1/webhook-endpoints", {"url": there.url}, key="there")
        try:
            for process in processes:
                await process.start()
            async with shop.worker():
                order_id = (await shop.place())["order_id"]
                await shop.reach(order_id, "completed")
                happened = (await shop.api.get(f"/v1/orders/{order_id}/events"))["items"]

                async def arrived() -> bool:
                    return len(told(there, order_id)) >= len(happened)

                await shop.eventually(arrived, within=60)
        finally:
            await shop.api.post(f"/v1/webhook-endpoints/{made['endpoint_id']}/pause")
            await asyncio.gather(*(process.stop() for process in processes))
    mine = [each for each in there.received if each.item["order_id"] == order_id]
    assert [each.item["sequence"] for each in mine[:3]] == [1, 1, 2]
    items = list(told(there, order_id).values())
    assert [(each["sequence"], each["type"]) for each in items] == [
        (each["version"], each["type"]) for each in happened
    ]
    assert all(each.verified_by(made["secret"]) for each in there.received)
