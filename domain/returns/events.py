"""What happened to the returns of an order. All of it stands in the stream `order/{order_id}`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.privacy import PersonalText


class ReturnKind(StrEnum):
    """`return` brings goods back for their price; `claim` refunds what arrived broken or not at all."""

    RETURN = "return"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class ReturnItem:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class InspectedItem:
    """What was found of one line: pieces to sell again, pieces written off, and pieces sent back unaccepted."""

    sku: str
    restocked: int = 0
    damaged: int = 0
    dismissed: int = 0

    @property
    def pieces(self) -> int:
        return self.restocked + self.damaged + self.dismissed

    @property
    def accepted(self) -> int:
        """Pieces that are refunded."""
        return self.restocked + self.damaged


@dataclass(frozen=True, slots=True)
class ReturnTerms:
    """What the customer was promised when it asked, whatever the settings say later.

    `restocking_fee` is in percent of what the goods cost. `refund_shipping`: whether the shipping fee goes back
    with the last piece of the order.
    """

    restocking_fee: Decimal = Decimal(0)
    refund_shipping: bool = False


@dataclass(frozen=True, slots=True)
class ReturnRequested:
    return_id: UUID
    kind: ReturnKind
    items: tuple[ReturnItem, ...]
    reason: PersonalText
    requested_by: str
    terms: ReturnTerms


@dataclass(frozen=True, slots=True)
class ReturnApproved:
    """The goods may come back; a claim is paid without them."""

    return_id: UUID
    reason: PersonalText
    approved_by: str


@dataclass(frozen=True, slots=True)
class ReturnRejected:
    return_id: UUID
    reason: PersonalText
    rejected_by: str


@dataclass(frozen=True, slots=True)
class ReturnReceived:
    """The goods are in the warehouse, and not looked at yet."""

    return_id: UUID
    warehouse: str
    received_by: str


@dataclass(frozen=True, slots=True)
class ReturnInspected:
    """What is restocked is in the warehouse's stock by the same append."""

    return_id: UUID
    items: tuple[InspectedItem, ...]
    inspected_by: str


@dataclass(frozen=True, slots=True)
class ReturnClosed:
    """Nothing is left to do: what was granted has been given back."""

    return_id: UUID


ReturnEvent = ReturnRequested | ReturnApproved | ReturnRejected | ReturnReceived | ReturnInspected | ReturnClosed
EVENTS: tuple[type, ...] = (
    ReturnRequested,
    ReturnApproved,
    ReturnRejected,
    ReturnReceived,
    ReturnInspected,
    ReturnClosed,
)
