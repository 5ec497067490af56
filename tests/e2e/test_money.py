"""An order's money over HTTP: refunded, written down twice, and compared with the gateway's books."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from domain.money import Money
from ops.reconcile import reconcile
from ops.verify import verify
from tests.support.live_shop import Shop


@pytest.fixture(scope="module", autouse=True)
async def _worker(shop: Shop) -> AsyncIterator[None]:
    async with shop.worker():
        yield


async def balances(shop: Shop, order_id: str, position: str) -> dict[str, str]:
    ledger = await shop.api.get(f"/v1/orders/{order_id}/ledger", min_position=position)
    return {each["account"]: each["balance"]["amount"] for each in ledger["balances"]}


async def case_of(shop: Shop, order_id: str, status: str) -> dict[str, Any] | None:
    page = await shop.api.get("/v1/ops/cases", status=status, limit=100)
    return next((each for each in page["items"] if each["order_id"] == order_id), None)


async def test_a_refund_and_one_made_elsewhere_end_with_books_that_agree(shop: Shop) -> None:
    placed = await shop.place(("MUG-BLUE", 2))
    order_id: str = placed["order_id"]
    await shop.reach(order_id, "completed")
    body = {"amount": {"amount": "5.00", "currency": "EUR"}, "reason": "chipped"}
    await shop.api.post(f"/v1/orders/{order_id}/refunds", body, key="refund-1")
    order = await shop.until(order_id, lambda order: order["amounts"]["refunded"]["amount"] == "5.00")
    assert order["amounts"]["due"]["amount"] == "0.00"

    payment = next(each.payment for each in await shop.payments.list_effects(UUID(order_id)))
    await shop.payments.refund(UUID(order_id), "by-hand", payment=payment, amount=Money(100, "EUR"))
    assert UUID(order_id) in {case.order_id for case in (await reconcile(shop.settings)).differing}
    await shop.eventually(lambda: case_of(shop, order_id, "open"))
    case = await case_of(shop, order_id, "open")
    assert case
    assert (case["kind"], case["found"]) == ("not_recorded", {"amount": "1.00", "currency": "EUR"})
    await shop.api.post(f"/v1/ops/cases/{case['case_id']}", {"action": "adopt", "reason": "the desk made it"})
    await shop.eventually(lambda: case_of(shop, order_id, "settled"))

    order = await shop.until(order_id, lambda order: order["amounts"]["refunded"]["amount"] == "6.00")
    assert order["amounts"]["due"]["amount"] == "0.00"
    found = await balances(shop, order_id, order["position"])
    assert (found["refunds"], found.get("receivable")) == ("6.00", None)
    assert UUID(order_id) not in {case.order_id for case in (await reconcile(shop.settings)).differing}


async def test_an_order_is_paid_with_store_credit_and_the_books_agree(shop: Shop) -> None:
    credit = "/v1/customers/ada/store-credit"
    granted = await shop.api.post(
        credit, {"amount": {"amount": "500.00", "currency": "EUR"}, "reason": "goodwill"}
    )
    before = Money.parse(granted["balances"][0]["amount"], "EUR")
    placed = await shop.place(("MUG-BLUE", 1), method="store_credit")
    order = await shop.reach(placed["order_id"], "completed")
    paid = Money.parse(order["amounts"]["captured"]["amount"], "EUR")
    assert order["payment_status"] == "captured"
    left = (await shop.api.get(credit))["balances"][0]["amount"]
    assert Money.parse(left, "EUR") == before - paid
    assert UUID(order["order_id"]) not in {case.order_id for case in (await reconcile(shop.settings)).differing}
    money = [check for check in await verify(shop.settings) if check.name.startswith("2 ")]
    assert {check.name: check.faults for check in money if check.faults} == {}
