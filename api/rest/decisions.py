"""What becomes of lines that stock does not cover: the shop's offers, and the customer's decision."""

from fastapi import APIRouter, Response

from api.dependencies import AnyKey, Cancelling, Deps, Holding, OrderId, command_key
from api.openapi import problems
from api.placing import line_of
from api.reading import visible_order
from api.rest import examples
from api.rest.bodies import DecisionBody, OfferBody
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import OrderOut
from api.strict import StrictRoute
from domain import identifiers
from domain.errors import NotAllowed
from domain.identifiers import Quantity

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)


@router.post(
    "/orders/{order_id}/decisions",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "no-decision-awaited", "decision-too-late", "decision-not-possible"),
        *("out-of-stock", "invalid-idempotency-key", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def decide_unavailable(
    caller: Cancelling, deps: Deps, order_id: OrderId, key: AnyKey, body: DecisionBody
) -> Response:
    """Say what to do about lines that stock does not cover: wait, drop them, cancel, or take the substitutes."""
    await visible_order(deps, caller, order_id)
    committed = await deps.gateway.decide(
        order_id, key=command_key(caller, key), decision=body.decision, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    "/orders/{order_id}/offers",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "no-decision-awaited", "line-not-short", "duplicate-sku"),
        *("unknown-sku", "product-not-available", "price-not-available", "invalid-sku"),
        *("invalid-idempotency-key", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def offer_substitute(
    caller: Holding, deps: Deps, order_id: OrderId, key: AnyKey, body: OfferBody
) -> Response:
    """Offer another product, at its catalogue price, in the place of a line that is short."""
    order = (await visible_order(deps, caller, order_id)).record.order
    pieces = {line.sku: line.quantity for line in order.lines}
    if body.sku not in pieces:
        raise NotAllowed(f"the order has no line {body.sku[:64]!r}", code="line-not-short")
    substitute = await line_of(deps, identifiers.sku(body.substitute), Quantity(pieces[body.sku]), order.currency)
    committed = await deps.gateway.offer_substitute(
        order_id, key=command_key(caller, key), sku=body.sku, substitute=substitute, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)
