"""Stock that comes while an order begins to wait: whichever is second sees the first, and serves or takes."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from activities.aggregates import Command, decide_stock
from activities.contracts import PlaceStep, Step
from domain.identifiers import Sku
from domain.inventory import decide
from domain.orders.events import OnUnavailable
from eventstore.snapshots import Snapshots
from tests.support.backend import WAREHOUSES, Backend, asking
from tests.support.shop import order


@pytest.fixture
async def backend() -> Backend:
    return Backend()


async def waits(backend: Backend, pieces: int) -> UUID:
    """An order that is placed and waits, should stock not cover it."""
    command = replace(order(("MUG", pieces)), on_unavailable=OnUnavailable.WAIT)
    await backend.orders.place_order(PlaceStep(Step(command.order_id, "place#0"), command))
    return command.order_id


async def receive(
    backend: Backend, pieces: int, warehouse: str = "LYS", key: str | None = None
) -> tuple[UUID, ...]:
    """Stock comes in; gives the orders that were served."""
    command = Command(key or str(uuid4()), "operator:eve")
    _, served = await decide_stock(
        backend.store,
        Snapshots(None),
        WAREHOUSES,
        warehouse,
        Sku("MUG"),
        command,
        lambda item: decide.adjust(item, pieces, "delivery"),
    )
    return served


async def test_stock_that_came_while_an_order_began_to_wait_is_taken(backend: Backend) -> None:
    order_id = await waits(backend, 2)
    gate = backend.store.hold("UnitsBackordered")
    reserving = asyncio.create_task(backend.inventory.reserve_stock(asking(Step(order_id, "reserve#0"))))
    await gate.entered.wait()
    assert await receive(backend, 2) == ()  # nobody waits yet
    gate.open()
    assert (await reserving).parcels
    assert (await backend.item("MUG", "LYS")).holds == {order_id: 2}
    assert not (await backend.item("MUG", "LYS")).waiting


async def test_an_order_that_began_to_wait_while_stock_came_is_served(backend: Backend) -> None:
    order_id = await waits(backend, 2)
    gate = backend.store.hold("StockAdjusted")
    receiving = asyncio.create_task(receive(backend, 2))
    await gate.entered.wait()
    assert (await backend.inventory.reserve_stock(asking(Step(order_id, "reserve#0")))).waiting
    gate.open()
    assert await receiving == (order_id,)
    assert (await backend.item("MUG", "LYS")).holds == {order_id: 2}
    assert not (await backend.item("MUG", "BER")).waiting


async def test_a_delivery_reported_twice_serves_once(backend: Backend) -> None:
    order_id = await waits(backend, 3)
    await backend.inventory.reserve_stock(asking(Step(order_id, "reserve#0")))
    assert await receive(backend, 2, key="d-1") == (order_id,)
    assert await receive(backend, 2, key="d-1") == ()
    assert (await backend.item("MUG", "LYS")).holds == {order_id: 2}
    assert (await backend.item("MUG", "BER")).waiting == {order_id: 1}


async def test_two_deliveries_at_once_serve_each_piece_once(backend: Backend) -> None:
    orders = [await waits(backend, 2) for _ in range(3)]
    for order_id in orders:
        await backend.inventory.reserve_stock(asking(Step(order_id, "reserve#0")))
    gate = backend.store.hold("StockAdjusted")
    receiving = [asyncio.create_task(receive(backend, 3, warehouse)) for warehouse in WAREHOUSES]
    while gate.arrivals < 2:
        await asyncio.sleep(0)
    gate.open()
    served = await asyncio.gather(*receiving)
    assert {order_id for each in served for order_id in each} == set(orders)
    shelves = [await backend.item("MUG", warehouse) for warehouse in WAREHOUSES]
    assert [sum(item.holds.get(order_id, 0) for item in shelves) for order_id in orders] == [2, 2, 2]
    assert not any(item.waiting or item.available for item in shelves)


async def test_what_a_release_frees_is_served_in_the_same_append(backend: Backend) -> None:
    await backend.stock("MUG", 4)
    holder, _ = await backend.reserved(("MUG", 4))
    order_id = await waits(backend, 1)
    await backend.inventory.reserve_stock(asking(Step(order_id, "reserve#0")))
    released = await backend.process().release_stock(Step(holder, "release#0"))
    assert released.served == (order_id,)
    newcomer, reserved = await backend.reserved(("MUG", 4))
    assert reserved.shortage == "MUG (3 of 4)"
    assert (await backend.item("MUG")).holds == {order_id: 1}
    assert newcomer != holder
