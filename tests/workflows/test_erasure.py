"""Erasing a customer: refused while an order is open, done at once, told to the carrier until it has confirmed."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from domain.customers.events import CustomerErased
from domain.errors import NotAllowed
from domain.orders.events import OrderPlaced
from domain.orders.model import OrderStatus
from domain.privacy import is_sealed
from workflows.contracts import erasure_workflow_id


async def erase(shop: Any, reason: str = "request 1") -> Any:
    return await shop.gateway.erase_customer("ada", reason=reason, actor="admin:eve")


async def forgotten(shop: Any) -> None:
    handle = shop.environment.client.get_workflow_handle(erasure_workflow_id("ada"))
    await asyncio.wait_for(handle.result(), 20)


def types(shop: Any) -> list[str]:
    return [recorded.type for recorded in shop.store.streams["customer/ada"]]


def placed(shop: Any, order_id: UUID) -> OrderPlaced:
    event: OrderPlaced = shop.store.streams[f"order/{order_id}"][0].event
    return event


async def test_an_open_order_is_named_and_keeps_its_customer(shop: Any) -> None:
    shop.payments.faults.plan("authorize", "down", "down")
    order_id = await shop.place(("MUG", 1))
    await shop.stalled(order_id)

    with pytest.raises(NotAllowed, match=str(order_id)) as refused:
        await erase(shop)

    assert refused.value.code == "customer-has-open-orders"
    assert refused.value.details == {"orders": [str(order_id)]}
    assert await shop.keys.erasure("ada") is None
    await shop.cancel(order_id)
    await shop.ended(order_id)
    await erase(shop)
    assert await shop.keys.erasure("ada")


async def test_an_erased_customer_is_unreadable_and_the_carrier_has_forgotten(shop: Any) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    assert shop.carrier.labels[order_id].recipient == "Ada Lovelace"
    assert is_sealed(placed(shop, order_id).shipping_address.name)

    committed = await erase(shop)
    await forgotten(shop)
    again = await erase(shop, "asked twice")
    await forgotten(shop)

    assert (committed.stream_id, committed.version) == ("customer/ada", 1)
    assert (again.stream_id, again.version) == ("customer/ada", 2)
    assert types(shop) == ["CustomerErased", "CustomerForgotten"]
    erased = shop.store.streams["customer/ada"][0].event
    assert isinstance(erased, CustomerErased)
    assert (erased.reason, erased.requested_by) == ("request 1", "admin:eve")
    assert shop.carrier.labels == {}
    with pytest.raises(NotAllowed, match="erased"):
        await shop.vault.open(placed(shop, order_id).shipping_address)


async def test_the_carrier_is_told_until_it_confirms(shop: Any) -> None:
    order_id = await shop.place(("MUG", 1))
    await shop.ended(order_id)
    shop.carrier.faults.plan("forget", "down", "down")

    gate = shop.carrier.faults.hold("forget")

    await erase(shop)
    await gate.entered.wait()
    assert (await shop.keys.erasure("ada")).forgotten_at is None
    assert types(shop) == ["CustomerErased"]
    gate.open()
    await forgotten(shop)

    assert shop.carrier.faults.calls["forget"] == 3
    assert shop.carrier.labels == {}
    assert (await shop.keys.erasure("ada")).forgotten_at
    assert types(shop) == ["CustomerErased", "CustomerForgotten"]


async def test_an_erased_customer_places_no_order(shop: Any) -> None:
    await erase(shop)
    with pytest.raises(NotAllowed) as refused:
        await shop.place(("MUG", 1))
    assert refused.value.code == "customer-erased"
    assert not [stream for stream in shop.store.streams if stream.startswith("order/")]


async def test_an_order_that_was_on_its_way_parks_for_an_operator(shop: Any) -> None:
    """Its address was sealed before the erasure and it was placed after: nobody can send it any more."""
    gate = shop.payments.faults.hold("authorize")
    order_id = await shop.place(("MUG", 1))
    await gate.entered.wait()
    await shop.keys.destroy("ada")
    gate.open()

    step = await shop.stalled(order_id)

    stalled = (await shop.record(order_id)).order.stalled[step]
    assert step.startswith("book:")
    assert stalled.error_type == "customer-erased"
    await shop.cancel(order_id)
    assert await shop.ended(order_id) is OrderStatus.CANCELLED
    assert shop.carrier.labels == {}
