"""The payment gateway that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stripe

from activities.gateways.credit import WithStoreCredit
from activities.gateways.protocol import PaymentGateway
from activities.gateways.simulator import SimulatedPaymentGateway
from activities.gateways.stripe import StripePayments
from ops.bootstrap import Backend
from ops.config import Settings

CREDITS = "SELECT DISTINCT stream_id FROM event WHERE stream_id LIKE 'credit/%' ORDER BY stream_id"


@asynccontextmanager
async def open_payment_gateway(settings: Settings) -> AsyncIterator[PaymentGateway]:
    """A client for as long as the block lasts."""
    if settings.payment_gateway == "stripe":
        async with open_stripe(settings) as payments:
            yield payments
        return
    simulator = SimulatedPaymentGateway(settings.payments_base_url, timeout=settings.gateway_timeout)
    try:
        yield simulator
    finally:
        await simulator.aclose()


def with_store_credit(gateway: PaymentGateway, backend: Backend) -> WithStoreCredit:
    """The gateway, and store credit beside it."""

    async def customers() -> AsyncIterator[str]:
        for row in await backend.pool.fetch(CREDITS):
            yield row["stream_id"].removeprefix("credit/")

    return WithStoreCredit(gateway, backend.store, customers)


@asynccontextmanager
async def open_stripe(settings: Settings, *, plain: bool = False) -> AsyncIterator[StripePayments]:
    """Retries are the workflow's: the library makes none. `plain`: see `StripePayments`."""
    assert settings.stripe_api_key  # the settings have refused otherwise
    http = stripe.HTTPXClient(timeout=settings.gateway_timeout)
    client = stripe.StripeClient(
        settings.stripe_api_key.get_secret_value(),
        base_addresses={"api": settings.stripe_base_url},
        max_network_retries=0,
        http_client=http,
    )
    try:
        yield StripePayments(client, plain=plain)
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]
