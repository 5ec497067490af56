"""Holds on an order: what may not begin until somebody has looked at it."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.dependencies import AnyKey, Deps, ExpectedVersion, Holding, OrderId, command_key
from api.openapi import problems
from api.rest import examples
from api.rest.bodies import HoldBody, ReleaseBody
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import OrderOut
from api.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

HoldId = Annotated[str, Path(description="The hold's id", max_length=64)]


@router.post(
    "/orders/{order_id}/holds",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "invalid-transition", "invalid-subject", "invalid-expiry"),
        *("too-many-holds", "version-mismatch", "invalid-idempotency-key", "outcome-unknown"),
        example={**examples.ORDER, "status": "on_hold", "holds": [examples.HOLD]},
    ),
)
async def place_hold(
    caller: Holding, deps: Deps, order_id: OrderId, key: AnyKey, expected: ExpectedVersion, body: HoldBody
) -> Response:
    """Keep an order, its payment, a line or a shipment from going on. What runs already is not stopped."""
    committed = await deps.gateway.hold(
        order_id,
        key=command_key(caller, key),
        scope=body.scope,
        subject=body.subject,
        reason=body.reason,
        expires_at=body.expires_at,
        actor=caller.actor,
        expected_version=expected,
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    "/orders/{order_id}/holds/{hold_id}/release",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "hold-not-found", "invalid-idempotency-key", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def release_hold(
    caller: Holding, deps: Deps, order_id: OrderId, hold_id: HoldId, key: AnyKey, body: ReleaseBody
) -> Response:
    """Let what the hold covered begin; of an order that screening held, this is the approval."""
    committed = await deps.gateway.release_hold(
        order_id, key=command_key(caller, key), hold_id=hold_id[:64], reason=body.reason, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)
