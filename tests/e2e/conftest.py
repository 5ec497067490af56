"""The whole of Waybill, started once for these tests."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest

from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from ops import demo
from ops.client import ApiClient
from ops.devstack import DevStack
from ops.identity import dev_issuer
from ops.migrate import migrate
from ops.search_attributes import register_search_attributes
from ops.up import process_spec
from tests.conftest import short_directory, stack_settings
from tests.support.live_shop import Shop


@pytest.fixture(scope="session")
async def shop() -> AsyncIterator[Shop]:
    home = short_directory()
    settings = stack_settings(
        home,
        simulator_speed=50,
        webhook_first_pause=0.2,
        webhook_allowed_networks={"127.0.0.0/8"},
        step_attempts=12,
        step_initial_interval=0.05,
        step_max_interval=0.2,
        step_timeout=5,
        gateway_timeout=3,
    )
    stack = DevStack(settings, durable=False)
    try:
        await stack.start()
        await asyncio.gather(migrate(settings.dsn), register_search_attributes(settings))
        async with asyncio.TaskGroup() as group:
            for name in ("api", "projector", "sim-payments", "sim-carrier"):
                group.create_task(stack.supervisor.start(process_spec(name, settings)))
        token = dev_issuer(settings).token(role="admin", subject="tests")
        payments = SimulatedPaymentGateway(settings.payments_base_url, timeout=5)
        carrier = SimulatedCarrier(settings.carrier_base_url, timeout=5)
        async with ApiClient(settings.api_base_url, token) as api:
            await demo.seed(api, settings.warehouse_codes)
            await demo.sellable(api)
            yield Shop(settings, stack, api, payments, carrier)
        await payments.aclose()
        await carrier.aclose()
    finally:
        await stack.stop()
        shutil.rmtree(home)
