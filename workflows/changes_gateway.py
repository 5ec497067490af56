"""Commands that change an open order beside its cancellation: the gateway's other half of `workflows.changes`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from activities.aggregates import Committed
from domain.identifiers import event_id
from domain.orders.decide import expect_open
from domain.orders.events import Decision, HoldPlaced, HoldScope, OrderLine
from domain.orders.holds import release_hold
from domain.record import OrderRecord
from domain.shipping.events import LostAnswer
from workflows.amending_gateway import AmendingGateway
from workflows.contracts import (
    AnswerLostParcel,
    DecideUnavailable,
    HoldOrder,
    OfferSubstitute,
    PayOrder,
    ReleaseOrderHold,
)
from workflows.order import OrderWorkflow
from workflows.updating import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesGateway(AmendingGateway):
    """Every command may raise DomainError, CommandTimeout, CommandUnavailable."""

    async def hold(
        self,
        order_id: UUID,
        *,
        key: str,
        scope: HoldScope,
        subject: str | None,
        reason: str,
        expires_at: datetime | None,
        actor: str,
        expected_version: int | None = None,
    ) -> Committed:
        """Place a hold; its id follows from the key, so that a repeat names the same one."""
        step = f"hold:{key}"
        hold = HoldPlaced(event_id(order_id, step, 0).hex[:12], scope, subject, reason, actor, expires_at)
        command = HoldOrder(
            key, hold, actor, expected_version, fingerprint(scope, subject, reason, str(expires_at))
        )
        return await self._update(order_id, OrderWorkflow.hold, command, step, _open)

    async def release_hold(self, order_id: UUID, *, key: str, hold_id: str, reason: str, actor: str) -> Committed:
        command = ReleaseOrderHold(key, hold_id, reason, actor, fingerprint(hold_id, reason))
        return await self._update(
            order_id,
            OrderWorkflow.release,
            command,
            f"release-hold:{key}",
            lambda record: release_hold(record.order_state, hold_id, reason=reason, released_by=actor),
        )

    async def decide(self, order_id: UUID, *, key: str, decision: Decision, actor: str) -> Committed:
        """The customer's decision on lines that stock does not cover."""
        command = DecideUnavailable(key, decision, actor, fingerprint(decision))
        return await self._update(order_id, OrderWorkflow.decide, command, f"decide:{key}", _open)

    async def pay(self, order_id: UUID, *, key: str, method: str, actor: str) -> Committed:
        """Pay with another method, after a decline."""
        command = PayOrder(key, method, actor, fingerprint(method))
        return await self._update(order_id, OrderWorkflow.pay, command, f"pay:{key}", _open)

    async def offer_substitute(
        self, order_id: UUID, *, key: str, sku: str, substitute: OrderLine, actor: str
    ) -> Committed:
        """Offer another product for a line that is short."""
        command = OfferSubstitute(key, sku, substitute, actor, fingerprint(sku, substitute.sku))
        return await self._update(order_id, OrderWorkflow.offer, command, f"offer:{key}", _open)

    async def answer_lost(
        self, order_id: UUID, *, key: str, shipment_id: str, answer: LostAnswer, reason: str, actor: str
    ) -> Committed:
        """What is to be done about a lost parcel."""
        command = AnswerLostParcel(
            key, shipment_id, answer, reason, actor, fingerprint(shipment_id, answer, reason)
        )
        return await self._update(order_id, OrderWorkflow.answer_lost, command, f"answer-lost:{key}", _open)


def _open(record: OrderRecord) -> object:
    return expect_open(record.order_state)
