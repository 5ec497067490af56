"""What a payment gateway tells by itself: disputes become chargebacks, what was moved elsewhere becomes cases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.cases import open_case
from activities.contracts import Step
from activities.gateways.protocol import PaymentGateway
from activities.order_stream import order_stream
from activities.orders import OrderActivities
from activities.payment_contracts import ChargebackStep
from activities.reconciling import OrderMoney, differences
from domain.errors import DomainError
from domain.money import Money
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class Dispute:
    """The customer's bank took `amount` back. `reference` is the gateway's id of it."""

    reference: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class GatewayNews:
    """A gateway's message about the authorisation `payment`; without a dispute it says that money moved."""

    message_id: str
    source: str
    payment: str
    dispute: Dispute | None = None


class KnowsOrders(Protocol):
    """A gateway that can tell whose payment it was."""

    async def order_of(self, payment: str) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class GatewayNewsActivities:
    """`grace`: how long a request may stand without an outcome before its effect is a difference."""

    store: EventStore
    gateway: PaymentGateway
    orders: OrderActivities
    grace: timedelta
    clock: Callable[[], datetime]

    @activity.defn
    async def take_gateway_news(self, news: GatewayNews) -> None:
        """Do what the message asks for. A payment that no order made is none of ours."""
        knows: KnowsOrders = self.gateway  # type: ignore[assignment]
        order_id = await knows.order_of(news.payment)
        if order_id is None:
            return
        if news.dispute:
            await self._charge_back(order_id, news.dispute, news.source)
        else:
            await self._compare(order_id)

    async def _charge_back(self, order_id: UUID, dispute: Dispute, source: str) -> None:
        """One chargeback per dispute. One that comes before its capture is recorded has to come again."""
        step = Step(order_id, f"chargeback:{dispute.reference}", f"service:{source}")
        try:
            await self.orders.record_chargeback(
                ChargebackStep(step, dispute.reference, dispute.amount, dispute.reason)
            )
        except DomainError as refused:
            raise ApplicationError(refused.message, type=refused.code) from refused

    async def _compare(self, order_id: UUID) -> None:
        effects = await self.gateway.list_effects(order_id)
        stored = await self.store.read_stream(order_stream(order_id))
        known = OrderMoney.of(stored) if stored else None
        for case in differences(order_id, known, effects, now=self.clock(), grace=self.grace):
            if case.found:
                await open_case(self.store, case)
