"""Commands on stock and products: loaded, decided and appended at once, on the caller's side of Temporal."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from activities.aggregates import Command, Committed, decide_product, decide_stock
from domain.catalog import decide as catalog
from domain.errors import InvalidValue
from domain.identifiers import Sku
from domain.inventory import decide as inventory
from domain.money import Money
from eventstore.snapshots import Snapshots
from eventstore.store import EventStore, StoreOverloaded, StoreUnavailable, WrongExpectedVersion
from workflows.errors import CommandUnavailable

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsGateway:
    """`warehouses`: those there are, preferred first. Every command may raise DomainError, CommandUnavailable."""

    store: EventStore
    snapshots: Snapshots
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

    async def create_product(
        self, sku: Sku, name: str, prices: Sequence[Money], *, key: str, actor: str
    ) -> Committed:
        command = Command(f"create:{key}", actor)
        return await available(
            decide_product(
                self.store, self.snapshots, sku, command, lambda state: catalog.create(state, sku, name, prices)
            )
        )

    async def change_price(self, sku: Sku, price: Money, *, key: str, actor: str) -> Committed:
        command = Command(f"price:{key}", actor)
        return await available(
            decide_product(
                self.store, self.snapshots, sku, command, lambda state: catalog.change_price(state, price)
            )
        )

    async def publish_product(self, sku: Sku, *, key: str, actor: str) -> Committed:
        command = Command(f"publish:{key}", actor)
        return await available(decide_product(self.store, self.snapshots, sku, command, catalog.publish))

    async def discontinue_product(self, sku: Sku, *, key: str, reason: str, actor: str) -> Committed:
        command = Command(f"discontinue:{key}", actor)
        return await available(
            decide_product(
                self.store, self.snapshots, sku, command, lambda state: catalog.discontinue(state, reason)
            )
        )


async def available(asked: Awaitable[R]) -> R:
    """Await what needs the event store.

    Raises:
        CommandUnavailable: the store is away or overloaded, or others were first again and again.
    """
    try:
        return await asked
    except (StoreUnavailable, StoreOverloaded, WrongExpectedVersion) as error:
        raise CommandUnavailable(str(error)) from error
