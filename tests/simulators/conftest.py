"""The simulators, served in this process on free ports, each test suite's books in databases of their own."""

import contextlib
import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest

from activities.gateways.simulator import SimulatedCarrier, SimulatedPaymentGateway
from ops.config import Settings
from ops.devstack import Endpoints
from ops.embedded.postgres import ensure_databases, sibling_dsn
from ops.simulators.carrier import build_carrier_app
from ops.simulators.payments import build_payments_app
from tests.simulators.serving import CarrierUnderTest, Hook, PaymentsUnderTest, served, settings_of

FAST, SLOW = 1e6, 1e-6  # days per second


async def _new_database(endpoints: Endpoints) -> str:
    name = f"simulators_{uuid4().hex}"
    await ensure_databases(sibling_dsn(endpoints.simulator_dsn, "postgres"), [name])
    return sibling_dsn(endpoints.simulator_dsn, name)


@pytest.fixture
async def database(endpoints: Endpoints) -> str:
    """Books of a simulator's own, empty."""
    return await _new_database(endpoints)


@pytest.fixture(scope="session")
async def payments(endpoints: Endpoints) -> AsyncIterator[PaymentsUnderTest]:
    """One gateway for all tests; they keep apart by their orders."""
    settings = settings_of(await _new_database(endpoints))
    async with (
        served(build_payments_app(settings), settings, settings.payments_port),
        httpx.AsyncClient(base_url=settings.payments_base_url, trust_env=False) as http,
    ):
        gateway = SimulatedPaymentGateway(settings.payments_base_url, 5.0)
        yield PaymentsUnderTest(gateway, http, settings)
        await gateway.aclose()


@pytest.fixture
async def books(payments: PaymentsUnderTest) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the gateway: it holds races open."""
    connection = await asyncpg.connect(payments.settings.simulator_dsn)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def shared_hook() -> AsyncIterator[Hook]:
    async with Hook.listening() as hook:
        yield hook


@pytest.fixture
def hook(shared_hook: Hook) -> Hook:
    """The one who is told of parcels; records what it is told, and answers as it is told to."""
    shared_hook.forget()
    return shared_hook


@contextlib.asynccontextmanager
async def carrier_of(settings: Settings, hook: Hook) -> AsyncIterator[CarrierUnderTest]:
    async with (
        served(build_carrier_app(settings), settings, settings.carrier_port),
        httpx.AsyncClient(base_url=settings.carrier_base_url, trust_env=False) as http,
    ):
        carrier = SimulatedCarrier(settings.carrier_base_url, 5.0)
        connection = await asyncpg.connect(settings.simulator_dsn)
        yield CarrierUnderTest(carrier, http, settings, hook, connection)
        await connection.close()
        await carrier.aclose()


@pytest.fixture(scope="session")
async def shared_carriers(endpoints: Endpoints, shared_hook: Hook) -> AsyncIterator[dict[float, CarrierUnderTest]]:
    """By days per second."""
    async with contextlib.AsyncExitStack() as stack:
        carriers = {}
        for speed in (FAST, SLOW):
            dsn = await _new_database(endpoints)
            settings = settings_of(dsn, public_url=shared_hook.url, simulator_speed=speed)
            carriers[speed] = await stack.enter_async_context(carrier_of(settings, shared_hook))
        yield carriers


@pytest.fixture
async def carrier(shared_carriers: dict[float, CarrierUnderTest], hook: Hook) -> CarrierUnderTest:
    """A carrier whose days pass in no time."""
    return await shared_carriers[FAST].emptied()


@pytest.fixture
async def slow_carrier(shared_carriers: dict[float, CarrierUnderTest], hook: Hook) -> CarrierUnderTest:
    """A carrier whose parcels move only when they are told to."""
    return await shared_carriers[SLOW].emptied()


@pytest.fixture
async def steady_carrier(database: str, hook: Hook) -> AsyncIterator[CarrierUnderTest]:
    """A carrier whose days take a tenth of a second, with books of its own."""
    async with carrier_of(settings_of(database, public_url=hook.url, simulator_speed=10), hook) as carrier:
        yield carrier


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here is on loopback."""
    assert socket.gethostbyname("localhost").startswith("127.")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
