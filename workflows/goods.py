"""Commands on stock: loaded, decided and appended at once, on the caller's side of Temporal."""

from dataclasses import dataclass
from uuid import UUID

from activities.aggregates import Command, Committed, decide_stock
from domain.errors import InvalidValue
from domain.identifiers import Sku
from domain.inventory import decide as inventory
from workflows.catalogue import CatalogueGateway, available


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsGateway(CatalogueGateway):
    """`warehouses`: those there are, preferred first. Every command may raise DomainError, CommandUnavailable."""

    warehouses: tuple[str, ...]

    async def adjust_stock(
        self, sku: Sku, warehouse: str | None, *, key: str, change: int, reason: str, actor: str
    ) -> Committed:
        """Correct the books of one warehouse, by default the preferred one."""
        place = warehouse or self.warehouses[0]
        if place not in self.warehouses:
            raise InvalidValue(
                f"{place!r} is not a warehouse; there are {', '.join(self.warehouses)}", code="unknown-warehouse"
            )
        command = Command(f"adjust:{key}", actor)
        committed, served = await available(
            decide_stock(
                self.store,
                self.snapshots,
                self.warehouses,
                place,
                sku,
                command,
                lambda item: inventory.adjust(item, change, reason),
            )
        )
        for order_id in served:
            await self._tell_restocked(order_id)
        return committed

    async def _tell_restocked(self, order_id: UUID) -> None:
        """Tell a waiting order that stock came for it; it looks for itself in any case, if later."""
        raise NotImplementedError
