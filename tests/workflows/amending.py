"""Amendments in tests of workflows: what is asked for, and how it is sent."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

from activities.aggregates import Committed
from domain.errors import NotAllowed
from domain.identifiers import Address
from domain.money import Money
from domain.orders.amendments import Amendment
from domain.orders.decide import OrderRules
from domain.orders.events import OrderLine
from domain.shipping.events import TrackingStatus
from tests.support.shop import EUR, Shop
from workflows.errors import CommandUnavailable

GONE = (TrackingStatus.DISPATCHED, TrackingStatus.DELIVERED)
PARIS = Address("Ada Lovelace", "1 rue de la Paix", "Paris", "75002", "FR")
POTSDAM = Address("Ada Lovelace", "Am Neuen Markt 1", "Potsdam", "14467", "DE")
FEES = {"standard": 490, "express": 1290}
TAX = {"DE": Decimal("0.19"), "FR": Decimal("0.20")}


def amendment(
    quantities: Mapping[str, int] | None = None,
    *added: tuple[str, int],
    address: Address | None = None,
    method: str | None = None,
) -> Amendment:
    """As the API makes it, of an order to Germany by standard shipping."""
    country, used = (address.country if address else "DE"), method or "standard"
    return Amendment(
        OrderRules(Money(FEES[used], EUR), TAX[country], 1, 10_000_000, 100),
        country,
        used,
        quantities or {},
        tuple(OrderLine(sku, sku.title(), quantity, Money(1999, EUR)) for sku, quantity in added),
        address,
        method,
    )


async def amend(
    shop: Shop,
    order_id: UUID,
    quantities: Mapping[str, int] | None = None,
    *added: tuple[str, int],
    key: str = "a",
    whole: bool = False,
    expected_version: int | None = None,
    **changes: Any,
) -> Committed:
    return await shop.gateway.amend(
        order_id,
        key=key,
        amendment=amendment(quantities, *added, **changes),
        asked=repr((quantities, added, changes)),
        reason="changed my mind",
        actor="customer:ada",
        expected_version=expected_version,
        whole=whole,
    )


async def booked(shop: Shop, *lines: tuple[str, int], parcels: int = 1) -> UUID:
    """An order whose parcels are booked, and wait to be collected."""
    shop.auto = False
    order_id = await shop.place(*lines)
    await shop.until(order_id, lambda record: len(record.shipments.by_id) == parcels)
    return order_id


async def collected(shop: Shop, order_id: UUID, suffix: str) -> None:
    """Wait for the booking of the parcel whose id ends so, and have it collected and delivered."""
    await shop.until(
        order_id,
        lambda record: any(
            name.endswith(suffix) and parcel.status is TrackingStatus.BOOKED
            for name, parcel in record.shipments.by_id.items()
        ),
    )
    await shop.news(shop.booking(order_id, suffix), *GONE)


async def amended(shop: Shop) -> UUID:
    """A line fewer, then more pieces than are paid for: declined, and asked for again with a new address."""
    order_id = await booked(shop, ("MUG", 1), ("TEE", 1))
    await amend(shop, order_id, {"TEE": 0}, key="one", whole=True)
    shop.payments.faults.plan("authorize", "declined")
    with suppress(NotAllowed):
        await amend(shop, order_id, {"MUG": 5}, key="two")
    await amend(shop, order_id, {"MUG": 4}, ("TEE", 2), key="three", address=POTSDAM)
    await collected(shop, order_id, "BER-A3")
    return order_id


async def amendment_started_again(shop: Shop) -> UUID:
    order_id = await booked(shop, ("MUG", 1))
    gate = shop.carrier.faults.hold("cancel")
    amending = asyncio.create_task(amend(shop, order_id, {"MUG": 2}))
    await gate.entered.wait()
    await shop.start_again(order_id)
    gate.open()
    with suppress(CommandUnavailable):
        await amending
    await collected(shop, order_id, "BER-A1")
    return order_id


AMENDED = (amended, amendment_started_again)
