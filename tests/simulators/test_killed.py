"""The simulators as processes of their own, killed at the worst moment: nothing is lost, nothing is done twice."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from activities.gateways.protocol import Unknown
from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from ops.config import Settings
from tests.simulators.serving import Hook, PaymentsUnderTest, eventually, parcel_of, settings_of


@contextlib.asynccontextmanager
async def process_of(name: str, settings: Settings, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m ops.simulators.serve NAME`, from when it listens until it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops.simulators.serve", name, env=os.environ | _environment(settings)
    )
    try:
        await eventually(lambda: _listens(port), seconds=20)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "WAYBILL_SIMULATOR_DATABASE_URL": settings.simulator_dsn,
        "WAYBILL_PAYMENTS_PORT": str(settings.payments_port),
        "WAYBILL_CARRIER_PORT": str(settings.carrier_port),
        "WAYBILL_CARRIER_WEBHOOK_SECRET": settings.carrier_webhook_secret.get_secret_value(),
        "WAYBILL_PUBLIC_URL": settings.api_base_url,
        "WAYBILL_SIMULATOR_SPEED": str(settings.simulator_speed),
    }


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True


async def test_a_gateway_killed_between_commit_and_answer_gives_the_same_effect(database: str) -> None:
    settings, order, broken = settings_of(database), uuid4(), uuid4()
    url = settings.payments_base_url
    gateway = SimulatedPaymentGateway(url, 30)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        payments = PaymentsUnderTest(gateway, http, settings)
        async with process_of("payments", settings, settings.payments_port) as process:
            await payments.fault(mode="slow", order_id=order, seconds=60)
            await payments.outage("error", order_id=str(broken))
            call = asyncio.create_task(payments.authorized(order))
            await eventually(lambda: payments.has_effect(order, "authorize#1"))
            process.kill()
            with pytest.raises(Unknown):
                await call
        async with process_of("payments", settings, settings.payments_port):
            effect = await payments.authorized(order)
            assert await gateway.list_effects() == [effect]
            with pytest.raises(Unknown):
                await payments.authorized(broken)
    await gateway.aclose()


async def test_news_survives_the_carriers_death(database: str, hook: Hook) -> None:
    settings, order = settings_of(database, public_url=hook.url, simulator_speed=1e6), uuid4()
    carrier = SimulatedCarrier(settings.carrier_base_url, 5)
    hook.status = 503
    async with process_of("carrier", settings, settings.carrier_port):
        await carrier.book("book#1", parcel_of(order))
        await eventually(lambda: _was_refused(hook))
    hook.status = 204
    async with process_of("carrier", settings, settings.carrier_port):
        await hook.has_been_told(2)
    assert hook.of(order) == [(1, "dispatched"), (2, "delivered")]
    await carrier.aclose()


async def _was_refused(hook: Hook) -> bool:
    return hook.refused > 0


async def test_a_simulator_waits_visibly_for_its_database_and_ends_when_told() -> None:
    settings = settings_of("postgresql://waybill@127.0.0.1:1/none")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ops.simulators.serve", "payments"),
        env=os.environ | _environment(settings),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    assert b"waiting_for_database" in line
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5) != 0
