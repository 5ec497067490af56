"""An order that is amended and loses a line, on the whole stack: every book agrees, and both APIs read the same.

So does one whose amendment's worker is killed with SIGKILL, before an append of its steps and after.
"""

import asyncio
import signal
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from domain.shipping.events import TrackingStatus
from ops.demo import ADDRESS
from ops.reconcile import reconcile
from ops.verify import verify
from tests.support.live_shop import Shop
from waybill_client.errors import OutcomeUnknown
from waybill_client.models import AmendmentBody, AmendmentPreview

POTSDAM = {**ADDRESS, "line1": "Am Neuen Markt 1", "city": "Potsdam", "postal_code": "14467"}
AMENDMENT = {
    "lines": [{"sku": "MUG-BLUE", "quantity": 3}, {"sku": "BACKPACK-20L", "quantity": 1}],
    "shipping_address": POTSDAM,
    "shipping_method": "express",
    "reason": "more guests",
}
ORDER = """query ($id: UUID!) { order(id: $id) {
    version status totals { total { amount } } amounts { captured { amount } due { amount } }
    lines { sku quantity } } }"""
CANCEL_LINE = """mutation ($id: UUID!, $version: Int) {
    cancelLine(orderId: $id, sku: "TEE-BLACK-M", reason: "too small", expectedVersion: $version) {
        __typename ... on OrderCommanded { order { version } } ... on Problem { type detail } } }"""

KILLED = [
    ("after", "amend:", 0),  # staged, and nobody was told
    ("before", "unbook:", 0),  # the carrier has called it off
    ("before", "authorize-more:", 1),  # the gateway has authorised
    ("after", "apply-amendment:", 0),
]


async def graphql(shop: Shop, query: str, **variables: object) -> dict[str, Any]:
    answer = await shop.api.post("/graphql", {"query": query, "variables": variables})
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


async def stock(shop: Shop, sku: str) -> tuple[int, int]:
    """On hand and reserved."""
    level = await shop.api.get(f"/v1/stock/{sku}")
    return level["on_hand"], level["reserved"]


async def test_an_order_is_amended_loses_a_line_and_is_paid_to_the_cent(shop: Shop) -> None:
    skus = ("MUG-BLUE", "TEE-BLACK-M", "BACKPACK-20L")
    before = {sku: await stock(shop, sku) for sku in skus}
    await shop.control("carrier", "/control/movement", {"paused": True})
    try:
        async with shop.worker():
            order_id = (await shop.place(("MUG-BLUE", 1), ("TEE-BLACK-M", 1)))["order_id"]
            placed = await shop.until(order_id, lambda order: order["shipments"])
            path = f"/v1/orders/{order_id}"
            preview = await shop.api.amend_order(order_id, AmendmentBody.model_validate(AMENDMENT), dry_run=True)
            assert isinstance(preview, AmendmentPreview)
            assert preview.to_authorise == preview.more_to_pay
            assert (await shop.order(order_id))["version"] == placed["version"]

            for _ in range(2):  # its key stands for what was done
                await shop.api.post(f"{path}/amendments", AMENDMENT, key=f"amend-{order_id}")
            now = await shop.until(order_id, booked_anew)
            assert now["totals"] == preview.totals.model_dump(mode="json")
            assert now["shipping_address"]["city"] == "Potsdam"
            cancelled = await graphql(shop, CANCEL_LINE, id=order_id, version=now["version"])
            assert cancelled["cancelLine"]["__typename"] == "OrderCommanded", cancelled
            await shop.control("carrier", "/control/movement", {"paused": False})
            order = await shop.reach(order_id, "completed")
    finally:
        await shop.control("carrier", "/control/movement", {"paused": False})

    assert {line["sku"]: line["quantity"] for line in order["lines"] if line["quantity"]} == {
        "MUG-BLUE": 3,
        "BACKPACK-20L": 1,
    }
    await expect_books(shop, order)
    # 3 × 12.50 + 79.00 + 12.90 express, with 19 % tax
    assert order["totals"]["total"]["amount"] == "153.99"
    for sku, sold in zip(skus, (3, 0, 1), strict=True):
        assert await stock(shop, sku) == (before[sku][0] - sold, before[sku][1])
    read = (await graphql(shop, ORDER, id=order_id))["order"]
    assert (read["version"], read["totals"]["total"]) == (order["version"], {"amount": "153.99"})
    assert read["lines"] == [{"sku": line["sku"], "quantity": line["quantity"]} for line in order["lines"]]


