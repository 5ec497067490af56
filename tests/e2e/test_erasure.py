"""Invariant 8: after an erasure nothing personal can be read anywhere, and everything else still adds up."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from ops.client import ApiProblem
from ops.process import Process
from ops.transfer import export_log
from ops.up import process_spec
from ops.verify import verify
from tests.support.live_shop import Shop
from tests.support.traces import in_redis, search
from waybill_client.models import ExportBody, ExportFormat, ExportState

ADDRESS = ("name", "line1", "line2", "city", "region", "postal_code")
LABELS = "table waybill_simulators.carrier.booking"


class Canary:
    """A customer whose every personal field holds a word of its own, and goods whose SKU is a word as well."""

    def __init__(self) -> None:
        self.customer = f"c-{uuid4().hex[:12]}"
        self.sku = f"SKU{uuid4().hex[:12].upper()}"
        self.words: dict[str, str] = {}

    def text(self, field: str) -> str:
        """Text with the field's word in it, and with what JSON and URLs have to escape."""
        word = self.words.setdefault(field, f"canary{uuid4().hex[:16]}")
        return f'Zoë "{word}" & sons/100%'

    def body(self, method: str) -> dict[str, Any]:
        self.text("email")
        return {
            "customer_id": self.customer,
            "email": f"{self.words['email']}@example.org",
            "currency": "EUR",
            "lines": [{"sku": self.sku, "quantity": 1}],
            "shipping_address": {
                **{
                    field: self.text(field)
                    for field in ("name", "line1", "line2", "city", "region", "postal_code")
                },
                "country": "DE",
            },
            "payment": {"method": method},
        }


@pytest.fixture(scope="module", autouse=True)
async def _processes(shop: Shop) -> AsyncIterator[None]:
    relay = Process(process_spec("relay", shop.settings))
    await relay.start()
    try:
        async with shop.worker():
            yield
    finally:
        await relay.stop()


@pytest.fixture
async def canary(shop: Shop) -> Canary:
    made = Canary()
    price = [{"amount": "5.00", "currency": "EUR"}]
    await shop.api.post("/v1/products", {"sku": made.sku, "name": "Bird", "prices": price})
    published = await shop.api.post(f"/v1/products/{made.sku}/publish")
    await shop.api.get("/v1/products", min_position=published["position"])
    await shop.api.post(f"/v1/stock/{made.sku}/adjustments", {"quantity": 9, "reason": "count"})
    return made


async def test_nothing_personal_is_left_of_an_erased_customer(shop: Shop, canary: Canary) -> None:
    completed = await _complete_one_with_errors(shop, canary)
    await _have_one_declined(shop, canary)
    await _have_bodies_refused(shop, canary)
    await _cancel_one_that_waited(shop, canary)
    drafts = await _draft(shop, canary)
    before = await shop.order(completed)
    await _reached(shop, canary.sku)
    assert before["shipping_address"]["name"] == canary.text("name")
    await _export(shop, "before.jsonl")
    exported = await _export_orders(shop, canary)
    assert canary.words["name"] in await _downloaded(shop, exported)

    await _check_traces_before(shop, canary, completed)
    await shop.api.post(f"/v1/customers/{canary.customer}/erase", {"reason": "request 1"})
    await _forgotten(shop, canary.customer)
    await _export(shop, "after.jsonl")

    assert await search(shop.settings, canary.words.values()) == {}
    await _check_drafts(shop, drafts)
    after = await _downloaded(shop, exported)
    assert canary.customer in after
    assert not [word for word in canary.words.values() if word in after]
    await _check_what_is_shown(shop, canary, completed, before)
    await _rebuild(shop, "orders")
    await _check_what_is_shown(shop, canary, completed, before)
    checks = await verify(shop.settings)
    assert {check.name: check.faults for check in checks if check.faults} == {}
    with pytest.raises(ApiProblem, match="409 The customer was erased"):
        await shop.api.post("/v1/orders", canary.body("sim_ok"))


async def _export_orders(shop: Shop, canary: Canary) -> UUID:
    """A finished job; what it holds is searched with everything else."""
    made = await shop.api.begin_export(ExportBody(format=ExportFormat.CSV), customer_id=canary.customer)

    async def done() -> bool:
        return (await shop.api.get_export(made.export_id)).state == ExportState.DONE

    await shop.eventually(done)
    return made.export_id


async def _downloaded(shop: Shop, export_id: UUID) -> str:
    return b"".join([chunk async for chunk in shop.api.download_export_bytes(export_id)]).decode()


async def _complete_one_with_errors(shop: Shop, canary: Canary) -> str:
    """Twins in flight, sealed apart, are one order; its carrier fails at first, and the worker logs it."""
    await shop.control("carrier", "/control/faults", {"mode": "error", "kind": "booking", "remaining": 3})
    key, body = str(uuid4()), canary.body("sim_ok")
    twins = await asyncio.gather(*(shop.api.post("/v1/orders", body, key=key) for _ in range(3)))
    assert len({twin["order_id"] for twin in twins}) == 1
    order_id: str = twins[0]["order_id"]
    await shop.reach(order_id, "completed")
    assert (await shop.api.post("/v1/orders", body, key=key))["order_id"] == order_id
    return order_id


async def _have_one_declined(shop: Shop, canary: Canary) -> None:
    placed = await shop.api.post("/v1/orders", canary.body("sim_declined"))
    await shop.reach(placed["order_id"], "cancelled")


