"""`waybill orders export` on the whole stack: any script comes back as it was given, by every way out."""

import asyncio
import csv
import json
import sys
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from tests.support.live_shop import Shop, order_body
from waybill_client.models import OrderBody

ANY_SCRIPT: Final = 'Zoë 👩🏽‍💻 O’Brien, "עדה" محمد Z͑ͫ̓a̴ a\u2028b अनन्या'
ADDRESS: Final = ("name", "line1", "line2", "city", "region", "postal_code")
READ: Final = (
    "query ($id: UUID!) { order(id: $id) { shippingAddress { name line1 line2 city region postalCode } } }"
)


async def waybill(shop: Shop, *words: str) -> tuple[int, str]:
    """The command line in a process of its own: its exit code, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops.cli", *words),
        env=shop.worker_spec.env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_an_export_holds_what_was_written(shop: Shop, tmp_path: Path) -> None:
    customer = f"c-{uuid4().hex[:8]}"
    address = {**dict.fromkeys(ADDRESS, ANY_SCRIPT), "country": "DE"}
    given = order_body(("MUG-BLUE", 1)) | {"customer_id": customer, "shipping_address": address}
    async with shop.worker():
        placed = await shop.api.place(OrderBody.model_validate(given))
        plain = await shop.api.place(
            OrderBody.model_validate(order_body(("TEE-BLACK-M", 2)) | {"customer_id": customer})
        )
        for each in (placed, plain):
            await shop.reach(str(each.order_id), "completed")
        for form in ("jsonl", "csv"):
            code, said = await waybill(
                shop, "orders", "export", str(tmp_path / f"o.{form}"), "--customer", customer
            )
            assert (code, said.split()[:2]) == (0, ["2", "orders"]), said

    shown = {name: text for name, text in address.items() if name != "country"}
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_bytes().split(b"\n") if line]
    assert [line["order_id"] for line in lines] == [str(placed.order_id), str(plain.order_id)]
    assert {name: lines[0]["shipping_address"][name] for name in ADDRESS} == shown
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {name: rows[0][f"shipping_{name}"] for name in ADDRESS} == shown
    assert [row["lines"] for row in rows] == ["1 MUG-BLUE", "2 TEE-BLACK-M"]
    order = await shop.api.get_order(placed.order_id)
    assert order.shipping_address.model_dump(include=set(ADDRESS)) == shown
    graph: dict[str, Any] = await shop.api.post(
        "/graphql", {"query": READ, "variables": {"id": str(placed.order_id)}}
    )
    assert set(graph["data"]["order"]["shippingAddress"].values()) == {ANY_SCRIPT}
