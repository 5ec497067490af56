"""The routing table: which outside event becomes which command."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.identifiers import Sku, sku
from domain.money import Money
from domain.shipping.events import TrackingStatus
from messaging.inbound import InboundEvent, Rejected

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SkuText = Annotated[str, Field(description="1 to 64 of A-Z, 0-9, '-', '_' and '.'")]


class CommandSender(Protocol):
    """The command bus as events need it. Each command is idempotent under its key, and may raise DomainError."""

    async def change_price(self, sku: Sku, price: Money, *, key: str, actor: str) -> object: ...

    async def discontinue_product(self, sku: Sku, *, key: str, reason: str, actor: str) -> object: ...

    async def adjust_stock(
        self, sku: Sku, warehouse: str | None, *, key: str, change: int, reason: str, actor: str
    ) -> object: ...

    async def open_chargeback(
        self, order_id: UUID, *, key: str, reference: str, amount: Money, reason: str, actor: str
    ) -> object: ...

    async def tracking_updated(self, order_id: UUID, shipment_id: str, status: TrackingStatus) -> object: ...


class Data(BaseModel):
    """An event's data. Unknown members are left alone: a publisher may have more to say than we read."""

    model_config = ConfigDict(frozen=True, strict=True)


class Amount(Data):
    """`amount` is text, because a JSON number may lose a cent on its way."""

    amount: Annotated[str, Field(examples=["19.99"])]
    currency: Annotated[str, Field(description="ISO 4217", examples=["EUR"])]

    def money(self) -> Money:
        return Money.parse(self.amount, self.currency)


class PriceChanged(Data):
    """A product's price in one currency; those in others stay."""

    sku: SkuText
    price: Amount


class Discontinued(Data):
    """The product is not sold any more."""

    sku: SkuText
    reason: Reason


class Adjusted(Data):
    """A warehouse counted: `quantity` is the difference. Without a warehouse, the preferred one."""

    sku: SkuText
    quantity: int
    reason: Reason
    warehouse: Annotated[str, StringConstraints(max_length=64)] | None = None


class ChargebackOpened(Data):
    """The customer's bank took captured money back. One `dispute_id`, one chargeback."""

    order_id: UUID
    dispute_id: Reference
    amount: Amount
    reason: Reason


class TrackingUpdated(Data):
    """A carrier's news of a parcel. Late news change nothing."""

    order_id: UUID
    shipment_id: Reference
    status: TrackingStatus


D = TypeVar("D", bound=Data)


@dataclass(frozen=True, slots=True)
class Route(Generic[D]):
    """`name`: the event's type. `lane`: what it is about; events about one thing are handled in their order."""

    name: str
    data: type[D]
    lane: Callable[[D], str]
    send: Callable[[CommandSender, D, str, str], Awaitable[object]]
    command: str
    example: Mapping[str, Any]


async def _price(sender: CommandSender, data: PriceChanged, key: str, actor: str) -> object:
    return await sender.change_price(sku(data.sku), data.price.money(), key=key, actor=actor)


async def _discontinue(sender: CommandSender, data: Discontinued, key: str, actor: str) -> object:
    return await sender.discontinue_product(sku(data.sku), key=key, reason=data.reason, actor=actor)


async def _adjust(sender: CommandSender, data: Adjusted, key: str, actor: str) -> object:
    return await sender.adjust_stock(
        sku(data.sku), data.warehouse, key=key, change=data.quantity, reason=data.reason, actor=actor
    )


async def _charge_back(sender: CommandSender, data: ChargebackOpened, key: str, actor: str) -> object:
    return await sender.open_chargeback(
        data.order_id,
        key=key,
        reference=data.dispute_id,
        amount=data.amount.money(),
        reason=data.reason,
        actor=actor,
    )


async def _track(sender: CommandSender, data: TrackingUpdated, key: str, actor: str) -> object:
    return await sender.tracking_updated(data.order_id, data.shipment_id, data.status)


_ORDER: Final = "0b6f5e2e-6b1c-5d3f-9a51-3f6b8f0f2a10"
_EURO: Final = {"amount": "19.99", "currency": "EUR"}

ROUTES: Final[tuple[Route[Any], ...]] = (
    Route(
        "products.price-changed",
        PriceChanged,
        lambda data: f"product/{data.sku}",
        _price,
        "ChangePrice",
        {"sku": "MUG-BLUE", "price": _EURO},
    ),
    Route(
        "products.discontinued",
        Discontinued,
        lambda data: f"product/{data.sku}",
        _discontinue,
        "DiscontinueProduct",
        {"sku": "MUG-BLUE", "reason": "the supplier closed"},
    ),
    Route(
        "inventory.adjusted",
        Adjusted,
        lambda data: f"stock/{data.sku}",
        _adjust,
        "AdjustStock",
        {"sku": "MUG-BLUE", "quantity": -2, "reason": "broken", "warehouse": "BER"},
    ),
    Route(
        "payments.chargeback-opened",
        ChargebackOpened,
        lambda data: f"order/{data.order_id}",
        _charge_back,
        "OpenChargeback",
        {"order_id": _ORDER, "dispute_id": "dp_01", "amount": _EURO, "reason": "fraudulent"},
    ),
    Route(
        "shipping.tracking-updated",
        TrackingUpdated,
        lambda data: f"order/{data.order_id}",
        _track,
        "the order's `tracking` signal",
        {"order_id": _ORDER, "shipment_id": "7K3M-9QXD-4WTE-BER", "status": "delivered"},
    ),
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An event whose route is known and whose data fit."""

    route: Route[Any]
    data: Data

    @property
    def key(self) -> str:
        return self.route.lane(self.data)

    async def send(self, sender: CommandSender, *, key: str, actor: str) -> None:
        await self.route.send(sender, self.data, key, actor)


class Routes:
    """The table, by type."""

    def __init__(self, routes: tuple[Route[Any], ...] = ROUTES) -> None:
        self._by_type = {route.name: route for route in routes}

    @property
    def contexts(self) -> tuple[str, ...]:
        """The first part of each type: the name of the stream that it is awaited on."""
        return tuple(dict.fromkeys(kind.partition(".")[0] for kind in self._by_type))

    def parse(self, event: InboundEvent) -> Parsed:
        """Raises Rejected (`unknown-type`, `malformed`)."""
        route = self._by_type.get(event.type)
        if route is None:
            known = ", ".join(sorted(self._by_type))
            raise Rejected("unknown-type", f"{event.type[:100]!r} is not handled here; {known} are")
        try:
            return Parsed(route, route.data.model_validate_json(event.data))
        except ValidationError as error:
            raise Rejected("malformed", f"{event.type}: {_wrong(error)}") from None


def _wrong(error: ValidationError) -> str:
    """What is wrong where, without the values."""
    items = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, item['loc'])) or 'data'}: {item['msg']}" for item in items)
