"""Steps on stock: on a guess that may be old, in one append that refuses it if it is."""

import asyncio

import pytest

from activities.contracts import Step
from activities.inventory import InventoryActivities
from activities.lost_contracts import DispatchStep
from activities.shipping_contracts import ParcelStep
from activities.stock_book import stock_stream
from activities.stock_contracts import Reserved
from domain.inventory.events import StockReserved
from domain.record import OrderRecord
from eventstore.store import StoreUnavailable
from tests.support.backend import WAREHOUSES, Backend, asking


async def free(backend: Backend, sku: str = "MUG", warehouse: str = "BER") -> int:
    return (await backend.item(sku, warehouse)).available


def pieces(reserved: Reserved) -> list[tuple[str, int]]:
    return [(parcel.warehouse, item.quantity) for parcel in reserved.parcels for item in parcel.items]


async def record(backend: Backend, step: Step) -> OrderRecord:
    return (await backend.load(step.order_id)).record


async def test_an_order_is_reserved_in_its_own_stream_and_in_those_of_its_stock(backend: Backend) -> None:
    await backend.stock("TEE", 5)
    order_id, reserved = await backend.reserved(("MUG", 3), ("TEE", 5))
    assert (await backend.item("MUG")).holds == {order_id: 3}
    assert (await backend.item("TEE")).holds == {order_id: 5}
    (parcel,) = reserved.parcels
    assert parcel.share == (await backend.load(order_id)).record.order.totals.total


async def test_either_every_line_is_reserved_or_none(backend: Backend) -> None:
    await backend.stock("TEE", 5)
    order_id, reserved = await backend.reserved(("MUG", 3), ("TEE", 6))
    assert reserved.parcels == ()
    assert reserved.shortage == "TEE (5 of 6)"
    assert await free(backend) == 10
    assert "StockUnavailable" in backend.types(order_id)


async def test_lines_are_allocated_across_warehouses(backend: Backend) -> None:
    await backend.stock("MUG", 5, "LYS")
    _, reserved = await backend.reserved(("MUG", 12))
    assert pieces(reserved) == [
        ("BER", 10),
        ("LYS", 2),
    ]
    _, reserved = await backend.reserved(("MUG", 3))
    assert pieces(reserved) == [("LYS", 3)]


async def test_a_shortage_seen_on_an_old_guess_is_decided_again(backend: Backend) -> None:
    _, reserved = await backend.reserved(("MUG", 10))  # this process knows the shelf as empty
    assert reserved.parcels
    await backend.stock("MUG", 5)  # by another
    _, reserved = await backend.reserved(("MUG", 5))
    assert reserved.parcels


async def test_stock_that_another_process_took_is_not_sold_twice(backend: Backend) -> None:
    await backend.reserved(("MUG", 1))
    elsewhere = backend.process()
    other = await backend.placed(("MUG", 9))
    assert (await elsewhere.reserve_stock(asking(Step(other, "reserve#0")))).parcels
    _, reserved = await backend.reserved(("MUG", 1))  # on a guess of nine
    assert reserved.shortage == "MUG (0 of 1)"


async def test_many_processes_never_oversell(backend: Backend) -> None:
    await backend.stock("MUG", 5, "LYS")
    processes = [backend.process() for _ in range(4)]
    orders = [await backend.placed(("MUG", 1)) for _ in range(30)]
    reserved = await asyncio.gather(
        *(
            processes[number % 4].reserve_stock(asking(Step(order, "reserve#0")))
            for number, order in enumerate(orders)
        )
    )
    assert sum(bool(each.parcels) for each in reserved) == 15
    assert [await free(backend, warehouse=warehouse) for warehouse in WAREHOUSES] == [0, 0]


@pytest.mark.parametrize("lost", ["lose_before", "lose_after"])
async def test_a_reservation_whose_answer_is_lost_holds_once(backend: Backend, lost: str) -> None:
    order_id = await backend.placed(("MUG", 2))
    getattr(backend.store, lost)("StockReserved")
    step = Step(order_id, "reserve#0")
    with pytest.raises(StoreUnavailable):
        await backend.inventory.reserve_stock(asking(step))
    reserved = await backend.inventory.reserve_stock(asking(step))
    assert await backend.process().reserve_stock(asking(step)) == reserved
    assert (await backend.item("MUG")).holds == {order_id: 2}
    _, after = await backend.reserved(("MUG", 8))  # the guess is right again
    assert after.parcels


async def test_two_attempts_of_one_reservation_at_once_hold_once(backend: Backend) -> None:
    order_id = await backend.placed(("MUG", 2))
    gate = backend.store.hold("StockReserved")
    step = Step(order_id, "reserve#0")
    elsewhere = backend.process()
    attempts = [asyncio.ensure_future(each.reserve_stock(asking(step))) for each in (backend.inventory, elsewhere)]
    while gate.arrivals < 2:
        await asyncio.sleep(0)
    gate.open()
    first, second = await asyncio.gather(*attempts)
    assert first == second
    assert (await backend.item("MUG")).holds == {order_id: 2}
    assert backend.types(order_id).count("StockReserved") == 1


@pytest.fixture(params=["the same process", "another process"])
def process(request: pytest.FixtureRequest, backend: Backend) -> InventoryActivities:
    return backend.inventory if request.param == "the same process" else backend.process()


async def test_a_reservation_is_released_once(backend: Backend, process: InventoryActivities) -> None:
    await process.reserve_stock(
        asking(Step(await backend.placed(), "reserve#0"))
    )  # it knows the shelf from before
    order_id, _ = await backend.reserved(("MUG", 4))
    step = Step(order_id, "release#0")
    done = await process.release_stock(step)
    assert await process.release_stock(step) == done
    assert await free(backend) == 9
    assert not (await record(backend, step)).reserved


async def test_nothing_reserved_is_nothing_to_release(backend: Backend) -> None:
    order_id = await backend.placed()
    await backend.inventory.release_stock(Step(order_id, "release#0"))
    assert backend.types(order_id) == ["OrderPlaced"]


async def test_a_parcel_leaves_the_stock_once(backend: Backend, process: InventoryActivities) -> None:
    await process.reserve_stock(asking(Step(await backend.placed(), "reserve#0")))
    order_id, reserved = await backend.confirmed(("MUG", 4))
    (parcel,) = reserved.parcels
    await backend.shipping.book_shipment(ParcelStep(Step(order_id, "book:P#0"), parcel))
    step = DispatchStep(Step(order_id, "dispatch:P#0"), parcel)
    backend.store.lose_after("ShipmentDispatched")
    with pytest.raises(StoreUnavailable):
        await process.dispatch_parcel(step)
    await process.dispatch_parcel(step)
    item = await backend.item("MUG")
    assert (item.on_hand, item.reserved) == (6, 1)
    assert backend.types(order_id).count("ShipmentDispatched") == 1


async def test_the_order_and_its_stock_change_together_or_not_at_all(backend: Backend) -> None:
    order_id, _ = await backend.reserved(("MUG", 2))
    stored = backend.store.streams[stock_stream("BER", "MUG")][-1]
    reserved = backend.store.streams[f"order/{order_id}"][-1]
    assert isinstance(reserved.event, StockReserved)
    assert stored.metadata["order"] == str(order_id)
    assert stored.metadata["step"] == reserved.metadata["step"] == "reserve#0"
