"""Every service's activities on one store in memory, with orders at hand that stand where a test needs them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from activities.contracts import PlaceStep, Step
from activities.inventory import InventoryActivities
from activities.order_stream import LoadedOrder, load_order, order_stream
from activities.orders import OrderActivities
from activities.payment_contracts import AuthorizeStep
from activities.payments import PaymentActivities
from activities.shipping import ShippingActivities
from activities.stock_book import StockBook, stock_stream
from activities.stock_changes import StockWriter
from activities.stock_contracts import Reserved, ReserveStep
from domain.inventory.events import StockReceived
from domain.inventory.model import StockItem, evolve
from domain.orders.events import Decision
from eventstore.snapshots import Snapshots
from eventstore.store import Expected, NewEvent, StreamWrite
from eventstore.vault import Vault
from tests.support.gateways import MemoryCarrier, MemoryPayments
from tests.support.memory_keys import MemoryKeys
from tests.support.shop import order
from tests.support.unruly_store import UnrulyStore

WAREHOUSES = ("BER", "LYS")


def asking(step: Step, *, default: Decision = Decision.CANCEL) -> ReserveStep:
    """A reservation whose customer, if it is asked, has a day to decide."""
    return ReserveStep(step, datetime.now(UTC) + timedelta(days=1), default)


class Backend:
    def __init__(self) -> None:
        self.store = UnrulyStore()
        self.gateway = MemoryPayments()
        self.carrier = MemoryCarrier()
        self.orders = OrderActivities(self.store, lambda: datetime.now(UTC))
        self.payments = PaymentActivities(self.store, self.gateway)
        self.shipping = ShippingActivities(self.store, self.carrier, Vault(MemoryKeys()))
        self.inventory = self.process()

    def process(self) -> InventoryActivities:
        """Another process's inventory service: it shares the store, and knows nothing yet."""
        writer = StockWriter(self.store, StockBook(self.store, Snapshots(None)), WAREHOUSES)
        return InventoryActivities(self.store, writer)

    async def stock(self, sku: str, quantity: int, warehouse: str = "BER") -> None:
        received = NewEvent(uuid4(), StockReceived(quantity, "delivery"))
        await self.store.append((StreamWrite(stock_stream(warehouse, sku), Expected.ANY, (received,)),))

    async def item(self, sku: str, warehouse: str = "BER") -> StockItem:
        item = StockItem()
        for recorded in await self.store.read_stream(stock_stream(warehouse, sku)):
            item = evolve(item, recorded.event)  # type: ignore[arg-type]
        return item

    async def placed(self, *lines: tuple[str, int]) -> UUID:
        command = order(*(lines or (("MUG", 1),)))
        placed = await self.orders.place_order(PlaceStep(Step(command.order_id, "place#0"), command))
        return placed.order_id

    async def reserved(self, *lines: tuple[str, int]) -> tuple[UUID, Reserved]:
        order_id = await self.placed(*lines)
        return order_id, await self.inventory.reserve_stock(asking(Step(order_id, "reserve#0")))

    async def confirmed(self, *lines: tuple[str, int]) -> tuple[UUID, Reserved]:
        order_id, reserved = await self.reserved(*lines)
        await self.payments.authorize_payment(AuthorizeStep(Step(order_id, "authorize#0")))
        await self.orders.confirm_order(Step(order_id, "confirm#0"))
        return order_id, reserved

    async def load(self, order_id: UUID) -> LoadedOrder:
        return await load_order(self.store, order_id)

    def types(self, order_id: UUID) -> Sequence[str]:
        return [recorded.type for recorded in self.store.streams[order_stream(order_id)]]
