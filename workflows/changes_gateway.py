"""Commands that change an open order beside its cancellation: the gateway's other half of `workflows.changes`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from activities.aggregates import Committed
from domain.identifiers import event_id
from domain.orders.decide import expect_open
from domain.orders.events import HoldPlaced, HoldScope
from domain.orders.holds import release_hold
from domain.record import OrderRecord
from workflows.contracts import HoldOrder, ReleaseOrderHold
from workflows.goods import GoodsGateway
from workflows.order import OrderWorkflow


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesGateway(GoodsGateway):
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
        command = HoldOrder(key, hold, actor, expected_version)
        return await self._update(order_id, OrderWorkflow.hold, command, step, _open)

    async def release_hold(self, order_id: UUID, *, key: str, hold_id: str, reason: str, actor: str) -> Committed:
        command = ReleaseOrderHold(key, hold_id, reason, actor)
        return await self._update(
            order_id,
            OrderWorkflow.release,
            command,
            f"release-hold:{key}",
            lambda record: release_hold(record.order_state, hold_id, reason=reason, released_by=actor),
        )

    async def _update(
        self,
        order_id: UUID,
        method: Any,
        command: object,
        step: str,
        decide: Callable[[OrderRecord], object],
        aftercare: Any = None,
    ) -> Committed:
        """Execute an update of the order's workflow; `decide` refuses what no workflow is there to refuse."""
        raise NotImplementedError


def _open(record: OrderRecord) -> object:
    return expect_open(record.order_state)
