"""Parcels that did not arrive: what an operator has done about them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.dependencies import AnyKey, Deps, OrderId, Refunding, command_key
from api.openapi import problems
from api.rest import examples
from api.rest.bodies import LossBody
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import OrderOut
from api.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

ShipmentId = Annotated[str, Path(description="The parcel's id", max_length=100)]


@router.post(
    "/orders/{order_id}/shipments/{shipment_id}/loss",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "shipment-not-found", "not-lost", "out-of-stock"),
        *("invalid-idempotency-key", "idempotency-key-reuse", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def answer_lost(
    caller: Refunding, deps: Deps, order_id: OrderId, shipment_id: ShipmentId, key: AnyKey, body: LossBody
) -> Response:
    """Send a lost parcel's goods again, at no charge, or give its share of the price back."""
    committed = await deps.gateway.answer_lost(
        order_id,
        key=command_key(caller, key),
        shipment_id=shipment_id[:100],
        answer=body.answer,
        reason=body.reason,
        actor=caller.actor,
    )
    return await changed_order(deps, caller, order_id, committed)
