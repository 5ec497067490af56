"""Amendments and cancelled lines: the gateway's side of `workflows.amendments`."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from activities.aggregates import Committed
from activities.stock_book import STOCK, stock_stream
from domain import amending
from domain.amending import Preview
from domain.availability import Place
from domain.errors import NotAllowed
from domain.inventory.model import StockItem
from domain.orders.amendments import Amendment, expect_amendable
from domain.orders.decide import expect_in
from domain.orders.model import OrderStatus
from domain.record import OrderRecord
from workflows.catalogue import available
from workflows.contracts import AmendOrder
from workflows.order import OrderWorkflow
from workflows.returns_gateway import ReturnsGateway
from workflows.updating import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendingGateway(ReturnsGateway):
    async def amend(
        self,
        order_id: UUID,
        *,
        key: str,
        amendment: Amendment,
        asked: str,
        reason: str,
        actor: str,
        expected_version: int | None = None,
        whole: bool = False,
    ) -> Committed:
        """Change an order's terms; answers once it is done. `whole`: without its last line it is cancelled.

        Args:
            asked: What the caller sent, which the key stands for; what it comes to may differ on a repeat.

        Raises: DomainError, CommandTimeout, CommandUnavailable.
        """
        command = AmendOrder(key, amendment, reason, actor, expected_version, whole, fingerprint(asked, reason))
        decide = _line_open if whole else _amendable
        return await self._update(order_id, OrderWorkflow.amend, command, f"amend:{key}", decide)

    async def preview_amendment(
        self, order_id: UUID, amendment: Amendment, *, expected_version: int | None = None
    ) -> Preview:
        """What the amendment would do now; nothing is written.

        Raises: DomainError, CommandUnavailable.
        """
        order = await self._load(order_id)
        if expected_version not in (None, order.version):
            raise NotAllowed(
                f"the order is at version {order.version}, not {expected_version}; read it again",
                code="version-mismatch",
                details={"version": order.version},
            )
        expect_amendable(order.record.order_state)
        skus = [*amendment.quantities, *(line.sku for line in amendment.added)]
        return await available(self._preview(order.record, amendment, skus))

    async def _preview(self, record: OrderRecord, amendment: Amendment, skus: Sequence[str]) -> Preview:
        stock: dict[Place, StockItem] = {}
        for place in amending.places_of(record, skus, self.warehouses):
            folded, _ = await self.snapshots.load(self.store, stock_stream(*place), STOCK)
            stock[place] = folded.state
        return amending.preview(record, stock, self.warehouses, amendment)


def _amendable(record: OrderRecord) -> object:
    return expect_amendable(record.order_state)


def _line_open(record: OrderRecord) -> object:
    return expect_in(record.order_state, "changed", OrderStatus.PLACED, OrderStatus.CONFIRMED)
