"""What callers send about returns, and how a return is shown."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api.rest.bodies import Body
from api.rest.texts import Plain, Reason
from domain.identifiers import replacement_parcel
from domain.returns.events import InspectedItem, ReplacementPlanned, ReturnItem, ReturnKind
from domain.returns.model import Label, Return, ReturnStatus
from readmodels.views import ReturnView

Pieces = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Lines = Field(min_length=1, max_length=1000)


class ReturnLine(Body):
    """`instead` is what an exchange sends for it: something of the same price, by default the same again."""

    sku: Plain
    quantity: Annotated[StrictInt, Field(gt=0, le=1_000_000)]
    instead: Plain | None = None


class ReturnBody(Body):
    """`return` brings goods back for their price, `exchange` for others; `claim` pays what arrived broken, and
    `replacement` sends it again: their goods stay where they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku": "MUG-BLUE", "quantity": 1}], "reason": "too small"}]}
    )

    kind: ReturnKind = ReturnKind.RETURN
    lines: Annotated[list[ReturnLine], Lines]
    reason: Reason

    def items(self) -> list[ReturnItem]:
        return [ReturnItem(line.sku, line.quantity, line.instead) for line in self.lines]


class ReturnDecisionBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "unopened, as the photo shows"}]})

    reason: Reason


class ReceiptBody(Body):
    """`warehouse` is by default the preferred one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"warehouse": "BER"}]})

    warehouse: Plain | None = None


class InspectedLine(Body):
    sku: Plain
    restocked: Pieces = 0
    damaged: Pieces = 0
    dismissed: Pieces = 0


class InspectionBody(Body):
    """Every piece that came back: sold again, written off, or sent back to the customer without a refund."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku": "MUG-BLUE", "restocked": 1, "damaged": 1}]}]}
    )

    lines: Annotated[list[InspectedLine], Lines]

    def items(self) -> list[InspectedItem]:
        return [InspectedItem(each.sku, each.restocked, each.damaged, each.dismissed) for each in self.lines]


class LabelOut(BaseModel):
    """What the carrier brings the goods back with. `status`: booked, cancelled, sent or arrived."""

    booking: str
    tracking_number: str
    status: str

    @classmethod
    def of(cls, label: Label) -> "LabelOut":
        now = (
            "arrived" if label.arrived else "sent" if label.sent else "cancelled" if label.cancelled else "booked"
        )
        return cls(booking=label.booking, tracking_number=label.tracking_number, status=now)


class SentLineOut(BaseModel):
    sku: str
    quantity: int


class ReplacementOut(BaseModel):
    """What is sent in place of money; the order's shipments tell how far it came."""

    shipment_id: str
    warehouse: str
    items: list[SentLineOut]

    @classmethod
    def of(cls, plan: ReplacementPlanned) -> "ReplacementOut":
        items = [SentLineOut(sku=item.sku, quantity=item.quantity) for item in plan.items]
        return cls(shipment_id=replacement_parcel(plan.return_id), warehouse=plan.warehouse, items=items)


class ReturnedLineOut(BaseModel):
    """`inspected`: whether it was looked at; before that nothing is restocked, damaged or dismissed."""

    sku: str
    quantity: int
    instead: str | None
    inspected: bool
    restocked: int
    damaged: int
    dismissed: int


class ReturnOut(BaseModel):
    """`answer` is the reason of its approval or rejection, `restocking_fee` in percent of what the goods cost."""

    return_id: UUID
    kind: ReturnKind
    status: ReturnStatus
    reason: str
    answer: str | None
    warehouse: str | None
    restocking_fee: Decimal
    refund_shipping: bool
    label: LabelOut | None
    replacement: ReplacementOut | None
    lines: list[ReturnedLineOut]

    @classmethod
    def of(cls, known: Return) -> "ReturnOut":
        found = {item.sku: item for item in known.inspected}
        asked = known.requested
        return cls(
            return_id=known.return_id,
            kind=asked.kind,
            status=known.status,
            reason=asked.reason,
            answer=known.reason,
            warehouse=known.warehouse,
            restocking_fee=asked.terms.restocking_fee,
            refund_shipping=asked.terms.refund_shipping,
            label=LabelOut.of(known.label) if known.label else None,
            replacement=ReplacementOut.of(known.replacement) if known.replacement else None,
            lines=[_line(item, found.get(item.sku)) for item in asked.items],
        )


class ListedReturnOut(ReturnOut):
    order_id: UUID
    requested_at: datetime
    updated_at: datetime

    @classmethod
    def shown(cls, view: ReturnView) -> "ListedReturnOut":
        times = {"requested_at": view.requested_at, "updated_at": view.updated_at}
        return cls(**dict(ReturnOut.of(view.known)), order_id=view.order_id, **times)


def _line(item: ReturnItem, found: InspectedItem | None) -> ReturnedLineOut:
    return ReturnedLineOut(
        sku=item.sku,
        quantity=item.quantity,
        instead=item.instead,
        inspected=found is not None,
        restocked=found.restocked if found else 0,
        damaged=found.damaged if found else 0,
        dismissed=found.dismissed if found else 0,
    )
