"""The demo: a small catalogue with stock, and an order placed through the API and followed to its end."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from ops import demo_catalogue
from ops.client import ApiClient
from ops.process import StackError

CATALOGUE = (
    ("MUG-BLUE", "Blue mug", "12.50"),
    ("TEE-BLACK-M", "Black T-shirt, M", "24.00"),
    ("POSTER-A2", "Poster, A2", "18.90"),
    ("NOTEBOOK-DOT", "Dotted notebook", "9.80"),
    ("BACKPACK-20L", "Backpack, 20 litres", "79.00"),
)
STOCK = 10_000
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "city": "Berlin",
    "postal_code": "10117",
    "country": "DE",
}
STORY = {
    "OrderPlaced": "placed",
    "StockReserved": "stock reserved",
    "PaymentRequested": "authorisation requested",
    "PaymentAuthorized": "payment authorised",
    "OrderConfirmed": "confirmed",
    "ShipmentBooked": "parcel booked",
    "ShipmentDispatched": "parcel dispatched",
    "CaptureRequested": "capture requested",
    "PaymentCaptured": "payment captured",
    "ShipmentDelivered": "parcel delivered",
    "OrderCompleted": "completed",
}


async def seed(api: ApiClient, warehouses: tuple[str, ...]) -> int:
    """Create, publish, stock and describe the demo's products; what is there stays. Gives how many are there."""
    for sku, name, price in CATALOGUE:
        prices = [{"amount": price, "currency": "EUR"}, {"amount": price, "currency": "USD"}]
        await api.post("/v1/products", {"sku": sku, "name": name, "prices": prices}, key=f"demo-{sku}")
        await api.post(f"/v1/products/{sku}/publish", key=f"demo-{sku}")
        for warehouse in warehouses:
            adjustment = {"quantity": STOCK, "reason": "demo stock", "warehouse": warehouse}
            await api.post(f"/v1/stock/{sku}/adjustments", adjustment, key=f"demo-{sku}-{warehouse}")
    await demo_catalogue.describe(api)
    return len(CATALOGUE)


async def sellable(api: ApiClient) -> None:
    """Wait until the read models know the catalogue."""
    for _ in range(200):
        products = await api.get("/v1/products", limit=100)
        if len([item for item in products["items"] if item["status"] == "published"]) >= len(CATALOGUE):
            return
        await asyncio.sleep(0.05)
    raise StackError("the demo catalogue did not reach the read models; see projector.log in the data directory")


async def place(api: ApiClient, *, key: str, customer: str = "demo", method: str = "sim_ok") -> dict[str, Any]:
    """Place the demo order: two mugs and a T-shirt."""
    order: dict[str, Any] = await api.post(
        "/v1/orders",
        {
            "customer_id": customer,
            "email": "ada@example.org",
            "currency": "EUR",
            "lines": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "TEE-BLACK-M", "quantity": 1}],
            "shipping_address": ADDRESS,
            "payment": {"method": method},
        },
        key=key,
    )
    return order


async def follow(api: ApiClient, order_id: str, say: Callable[[str], None]) -> str:
    """Say a line per event of the order until it has ended; give its last status."""
    began = time.monotonic()
    async for event in api.order_events(order_id):
        told = STORY.get(event.type, event.type)
        say(f"{time.monotonic() - began:6.2f} s  {told}")
    return (await api.get_order(order_id)).status
