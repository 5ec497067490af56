"""An exchange on the whole stack: the carrier gives the label, what comes back is replaced, nothing is paid."""

from typing import Any

from ops.verify import verify
from tests.support.live_shop import Shop


def of(order: dict[str, Any]) -> dict[str, Any]:
    last: dict[str, Any] = order["returns"][-1]
    return last


async def test_goods_come_back_with_a_label_and_others_are_sent(shop: Shop) -> None:
    async with shop.worker():
        placed = await shop.place(("MUG-BLUE", 2))
        order_id = placed["order_id"]
        await shop.reach(order_id, "completed")
        path = f"/v1/orders/{order_id}/returns"
        asked = await shop.api.post(
            path, {"kind": "exchange", "lines": [{"sku": "MUG-BLUE", "quantity": 1}], "reason": "chipped"}
        )
        mine = f"{path}/{of(asked)['return_id']}"
        await shop.api.post(f"{mine}/approve", {"reason": "as the photo shows"})
        labelled = await shop.until(order_id, lambda order: (of(order)["label"] or {}).get("status") == "arrived")
        assert of(labelled)["label"]["tracking_number"]
        assert of(labelled)["replacement"]["items"][0]["quantity"] == 1

        await shop.api.post(f"{mine}/receive", {})
        await shop.api.post(f"{mine}/inspect", {"lines": [{"sku": "MUG-BLUE", "restocked": 1}]})
        done = await shop.until(order_id, lambda order: of(order)["status"] == "closed")
    sent = {each["shipment_id"]: each["status"] for each in done["shipments"]}
    assert sent[of(done)["replacement"]["shipment_id"]] == "delivered"
    assert done["amounts"] == placed_amounts(done)
    assert done["status"] == "completed"
    assert [check.name for check in await verify(shop.settings) if check.faults] == []


def placed_amounts(order: dict[str, Any]) -> dict[str, Any]:
    """What an order that was paid once, and given nothing back of, has moved."""
    nothing = {"amount": "0.00", "currency": order["totals"]["total"]["currency"]}
    whole = order["totals"]["total"]
    return {**dict.fromkeys(order["amounts"], nothing), "authorized": whole, "captured": whole}
