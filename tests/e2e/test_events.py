"""Other services' events on the whole stack: published to Redis, seen over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
import pytest
from redis.asyncio import Redis

from ops.process import Process
from ops.up import process_spec
from tests.support.live_shop import Shop


@pytest.fixture(scope="module")
async def redis(shop: Shop) -> AsyncIterator[Redis]:
    subscriber = Process(process_spec("subscriber", shop.settings))
    await subscriber.start()
    client = Redis.from_url(shop.settings.redis_dsn)
    async with shop.worker():
        yield client
    await client.aclose()
    await subscriber.stop()


async def publish(redis: Redis, kind: str, data: dict[str, Any], identity: str | None = None) -> None:
    fields: dict[Any, Any] = {
        "specversion": "1.0",
        "id": identity or uuid4().hex,
        "source": "/erp",
        "type": kind,
        "data": orjson.dumps(data),
    }
    await redis.xadd(f"waybill.inbound.{kind.partition('.')[0]}", fields)


async def until(read: Callable[[], Awaitable[Any]], reached: Callable[[Any], object]) -> Any:
    async with asyncio.timeout(60):
        while not reached(found := await read()):
            await asyncio.sleep(0.05)
    return found


async def standing(shop: Shop, context: str) -> dict[str, Any]:
    page = await shop.api.get("/v1/ops/subscriptions")
    return next(item for item in page["items"] if item["stream"] == f"waybill.inbound.{context}")


async def test_a_price_from_elsewhere_is_the_products_price(shop: Shop, redis: Redis) -> None:
    price = {"amount": "21.50", "currency": "EUR"}
    await publish(redis, "products.price-changed", {"sku": "POSTER-A2", "price": price})
    product = await until(
        lambda: shop.api.get("/v1/products/POSTER-A2", currency="EUR"), lambda found: found["price"] == price
    )
    assert product["sku"] == "POSTER-A2"


async def test_an_adjustment_that_is_published_twice_is_made_once(shop: Shop, redis: Redis) -> None:
    before = (await shop.api.get("/v1/stock/TEE-BLACK-M"))["on_hand"]
    handled = (await standing(shop, "inventory"))["handled"]
    for _ in range(2):
        data = {"sku": "TEE-BLACK-M", "quantity": 7, "reason": "counted"}
        await publish(redis, "inventory.adjusted", data, "count-1")
    await until(lambda: standing(shop, "inventory"), lambda found: found["handled"] == handled + 2)
    # a third adjustment, so that what the second might have done is seen by then
    await publish(redis, "inventory.adjusted", {"sku": "TEE-BLACK-M", "quantity": 1, "reason": "found"})
    await until(lambda: shop.api.get("/v1/stock/TEE-BLACK-M"), lambda found: found["on_hand"] >= before + 8)
    assert (await shop.api.get("/v1/stock/TEE-BLACK-M"))["on_hand"] == before + 8


async def test_a_chargeback_is_in_the_timeline_of_an_order_that_has_ended(shop: Shop, redis: Redis) -> None:
    order_id = (await shop.place())["order_id"]
    await shop.reach(order_id, "completed")
    data = {"order_id": order_id, "dispute_id": "dp_1", "amount": {"amount": "5.00", "currency": "EUR"}}
    await publish(redis, "payments.chargeback-opened", data | {"reason": "fraudulent"})
    order = await shop.until(order_id, lambda found: found["amounts"]["charged_back"]["amount"] == "5.00")
    assert order["status"] == "completed"
    assert (await shop.types(order_id))[-1] == "ChargebackOpened"


async def test_what_cannot_be_handled_is_listed_dropped_and_replayed_by_an_operator(
    shop: Shop, redis: Redis
) -> None:
    sku = f"NEW-{uuid4().hex[:6].upper()}"
    price = {"amount": "3.00", "currency": "EUR"}
    await publish(redis, "products.price-changed", {"sku": sku, "price": price})
    await publish(redis, "products.renamed", {"sku": sku})
    await publish(redis, "inventory.adjusted", {"sku": sku, "quantity": 1, "reason": "found"})
    order = {"order_id": str(uuid4()), "shipment_id": "s", "status": "delivered"}
    await publish(redis, "shipping.tracking-updated", order)

    async def letters() -> dict[str, Any]:
        page = await shop.api.get("/v1/ops/dead-letters")
        return {letter["code"] + letter["fields"]["type"]: letter for letter in page["items"]}

    found = await until(letters, lambda found: len(found) == 4)
    assert set(found) == {
        "product-not-foundproducts.price-changed",
        "unknown-typeproducts.renamed",
        "product-not-foundinventory.adjusted",
        "order-not-foundshipping.tracking-updated",
    }
    product = {"sku": sku, "name": "New", "price": {"amount": "1.00", "currency": "EUR"}}
    await shop.api.post("/v1/products", product)
    price_letter = found.pop("product-not-foundproducts.price-changed")
    await shop.api.post(f"/v1/ops/dead-letters/{price_letter['id']}/replay", {"reason": "it exists now"})
    for letter in found.values():
        await shop.api.post(f"/v1/ops/dead-letters/{letter['id']}/drop", {"reason": "never mind"})
    await until(lambda: shop.api.get(f"/v1/products/{sku}"), lambda found: found["price"] == price)
    assert await letters() == {}
