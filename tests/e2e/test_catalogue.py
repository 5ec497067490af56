"""The catalogue on the whole stack: what is written is found, and an order keeps the price it was placed at."""

from typing import Any
from uuid import uuid4

from tests.support.live_shop import Shop, order_body


async def seen(shop: Shop, changed: dict[str, Any]) -> dict[str, Any]:
    """The product once the read model has seen a change."""
    return await shop.api.get(f"/v1/products/{changed['sku']}", min_position=changed["position"])


async def test_an_order_keeps_the_price_it_was_placed_at(shop: Shop) -> None:
    sku, word = f"LAMP-{uuid4().hex[:8].upper()}", f"lamp{uuid4().hex}"
    path = f"/v1/products/{sku}"
    euros = {"currency": "EUR"}
    body = {
        "sku": sku,
        "name": f"Reading Lámp {word}",
        "price": {"amount": "40.00", **euros},
        "categories": ["home"],
        "attributes": {"colour": "red"},
    }
    await shop.api.post("/v1/products", body)
    await shop.api.post(f"{path}/publish")
    await shop.api.post(f"/v1/stock/{sku}/adjustments", {"quantity": 5, "reason": "delivery"})
    sale = await shop.api.post(f"{path}/prices", {"price": {"amount": "30.00", **euros}})
    assert (await seen(shop, sale))["price"]["amount"] == "30.00"

    async with shop.worker():
        order = await shop.api.post("/v1/orders", order_body((sku, 2)), key=str(uuid4()))
        assert order["lines"][0]["unit_price"]["amount"] == "30.00"

        await shop.api.post(f"{path}/prices/{sale['price_id']}/end")
        await shop.api.put(f"{path}/price", {"amount": "99.00", **euros})
        renamed = await shop.api.patch(path, {"name": f"Floor lamp {word}"})
        shown = await seen(shop, renamed)
        assert (shown["price"]["amount"], shown["scheduled_prices"][0]["price_id"]) == ("99.00", sale["price_id"])
        kept = await shop.api.get(f"/v1/orders/{order['order_id']}", min_position=order["position"])
        (line,) = kept["lines"]
        assert (line["unit_price"]["amount"], line["name"]) == ("30.00", body["name"])
        later = await shop.api.post("/v1/orders", order_body((sku, 1)), key=str(uuid4()))
        assert later["lines"][0]["unit_price"]["amount"] == "99.00"
        for placed in (order, later):
            await shop.reach(placed["order_id"], "completed")

    for query in ({"q": word[:20]}, {"category": "home", "q": word}, {"q": word, "attribute": "colour:red"}):
        found = (await shop.api.get("/v1/products", **query))["items"]
        assert [each["sku"] for each in found] == [sku]
    history = (await shop.api.get(f"{path}/prices"))["items"]
    assert [each["kind"] for each in history] == ["set", "ended", "scheduled", "set"]
