"""The demo: a small catalogue with stock, and an order placed through the API and followed to its end."""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

from ops import demo_catalogue
from ops.client import ApiClient
from ops.process import StackError
from waybill_client.models import (
    AddressBody,
    AdjustmentBody,
    LineBody,
    MoneyBody,
    OrderBody,
    PaymentBody,
    Placed,
    ProductBody,
    ProductStatus,
)

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
ADDRESS_BODY = AddressBody.model_validate(ADDRESS)
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
        prices = [MoneyBody(amount=price, currency=currency) for currency in ("EUR", "USD")]
        created = ProductBody(sku=sku, name=name, prices=prices)
        await api.create_product(created, idempotency_key=f"demo-{sku}")
        await api.publish_product(sku, idempotency_key=f"demo-{sku}")
        for warehouse in warehouses:
            adjustment = AdjustmentBody(quantity=STOCK, reason="demo stock", warehouse=warehouse)
            await api.adjust_stock(sku, adjustment, idempotency_key=f"demo-{sku}-{warehouse}")
    await demo_catalogue.describe(api)
    return len(CATALOGUE)


async def sellable(api: ApiClient) -> None:
    """Wait until the read models know the catalogue."""
    for _ in range(200):
        products = await api.list_products(limit=100)
        if len([item for item in products.items if item.status == ProductStatus.PUBLISHED]) >= len(CATALOGUE):
            return
        await asyncio.sleep(0.05)
    raise StackError("the demo catalogue did not reach the read models; see projector.log in the data directory")


async def place(api: ApiClient, *, key: str, customer: str = "demo", method: str = "sim_ok") -> Placed:
    """Place the demo order: two mugs and a T-shirt."""
    order = OrderBody(
        customer_id=customer,
        email="ada@example.org",
        currency="EUR",
        lines=[LineBody(sku="MUG-BLUE", quantity=2), LineBody(sku="TEE-BLACK-M", quantity=1)],
        shipping_address=ADDRESS_BODY,
        payment=PaymentBody(method=method),
    )
    return await api.place(order, key=key)


async def follow(api: ApiClient, order_id: UUID | str, say: Callable[[str], None]) -> str:
    """Say a line per event of the order until it has ended; give its last status."""
    began = time.monotonic()
    async for event in api.order_events(order_id):
        told = STORY.get(event.type, event.type)
        say(f"{time.monotonic() - began:6.2f} s  {told}")
    return (await api.get_order(order_id)).status