async def _have_bodies_refused(shop: Shop, canary: Canary) -> None:
    body = canary.body("sim_ok")
    canary.text("malformed")
    email = {"email": f"{canary.words['malformed']} at example.org"}
    for wrong in (email, {"note": canary.text("unknown")}, {"currency": canary.text("currency")}):
        with pytest.raises(ApiProblem, match="422"):
            await shop.api.post("/v1/orders", body | wrong)


async def _cancel_one_that_waited(shop: Shop, canary: Canary) -> None:
    """While it is open, its customer cannot be erased."""
    placed = await shop.api.post("/v1/orders", canary.body("sim_down"))
    order_id = placed["order_id"]
    await shop.until(order_id, lambda order: order["attention"])
    with pytest.raises(ApiProblem, match=f"409 The customer has open orders: .*{order_id}"):
        await shop.api.post(f"/v1/customers/{canary.customer}/erase", {"reason": "request 1"})
    reason = canary.text("reason")
    await shop.api.post(f"/v1/orders/{order_id}/cancel", {"reason": reason})
    cancelled = await shop.reach(order_id, "cancelled")
    assert cancelled["cancel_reason"] == reason


async def _draft(shop: Shop, canary: Canary) -> list[str]:
    """One draft that is left open, one that is discarded, each with a note."""
    ids = []
    for name in ("open", "discarded"):
        body = {**canary.body("sim_ok"), "note": canary.text(f"{name}_note")}
        created = await shop.api.post("/v1/drafts", body)
        changed = await shop.api.patch(f"/v1/drafts/{created['draft_id']}", {"email": body["email"], "lines": []})
        assert changed["note"] == body["note"]
        ids.append(created["draft_id"])
    reason = canary.text("discard_reason")
    discarded = await shop.api.post(f"/v1/drafts/{ids[1]}/discard", {"reason": reason})
    await shop.api.get("/v1/drafts", min_position=discarded["position"])
    assert discarded["discard_reason"] == reason
    return ids


async def _check_drafts(shop: Shop, ids: list[str]) -> None:
    """They read as erased; the open one can be discarded, and nothing else."""
    kept = [await shop.api.get(f"/v1/drafts/{draft_id}") for draft_id in ids]
    assert {(draft["email"], draft["note"], draft["shipping_address"]["city"]) for draft in kept} == {
        ("erased", "erased", "erased")
    }
    assert kept[1]["discard_reason"] == "erased"
    with pytest.raises(ApiProblem, match="409 The customer was erased"):
        await shop.api.patch(f"/v1/drafts/{ids[0]}", {"lines": []})
    assert (await shop.api.post(f"/v1/drafts/{ids[0]}/discard", {"reason": "erased"}))["status"] == "discarded"


async def _export(shop: Shop, name: str) -> None:
    """Leave an export where the search looks."""
    await export_log(shop.settings, shop.settings.data_dir / name, Console(file=io.StringIO()))


async def _reached(shop: Shop, word: str) -> None:
    """Wait until the relay has published what the log has."""
    async with asyncio.timeout(60):
        while not await search(shop.settings, [word], in_redis):
            await asyncio.sleep(0.2)


async def _check_traces_before(shop: Shop, canary: Canary, order_id: str) -> None:
    """The search sees into every kind of place, and what is personal is found on the carrier's labels alone."""
    found = await search(shop.settings, [canary.sku, order_id, *canary.words.values()])
    tables = {"table waybill.public.event", "table waybill.read.orders", "table waybill.read.timeline", LABELS}
    assert found.pop(canary.sku) >= {*tables, "Temporal's histories", "Redis", "files of the main database"}
    files = {place for place in found.pop(order_id) if place.startswith("file ")}
    assert {"file logs/worker.log", "file before.jsonl"} < files
    assert any("temporal" in place for place in files)
    on_labels = {canary.words[field] for field in ADDRESS}
    assert found == {word: {LABELS} for word in on_labels}


async def _rebuild(shop: Shop, projection: str) -> None:
    """Fill the projection's tables anew from the log, and wait until those are what is read."""
    before = await _live_build(shop, projection)
    await shop.api.post(f"/v1/ops/projections/{projection}/rebuild", {"switch": True})
    async with asyncio.timeout(60):
        while await _live_build(shop, projection) == before:
            await asyncio.sleep(0.1)


async def _live_build(shop: Shop, projection: str) -> int:
    listed = (await shop.api.get("/v1/ops/projections"))["items"]
    builds = next(item["builds"] for item in listed if item["projection"] == projection)
    return next(int(build["build"]) for build in builds if build["state"] == "live")


async def _forgotten(shop: Shop, customer_id: str) -> None:
    async with asyncio.timeout(60):
        while not (customer := await shop.api.get(f"/v1/customers/{customer_id}"))["forgotten_at"]:
            await asyncio.sleep(0.1)
    assert customer["erased"]
    assert customer["orders"] == {"total": 3, "open": 0}


async def _check_what_is_shown(shop: Shop, canary: Canary, order_id: str, before: dict[str, Any]) -> None:
    """The order reads as before, but for the person."""
    after = await shop.order(order_id)
    address = dict.fromkeys(before["shipping_address"], "erased") | {"country": "DE"}
    assert after == {**before, "email": "erased", "shipping_address": address}
    events = await shop.api.get(f"/v1/orders/{order_id}/events")
    placed = events["items"][0]["data"]
    assert (placed["email"], placed["shipping_address"]["name"]) == ("erased", "erased")
    assert placed["totals"]["total"]["minor"] > 0
    as_of = await shop.api.get(f"/v1/orders/{order_id}", as_of="1")
    assert as_of["shipping_address"] == address
    listed = await shop.api.get("/v1/orders", customer_id=canary.customer)
    assert len(listed["items"]) == 3
