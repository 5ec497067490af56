"""What a shop's engineer sees over HTTP, on the whole stack."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from ops.client import ApiProblem
from ops.verify import verify
from tests.support.live_shop import Shop


@pytest.fixture(scope="module", autouse=True)
async def _worker(shop: Shop) -> AsyncIterator[None]:
    async with shop.worker():
        yield


async def test_an_order_goes_all_the_way(shop: Shop) -> None:
    placed = await shop.place(("MUG-BLUE", 2), ("TEE-BLACK-M", 1))

    order = await shop.reach(placed["order_id"], "completed")

    assert order["payment_status"] == "captured"
    assert order["fulfilment_status"] == "delivered"
    assert order["amounts"]["due"] == {"amount": "0.00", "currency": "EUR"}
    assert order["totals"]["total"] == {"amount": "64.14", "currency": "EUR"}
    assert (await shop.types(placed["order_id"]))[-1] == "OrderCompleted"


async def test_a_declined_payment_cancels_and_frees_the_stock(shop: Shop) -> None:
    before = await shop.api.get("/v1/stock/POSTER-A2")
    placed = await shop.place(("POSTER-A2", 3), method="sim_declined")

    order = await shop.reach(placed["order_id"], "cancelled")

    assert order["payment_status"] == "failed"
    assert await shop.effects(placed["order_id"]) == []
    assert (await shop.api.get("/v1/stock/POSTER-A2"))["available"] == before["available"]


async def test_out_of_stock_charges_nothing(shop: Shop) -> None:
    adjust = {"quantity": -9_990, "reason": "test", "warehouse": "BER"}
    for warehouse in shop.settings.warehouse_codes:
        await shop.api.post("/v1/stock/NOTEBOOK-DOT/adjustments", {**adjust, "warehouse": warehouse})
    placed = await shop.place(("NOTEBOOK-DOT", 100))

    order = await shop.reach(placed["order_id"], "cancelled")

    assert "PaymentRequested" not in await shop.types(placed["order_id"])
    assert order["payment_status"] == "pending"
    assert await shop.effects(placed["order_id"]) == []


async def test_an_order_split_over_two_warehouses_is_captured_to_the_cent(shop: Shop) -> None:
    placed = await shop.place(("NOTEBOOK-DOT", 15))

    order = await shop.reach(placed["order_id"], "completed")

    assert sorted(parcel["warehouse"] for parcel in order["shipments"]) == ["BER", "LYS"]
    assert order["amounts"]["captured"] == order["totals"]["total"]
    assert await shop.effects(placed["order_id"]) == ["authorization", "capture", "capture"]


@pytest.mark.parametrize("method", ["sim_flaky", "sim_slow", "sim_lost_answer"])
async def test_a_gateway_that_misbehaves_charges_once(shop: Shop, method: str) -> None:
    placed = await shop.place(method=method)

    await shop.reach(placed["order_id"], "completed")

    assert await shop.effects(placed["order_id"]) == ["authorization", "capture"]


async def test_insufficient_funds_cancel(shop: Shop) -> None:
    placed = await shop.place(method="sim_insufficient_funds")

    await shop.reach(placed["order_id"], "cancelled")


async def test_an_outage_parks_the_step_until_an_operator_retries(shop: Shop) -> None:
    placed = await shop.place(method="sim_down")
    order_id = placed["order_id"]
    order = await shop.until(order_id, lambda order: order["attention"])
    stalled = await shop.api.get("/v1/ops/sagas", state="stalled")
    step = next(item for item in stalled["items"] if item["order_id"] == order_id)
    assert (order["status"], step["step"]) == ("placed", "authorize#0")

    await shop.control("payments", "/control/methods/sim_down", {"available": True})
    path = f"/v1/ops/orders/{order_id}/steps/authorize%230"
    await shop.api.post(path, {"action": "retry", "reason": "the gateway is back"})

    await shop.reach(order_id, "completed")
    assert await shop.effects(order_id) == ["authorization", "capture"]
    await shop.control("payments", "/control/methods/sim_down", {"available": False})


async def test_an_operator_compensates_a_stalled_order(shop: Shop) -> None:
    placed = await shop.place(method="sim_down")
    await shop.until(placed["order_id"], lambda order: order["attention"])

    path = f"/v1/ops/orders/{placed['order_id']}/steps/authorize%230"
    await shop.api.post(path, {"action": "compensate", "reason": "the customer does not wait"})

    order = await shop.reach(placed["order_id"], "cancelled")
    assert not order["attention"]
    assert await shop.effects(placed["order_id"]) == []


async def test_a_customer_cancels_before_dispatch(shop: Shop) -> None:
    await shop.control("carrier", "/control/movement", {"paused": True})
    try:
        placed = await shop.place()
        await shop.until(placed["order_id"], lambda order: order["shipments"])
        await shop.api.post(f"/v1/orders/{placed['order_id']}/cancel", {"reason": "changed my mind"})
        order = await shop.reach(placed["order_id"], "cancelled")
    finally:
        await shop.control("carrier", "/control/movement", {"paused": False})
    assert order["payment_status"] == "voided"
    assert await shop.effects(placed["order_id"]) == ["authorization", "void"]
    types = await shop.types(placed["order_id"])
    undone = ["ShipmentBookingCancelled", "VoidRequested", "PaymentVoided", "StockReleased", "OrderCancelled"]
    assert types[-5:] == undone


async def test_cancelling_after_dispatch_is_refused(shop: Shop) -> None:
    placed = await shop.place()
    await shop.until(placed["order_id"], lambda order: order["fulfilment_status"] != "unfulfilled")

    with pytest.raises(ApiProblem, match="409"):
        await shop.api.post(f"/v1/orders/{placed['order_id']}/cancel", {"reason": "too late"})


async def test_twins_in_flight_get_one_order_and_one_answer(shop: Shop) -> None:
    key = str(uuid4())

    answers = await asyncio.gather(*(shop.place(key=key) for _ in range(10)))

    assert len({answer["order_id"] for answer in answers}) == 1
    await shop.reach(answers[0]["order_id"], "completed")
    assert await shop.effects(answers[0]["order_id"]) == ["authorization", "capture"]


async def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    key = str(uuid4())
    placed = await shop.place(key=key)

    with pytest.raises(ApiProblem, match="422"):
        await shop.place(("TEE-BLACK-M", 2), key=key)
    await shop.reach(placed["order_id"], "completed")


async def test_the_last_pieces_are_sold_once(shop: Shop) -> None:
    sku = f"LAST-{uuid4().hex[:6].upper()}"
    price = [{"amount": "5.00", "currency": "EUR"}]
    await shop.api.post("/v1/products", {"sku": sku, "name": "The last ones", "prices": price})
    await shop.api.post(f"/v1/products/{sku}/publish")
    stocked = await shop.api.post(f"/v1/stock/{sku}/adjustments", {"quantity": 5, "reason": "count"})
    assert stocked
    await asyncio.sleep(0.5)

    placed = await asyncio.gather(*(shop.place((sku, 1)) for _ in range(15)))
    ended = await asyncio.gather(*(shop.reach(each["order_id"], "completed", "cancelled") for each in placed))

    assert [order["status"] for order in ended].count("completed") == 5
    assert (await shop.api.get(f"/v1/stock/{sku}"))["on_hand"] == 0


SNAPSHOTS = "3 snapshots: each is the fold of its stream"


async def test_verify_finds_nothing_wrong_after_all_that(shop: Shop) -> None:
    checks = await verify(shop.settings)

    assert {check.name: check.faults for check in checks if check.faults} == {}
    assert {check.name for check in checks if not check.checked} == {SNAPSHOTS}  # no stream is long enough here
