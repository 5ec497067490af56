"""Commands as events send them: the gateway, with what events need beside it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from activities.gateways.protocol import TrackingUpdate
from domain.errors import NotFound
from domain.identifiers import Sku
from domain.money import Money
from domain.shipping.events import TrackingStatus
from eventstore.store import StreamReader
from workflows.catalogue import available
from workflows.gateway import CommandGateway


@dataclass(frozen=True, slots=True)
class EventCommands:
    """A `messaging.routing.CommandSender`. Stock of a SKU that there is no product of is refused."""

    gateway: CommandGateway
    store: StreamReader

    async def change_price(self, sku: Sku, price: Money, *, key: str, actor: str) -> object:
        return await self.gateway.change_price(sku, price, key=key, actor=actor)

    async def discontinue_product(self, sku: Sku, *, key: str, reason: str, actor: str) -> object:
        return await self.gateway.discontinue_product(sku, key=key, reason=reason, actor=actor)

    async def adjust_stock(
        self, sku: Sku, warehouse: str | None, *, key: str, change: int, reason: str, actor: str
    ) -> object:
        if not await available(self.store.read_stream(f"product/{sku}", limit=1)):
            raise NotFound(f"there is no product {sku}", code="product-not-found")
        return await self.gateway.adjust_stock(sku, warehouse, key=key, change=change, reason=reason, actor=actor)

    async def open_chargeback(
        self, order_id: UUID, *, key: str, reference: str, amount: Money, reason: str, actor: str
    ) -> object:
        return await self.gateway.open_chargeback(
            order_id, key=key, reference=reference, amount=amount, reason=reason, actor=actor
        )

    async def tracking_updated(self, order_id: UUID, shipment_id: str, status: TrackingStatus) -> None:
        update = TrackingUpdate("", shipment_id, order_id, 0, status, datetime.now(UTC))
        await self.gateway.tracking(update)
