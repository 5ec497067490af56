"""What Waybill asks of a payment gateway and of a carrier, and the three ways either can answer.

A call ends in a result, in a *definite refusal* (`Declined`, `Refused`: final, nothing happened), or in
`Unknown`: the gateway may or may not have acted. An unknown outcome is repeated under the same idempotency
key, after a look-up by that key; a new key is used only after a definite refusal.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.money import Money
from domain.shipping.events import TrackingStatus


class GatewayError(Exception):
    """Base of everything a gateway answers that is not a result."""


class Unknown(GatewayError):
    """No answer, a broken answer or a server fault: the effect may exist. Retry under the same key."""


class Refused(GatewayError):
    """A definite no; nothing happened. `code` is the gateway's, kebab-case; `reason` one sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


class Declined(Refused):
    """The payment method was declined (card declined, insufficient funds)."""


class AlreadyDispatched(Refused):
    """The carrier has the parcel; its booking can no longer be cancelled."""


@dataclass(frozen=True, slots=True)
class PaymentEffect:
    """One entry of the gateway's books: what it did under one idempotency key.

    `reference` is the gateway's id of the effect. `payment` is the id of the authorisation it belongs to
    (equal to `reference` for the authorisation itself).
    """

    kind: str  # authorization | capture | void | refund
    reference: str
    payment: str
    order_id: UUID
    idempotency_key: str
    amount: Money


class PaymentGateway(Protocol):
    """Every call names its order and an idempotency key, and may raise `Unknown`, `Refused` or `Declined`."""

    async def authorize(self, order_id: UUID, key: str, *, method: str, amount: Money) -> PaymentEffect: ...

    async def capture(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect: ...

    async def void(self, order_id: UUID, key: str, *, payment: str) -> PaymentEffect:
        """Free all that is authorised and not captured; `amount` of the answer is what was freed."""
        ...

    async def refund(self, order_id: UUID, key: str, *, payment: str, amount: Money) -> PaymentEffect: ...

    async def find(self, order_id: UUID, key: str) -> PaymentEffect | None:
        """The effect made under this key, or None if the gateway never made one."""
        ...

    async def abandon(self, order_id: UUID, key: str) -> PaymentEffect | None:
        """Close the key: what was made under it, or None, and then nothing ever will be.

        A request under the key that is still on its way, however late, is refused.
        """
        ...

    def effects(self) -> AsyncIterator[PaymentEffect]:
        """The gateway's books, whole, as they stream in: for a reconciliation."""
        ...

    async def list_effects(self, order_id: UUID | None = None) -> Sequence[PaymentEffect]:
        """The gateway's books, whole or of one order, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """What to carry. `reference` is Waybill's shipment id and comes back in every tracking update.

    `service` is the order's shipping method. `direction` is `return` for what is fetched at the address and is
    brought to the warehouse.
    """

    reference: str
    order_id: UUID
    warehouse: str
    items: Sequence[tuple[str, int]]  # (sku, quantity)
    recipient: str
    line1: str
    line2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str
    service: str = "standard"
    direction: str = "outbound"


@dataclass(frozen=True, slots=True)
class Booking:
    """A carrier's promise to collect a parcel. `reference` is the carrier's id of the booking."""

    reference: str
    shipment_id: str
    order_id: UUID
    idempotency_key: str
    tracking_number: str
    status: TrackingStatus


@dataclass(frozen=True, slots=True)
class TrackingUpdate:
    """News of a parcel, pushed by webhook or read by `track`. `sequence` counts up per booking."""

    booking: str
    shipment_id: str
    order_id: UUID
    sequence: int
    status: TrackingStatus
    occurred_at: datetime


class Carrier(Protocol):
    """Every call may raise `Unknown` or `Refused`."""

    async def book(self, key: str, parcel: Parcel) -> Booking: ...

    async def cancel(self, key: str, *, booking: str) -> None:
        """Cancel a booking that was not collected yet. Cancelling twice is fine.

        Raises:
            AlreadyDispatched: the parcel was collected.
        """
        ...

    async def find(self, order_id: UUID, key: str) -> Booking | None: ...

    async def abandon(self, order_id: UUID, key: str) -> Booking | None:
        """Close the key: the booking made under it, or None, and then none ever will be."""
        ...

    async def track(self, booking: str) -> Booking: ...

    async def forget(self, order_id: UUID) -> None:
        """Have the carrier delete what it knows of the order's recipient. Bookings stay; repeating it is fine."""
        ...

    async def list_bookings(self, order_id: UUID | None = None) -> Sequence[Booking]: ...
