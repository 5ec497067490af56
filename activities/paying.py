"""Choosing another payment method after a decline."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from activities.contracts import Step
from activities.order_stream import run_step
from domain.errors import NotAllowed
from domain.orders.model import OrderStatus
from domain.payments.decide import choose_method
from domain.payments.events import PaymentEvent
from domain.record import OrderRecord
from eventstore.store import EventStore


@dataclass(frozen=True, slots=True)
class ChooseMethodStep:
    step: Step
    method: str


@dataclass(frozen=True, slots=True)
class MethodChosen:
    """`chosen`: how many methods were chosen after a decline, this one among them."""

    version: int
    chosen: int


@dataclass(frozen=True, slots=True)
class PayingActivities:
    store: EventStore

    @activity.defn
    async def choose_payment_method(self, given: ChooseMethodStep) -> MethodChosen:
        order = await run_step(self.store, given.step, lambda record: _chosen(record, given.method))
        return MethodChosen(order.version_of(given.step.key), len(order.record.payment.chosen))


def _chosen(record: OrderRecord, method: str) -> Sequence[PaymentEvent]:
    if record.order.status is not OrderStatus.PLACED and not record.payment.lapsing:
        raise NotAllowed(
            f"an order that is {record.status} does not wait for a payment method",
            code="payment-not-awaited",
            details={"status": record.status},
        )
    return choose_method(record.payment_state, method)