def booked_anew(order: dict[str, Any]) -> bool:
    """Whether the parcel of the first amendment waits to be collected: nothing changes the order any more."""
    return any(parcel["shipment_id"].endswith("-A1") for parcel in order["shipments"])


async def expect_books(shop: Shop, order: dict[str, Any]) -> None:
    """The gateway's, the ledger and the order's amounts tell the same."""
    order_id = order["order_id"]
    assert order["amounts"]["captured"] == order["totals"]["total"]
    assert order["amounts"]["due"]["amount"] == "0.00"
    effects = await shop.payments.list_effects(UUID(order_id))
    captured = sum(effect.amount.minor for effect in effects if effect.kind == "capture")
    assert f"{captured / 100:.2f}" == order["totals"]["total"]["amount"]
    assert [effect.kind for effect in effects].count("authorization") == 2
    ledger = await shop.api.get(f"/v1/orders/{order_id}/ledger", min_position=order["position"])
    balances = {each["account"]: each["balance"]["amount"] for each in ledger["balances"]}
    assert balances.get("receivable") in (None, "0.00"), balances
    assert UUID(order_id) not in {case.order_id for case in (await reconcile(shop.settings)).differing}
    assert {check.name: check.faults for check in await verify(shop.settings) if check.faults} == {}


@pytest.mark.timeout(300)
async def test_a_worker_killed_while_amending_charges_and_sends_once(shop: Shop) -> None:
    await shop.control("carrier", "/control/movement", {"paused": True})
    try:
        async with shop.worker():
            placed = [str((await shop.place())["order_id"]) for _ in KILLED]
            for order_id in placed:
                await shop.until(order_id, lambda order: order["shipments"])
        async with shop.crashing() as crash:
            amending = []
            for order_id, point in zip(placed, KILLED, strict=True):
                amending.append(asyncio.create_task(amend(shop, order_id)))
                assert await crash(*point) == -signal.SIGKILL, point
        async with shop.worker():
            await asyncio.gather(*amending)
            await shop.control("carrier", "/control/movement", {"paused": False})
            for order_id in placed:
                await expect_amended_once(shop, order_id)
    finally:
        await shop.control("carrier", "/control/movement", {"paused": False})
    assert {check.name: check.faults for check in await verify(shop.settings) if check.faults} == {}


async def amend(shop: Shop, order_id: str) -> None:
    """A caller that repeats its key until it is told."""
    body = {"lines": [{"sku": "MUG-BLUE", "quantity": 3}], "reason": "more guests"}
    while True:
        with suppress(OutcomeUnknown):
            await shop.api.post(f"/v1/orders/{order_id}/amendments", body, key=f"amend-{order_id}")
            return


async def expect_amended_once(shop: Shop, order_id: str) -> None:
    order = await shop.reach(order_id, "completed", "cancelled", within=90)
    types = await shop.types(order_id)
    assert (order["status"], order["payment_status"]) == ("completed", "captured"), types
    assert order["amounts"]["captured"] == order["totals"]["total"], types
    assert await shop.effects(order_id) == ["authorization", "authorization", "capture", "capture"], types
    first, second = await shop.carrier.list_bookings(UUID(order_id))
    assert {first.status, second.status} == {TrackingStatus.CANCELLED, TrackingStatus.DELIVERED}, types
    assert [types.count(name) for name in ("AmendmentRequested", "OrderAmended")] == [1, 1], types
