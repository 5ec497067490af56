"""Mails on the whole stack: an order's life is written about, each event once, though the server refuses some."""

import asyncio
from collections import Counter
from typing import Any

import httpx

from ops.process import Process
from ops.up import process_spec, with_mail_sink
from tests.support.live_shop import Shop


async def test_an_orders_life_is_written_about(shop: Shop) -> None:
    settings = with_mail_sink(shop.settings.model_copy(update={"mail_first_pause": 0.2}))
    names = ("sim-mail", "worker", "relay", "subscriber")
    processes = [Process(process_spec(name, settings)) for name in names]
    page = f"http://127.0.0.1:{settings.mail_port}"
    try:
        for process in processes:
            await process.start()
        async with httpx.AsyncClient(base_url=page) as http:
            await _listening(http)
            await http.post("/control/refusals", json={"code": 450, "remaining": 1})
            order = await shop.place()
            await shop.reach(order["order_id"], "completed")

            async def all_sent() -> bool:
                return [mail["state"] for mail in await _logged(shop, order["order_id"])] == ["sent"] * 3

            await shop.eventually(all_sent, within=60)
            arrived = (await http.get("/mails")).json()["items"]
    finally:
        await asyncio.gather(*(process.stop() for process in reversed(processes)))
    logged = await _logged(shop, order["order_id"])
    assert Counter(mail["kind"] for mail in logged) == Counter(("confirmed", "dispatched", "delivered"))
    assert await _most_attempts(shop) > 1  # of whichever mail was refused: earlier orders are written about too
    ids = Counter(mail["message_id"].strip("<>").partition("@")[0] for mail in arrived)
    assert {mail["event_id"]: ids[mail["event_id"]] for mail in logged} == {mail["event_id"]: 1 for mail in logged}
    parcel = next(mail for mail in arrived if "on its way" in mail["subject"] and _is_of(mail, order))
    shown = (await shop.order(order["order_id"]))["shipments"][0]["tracking_number"]
    assert shown in parcel["text"]
    assert parcel["to"] == "ada@example.org"


async def _listening(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                (await http.get("/livez")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return


async def _logged(shop: Shop, order_id: str) -> list[dict[str, Any]]:
    page = await shop.api.get("/v1/ops/mails", order_id=order_id)
    items: list[dict[str, Any]] = page["items"]
    return items


async def _most_attempts(shop: Shop) -> int:
    most, cursor = 0, None
    while True:
        page = await shop.api.get("/v1/ops/mails", limit=100, cursor=cursor)
        most, cursor = max(most, *(int(mail["attempts"]) for mail in page["items"])), page["next_cursor"]
        if cursor is None:
            return most


def _is_of(mail: dict[str, Any], order: dict[str, Any]) -> bool:
    return order["order_number"] in mail["subject"]
