"""What callers send about returns, and how a return is shown."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api.rest.bodies import Body, Reason, Short
from domain.returns.events import InspectedItem, ReturnItem, ReturnKind
from domain.returns.model import Return, ReturnStatus
from readmodels.views import ReturnView

Pieces = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Lines = Field(min_length=1, max_length=1000)


class ReturnLine(Body):
    sku: Short
    quantity: Annotated[StrictInt, Field(gt=0, le=1_000_000)]


class ReturnBody(Body):
    """`return` brings goods back, `claim` is for what arrived broken: its goods stay where they are."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku": "MUG-BLUE", "quantity": 1}], "reason": "too small"}]}
    )

    kind: ReturnKind = ReturnKind.RETURN
    lines: Annotated[list[ReturnLine], Lines]
    reason: Reason

    def items(self) -> list[ReturnItem]:
        return [ReturnItem(line.sku, line.quantity) for line in self.lines]


class ReturnDecisionBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "unopened, as the photo shows"}]})

    reason: Reason


class ReceiptBody(Body):
    """`warehouse` is by default the preferred one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"warehouse": "BER"}]})

    warehouse: Short | None = None


class InspectedLine(Body):
    sku: Short
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


class ReturnedLineOut(BaseModel):
    """`inspected`: whether it was looked at; before that nothing is restocked, damaged or dismissed."""

    sku: str
    quantity: int
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
        inspected=found is not None,
        restocked=found.restocked if found else 0,
        damaged=found.damaged if found else 0,
        dismissed=found.dismissed if found else 0,
    )
