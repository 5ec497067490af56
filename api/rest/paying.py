"""Paying again: another payment method, after one was declined."""

from fastapi import APIRouter, Response

from api.dependencies import AnyKey, Deps, OrderId, Placing, command_key
from api.openapi import problems
from api.placing import check_method
from api.reading import visible_order
from api.rest import examples
from api.rest.bodies import PaymentBody
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import OrderOut
from api.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)


@router.post(
    "/orders/{order_id}/payment",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "payment-not-awaited", "unknown-payment-method"),
        *("invalid-idempotency-key", "idempotency-key-reuse", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def pay_order(caller: Placing, deps: Deps, order_id: OrderId, key: AnyKey, body: PaymentBody) -> Response:
    """Try another method, or the same again, while a declined order waits for it."""
    await visible_order(deps, caller, order_id)
    check_method(deps.rules, body.method)
    committed = await deps.gateway.pay(
        order_id, key=command_key(caller, key), method=body.method, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)
