"""A draft over HTTP on the whole stack: prepared, placed by several at once, and carried through as one order."""

import asyncio

import pytest

from ops.client import ApiProblem
from tests.support.live_shop import Shop, order_body


async def test_a_draft_becomes_one_order_and_goes_all_the_way(shop: Shop) -> None:
    body = order_body(("MUG-BLUE", 1))
    begun = await shop.api.post("/v1/drafts", {"customer_id": "ada", "currency": "EUR", "note": "rang us up"})
    path = f"/v1/drafts/{begun['draft_id']}"
    with pytest.raises(ApiProblem, match="409 The draft lacks what an order needs"):
        await shop.api.post(f"{path}/place")
    rest = {name: body[name] for name in ("email", "lines", "shipping_address", "payment")}
    priced = await shop.api.patch(path, rest)
    assert priced["hindrance"] is None
    async with shop.worker():
        answers = await asyncio.gather(*(shop.api.post(f"{path}/place") for _ in range(3)))
        assert {answer["order_id"] for answer in answers} == {begun["draft_id"]}
        order = await shop.reach(begun["draft_id"], "completed")
    assert order["totals"] == priced["quote"]["totals"]
    assert await shop.effects(order["order_id"]) == ["authorization", "capture"]
    placed = await shop.api.get(path)
    assert (placed["status"], placed["order_number"]) == ("placed", order["order_number"])
    listed = await shop.api.get("/v1/drafts", status="placed", customer_id="ada", min_position=placed["position"])
    assert begun["draft_id"] in [item["draft_id"] for item in listed["items"]]
