"""What happened to the returns of an order. All of it stands in the stream `order/{order_id}`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.privacy import PersonalText


class ReturnKind(StrEnum):
    """What becomes of goods that the customer does not want as they are.

    `return` brings them back for their price, `exchange` for others like them. A `claim` refunds what arrived
    broken, and a `replacement` sends it again: of both nothing comes back.
    """

    RETURN = "return"
    CLAIM = "claim"
    EXCHANGE = "exchange"
    REPLACEMENT = "replacement"

    @property
    def comes_back(self) -> bool:
        return self in (ReturnKind.RETURN, ReturnKind.EXCHANGE)

    @property
    def replaces(self) -> bool:
        """Whether goods are sent in place of money."""
        return self in (ReturnKind.EXCHANGE, ReturnKind.REPLACEMENT)


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """`instead` is what an exchange sends for it, at the same price; by default the same again."""

    sku: str
    quantity: int
    instead: str | None = None


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
    with the last piece of the order. `label`: whether the shop pays the carrier that brings the goods back.
    """

    restocking_fee: Decimal = Decimal(0)
    refund_shipping: bool = False
    label: bool = False


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
class ReturnLabelBooked:
    """The carrier will fetch the goods at the customer's. `booking` is the carrier's reference."""

    return_id: UUID
    booking: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class ReturnLabelCancelled:
    """The label is not needed any more, and the carrier had not fetched anything with it."""

    return_id: UUID
    booking: str


@dataclass(frozen=True, slots=True)
class ReturnParcelMoved:
    """The carrier has what comes back, or, once it has `arrived`, has brought it to the warehouse's door."""

    return_id: UUID
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class ReplacementPlanned:
    """What the customer gets for what comes back, or broke; reserved by the same append, and nothing is charged.

    Planned anew, with less or nothing, when less is accepted than was asked for.
    """

    return_id: UUID
    warehouse: str
    items: tuple[ReturnItem, ...]


@dataclass(frozen=True, slots=True)
class ReturnClosed:
    """Nothing is left to do: what was granted has been given back, and what was promised has arrived."""

    return_id: UUID


ReturnEvent = (
    ReturnRequested
    | ReturnApproved
    | ReturnRejected
    | ReturnLabelBooked
    | ReturnLabelCancelled
    | ReturnParcelMoved
    | ReturnReceived
    | ReturnInspected
    | ReplacementPlanned
    | ReturnClosed
)
EVENTS: tuple[type, ...] = (
    ReturnRequested,
    ReturnApproved,
    ReturnRejected,
    ReturnLabelBooked,
    ReturnLabelCancelled,
    ReturnParcelMoved,
    ReturnReceived,
    ReturnInspected,
    ReplacementPlanned,
    ReturnClosed,
)
