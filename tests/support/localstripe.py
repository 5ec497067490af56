"""A stand-in of Stripe's API, as a process of its own. It keeps no idempotency keys and has no search."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from ops.embedded.ports import free_ports
from tests.support.ports import own_ports

KEY = "sk_test_waybill"
WAIT = 20.0
SERVE = """
import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""
"""Its own command binds to every address, IPv6 first."""


@asynccontextmanager
async def running_localstripe() -> AsyncIterator[str]:
    """Its base URL, for as long as the block lasts."""
    (port,) = free_ports(1, among=own_ports())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE, str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        await _answering(base)
        yield base
    finally:
        process.kill()
        await process.wait()


async def _answering(base: str) -> None:
    async with httpx.AsyncClient(base_url=base, auth=(KEY, "")) as http, asyncio.timeout(WAIT):
        while True:
            try:
                await http.get("/v1/payment_intents")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


async def card(base: str, number: str = "4242424242424242") -> str:
    """A payment method of this card."""
    given = {"type": "card", "card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2040"}
    async with httpx.AsyncClient(base_url=base, auth=(KEY, "")) as http:
        answer = await http.post("/v1/payment_methods", data={**given, "card[cvc]": "123"})
    return str(answer.raise_for_status().json()["id"])
