"""An order that waits and is held, over HTTP on the whole stack: the queue, the customer's decision, the hold."""

import asyncio
import time
from typing import Any
from uuid import uuid4

from ops.client import ApiProblem
from ops.verify import verify
from tests.support.live_shop import Shop, order_body


async def sold(shop: Shop, sku: str, pieces: int) -> None:
    """A product of its own, with so many pieces in Berlin."""
    price = {"amount": "10.00", "currency": "EUR"}
    await shop.api.post("/v1/products", {"sku": sku, "name": "Scarf", "price": price})
    await shop.api.post(f"/v1/products/{sku}/publish")
    await restock(shop, sku, pieces, "BER")
    deadline = time.monotonic() + 60
    while True:
        try:
            if (await shop.api.get(f"/v1/products/{sku}"))["status"] == "published":
                return
        except ApiProblem:
            assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def restock(shop: Shop, sku: str, pieces: int, warehouse: str) -> None:
    given = {"quantity": pieces, "reason": "delivery", "warehouse": warehouse}
    await shop.api.post(f"/v1/stock/{sku}/adjustments", given)


def pieces(order: dict[str, Any]) -> tuple[int, int]:
    """Reserved and waited for."""
    quantities = order["lines"][0]["quantities"]
    return quantities["reserved"], quantities["backordered"]


async def test_an_order_waits_in_line_is_held_and_goes_all_the_way(shop: Shop) -> None:
    await sold(shop, "SCARF", 1)
    async with shop.worker():
        body = {**order_body(("SCARF", 2)), "on_unavailable": "ask"}
        order_id = (await shop.api.post("/v1/orders", body, key=str(uuid4())))["order_id"]
        asked = await shop.reach(order_id, "awaiting_customer")
        assert pieces(asked) == (1, 1)
        assert asked["decision"]["options"] == ["wait", "drop", "cancel"]

        path = f"/v1/orders/{order_id}"
        await shop.api.post(f"{path}/holds", {"scope": "payment", "reason": "looks odd"})
        await shop.api.post(f"{path}/decisions", {"decision": "wait"})
        late = await shop.place(("SCARF", 1))
        await shop.reach(late["order_id"], "cancelled")  # it does not overtake
        await restock(shop, "SCARF", 1, "LYS")
        held = await shop.until(order_id, lambda order: pieces(order) == (2, 0))
        assert "PaymentRequested" not in await shop.types(order_id)

        await shop.api.post(
            f"{path}/holds/{held['holds'][0]['hold_id']}/release", {"reason": "called the customer"}
        )
        order = await shop.reach(order_id, "completed")
    assert order["amounts"]["captured"] == order["totals"]["total"]
    stock = await shop.api.get("/v1/stock/SCARF")
    assert (stock["on_hand"], stock["reserved"]) == (0, 0)
    assert [check.name for check in await verify(shop.settings) if check.faults] == []
