"""The payment gateway that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.gateways.protocol import PaymentGateway
from activities.gateways.simulator import SimulatedPaymentGateway
from ops.config import Settings


@asynccontextmanager
async def open_payment_gateway(settings: Settings) -> AsyncIterator[PaymentGateway]:
    gateway = SimulatedPaymentGateway(settings.payments_base_url, timeout=settings.gateway_timeout)
    try:
        yield gateway
    finally:
        await gateway.aclose()
