"""Refunds: granted here, given back by their own workflow."""

from fastapi import APIRouter, Response

from api.dependencies import AnyKey, Deps, OrderId, Refunding, command_key
from api.openapi import problems
from api.rest import examples
from api.rest.bodies import RefundBody
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import OrderOut
from api.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)


@router.post(
    "/orders/{order_id}/refunds",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "invalid-transition", "not-authorized", "amount-above-captured", "invalid-refund"),
        *("mixed-currencies", "invalid-amount", "unknown-currency"),
        *("invalid-idempotency-key", "idempotency-key-reuse", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def grant_refund(
    caller: Refunding, deps: Deps, order_id: OrderId, key: AnyKey, body: RefundBody
) -> Response:
    """Let the customer off an amount, or what pieces of the order's lines cost with their tax.

    Answered once it is granted: `amounts.due` is negative until the money has gone back. Of an open order or of a
    completed one; no more than is captured and was not refunded or charged back.
    """
    committed = await deps.refunds.grant(
        order_id,
        key=command_key(caller, key),
        amount=body.amount.money() if body.amount else None,
        lines=body.pieces(),
        reason=body.reason,
        actor=caller.actor,
    )
    return await changed_order(deps, caller, order_id, committed)
