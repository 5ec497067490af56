"""Customers, as far as Waybill knows them: a pseudonym, its orders, and whether the person was erased."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from api import positions
from api.dependencies import Deps, ErasingCustomers, MinPosition, Reading
from api.openapi import problems
from api.reading import catch_up, owns
from api.rest import examples
from api.rest.bodies import Body
from api.rest.representations import answer
from api.rest.texts import Reason
from api.strict import StrictRoute
from domain.errors import NotFound
from domain.identifiers import customer_id as checked_customer_id
from readmodels import orders

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)

CustomerId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@|-]{0,127}$", description="The customer's id")
]


class OrderCountsOut(BaseModel):
    total: int
    open: int


class CustomerOut(BaseModel):
    """`forgotten_at`: when every outside service had confirmed that it forgot the erased customer."""

    customer_id: str
    erased: bool
    erased_at: datetime | None
    forgotten_at: datetime | None
    orders: OrderCountsOut


class ErasedOut(BaseModel):
    customer_id: str
    erased: bool
    erased_at: datetime
    forgotten_at: datetime | None
    position: str


class EraseBody(Body):
    """`reason` is kept readable, so it must name nobody."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "request 4711"}]})

    reason: Reason


@router.get(
    "/customers/{customer_id}",
    response_model=CustomerOut,
    openapi_extra=problems(
        *("customer-not-found", "invalid-position", "read-not-caught-up"), example=examples.CUSTOMER
    ),
)
async def get_customer(
    caller: Reading, deps: Deps, customer_id: CustomerId, min_position: MinPosition = None
) -> Response:
    """A customer sees itself."""
    await catch_up(deps, orders.NAME, min_position)
    total, still_open = (0, 0)
    erasure = None
    if owns(caller, customer_id):
        total, still_open = await deps.queries.order_counts(customer_id)
        erasure = await deps.keys.erasure(customer_id)
    if not total and erasure is None:
        raise NotFound("there is no customer of this id", code="customer-not-found")
    return answer(
        CustomerOut(
            customer_id=customer_id,
            erased=erasure is not None,
            erased_at=erasure.erased_at if erasure else None,
            forgotten_at=erasure.forgotten_at if erasure else None,
            orders=OrderCountsOut(total=total, open=still_open),
        )
    )


@router.post(
    "/customers/{customer_id}/erase",
    response_model=ErasedOut,
    openapi_extra=problems(
        *("customer-has-open-orders", "invalid-customer-id", "outcome-unknown"), example=examples.ERASED
    ),
)
async def erase_customer(
    caller: ErasingCustomers, deps: Deps, customer_id: CustomerId, body: EraseBody
) -> Response:
    """Make everything personal of a customer unreadable, for ever. Refused while an order of it is open.

    It is done when this answers; outside services are told in the background until they have confirmed. Repeating
    it changes nothing, under whatever key.
    """
    committed = await deps.gateway.erase_customer(
        checked_customer_id(customer_id), reason=body.reason, actor=caller.actor
    )
    erasure = await deps.keys.erasure(customer_id)
    if erasure is None:
        raise RuntimeError("the customer's key is still there after its erasure")
    position = positions.encode(committed)
    out = ErasedOut(
        customer_id=customer_id,
        erased=True,
        erased_at=erasure.erased_at,
        forgotten_at=erasure.forgotten_at,
        position=position,
    )
    return answer(out, waybill_position=position)
