"""Returns: asked for by customers, approved, received and inspected by the shop."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response

from api.dependencies import (
    AnyKey,
    ApiDependencies,
    Cancelling,
    Cursor,
    Deps,
    Limit,
    MinPosition,
    Operating,
    OrderId,
    Reading,
    RequiredKey,
    Returning,
    command_key,
)
from api.openapi import problems
from api.reading import catch_up, visible_order
from api.rest import examples
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import ListOut, OrderOut, PageOut, answer
from api.rest.return_bodies import (
    InspectionBody,
    ListedReturnOut,
    ReceiptBody,
    ReturnBody,
    ReturnDecisionBody,
    ReturnOut,
)
from api.strict import StrictRoute
from domain.catalog.model import ProductStatus
from domain.money import Money
from domain.returns.model import ReturnStatus
from readmodels import orders, returns

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

RETURNS: Final = "/orders/{order_id}/returns"
REFUSALS: Final = (
    *("order-not-found", "return-not-found", "invalid-transition", "invalid-idempotency-key"),
    *("idempotency-key-reuse", "outcome-unknown"),
)
EXAMPLE: Final = {**examples.ORDER, "returns": [examples.RETURN]}


@router.get(
    RETURNS,
    response_model=ListOut[ReturnOut],
    openapi_extra=problems(
        *("order-not-found", "invalid-position", "read-not-caught-up"), example=examples.items(examples.RETURN)
    ),
)
async def list_order_returns(
    caller: Reading, deps: Deps, order_id: OrderId, min_position: MinPosition = None
) -> Response:
    """The order's returns, in the order in which they were asked for."""
    await catch_up(deps, orders.NAME, min_position)
    record = (await visible_order(deps, caller, order_id)).record
    return answer(ListOut[ReturnOut](items=[ReturnOut.of(each) for each in record.returns.by_id.values()]))


@router.get(
    "/ops/returns",
    response_model=PageOut[ListedReturnOut],
    tags=["operations"],
    openapi_extra=problems(
        *("invalid-cursor", "invalid-position", "read-not-caught-up"),
        example=examples.page(examples.RETURN | {"order_id": examples.ORDER_ID, **examples.RETURN_TIMES}),
    ),
)
async def list_all_returns(
    caller: Operating,
    deps: Deps,
    status: ReturnStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """The returns of all orders, or those of one status: `requested` ones wait for approval. The oldest first."""
    await catch_up(deps, returns.NAME, min_position)
    page = await deps.queries.returns(status, limit=limit, cursor=cursor)
    items = [ListedReturnOut.shown(view) for view in page.items]
    return answer(PageOut[ListedReturnOut](items=items, next_cursor=page.next_cursor))


@router.post(
    RETURNS,
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "invalid-transition", "unknown-line", "invalid-return", "more-than-delivered"),
        *(
            "prices-differ",
            "unknown-sku",
            "return-window-over",
            "invalid-idempotency-key",
            "idempotency-key-reuse",
            "outcome-unknown",
        ),
        example=EXAMPLE,
    ),
)
async def request_return(
    caller: Cancelling, deps: Deps, order_id: OrderId, key: RequiredKey, body: ReturnBody
) -> Response:
    """Ask for delivered goods to be taken back or exchanged; or for broken ones to be paid, or sent again.

    Answered with the order; its last return is this one. The settings may approve it at once.
    """
    currency = (await visible_order(deps, caller, order_id)).record.order.currency
    committed = await deps.gateway.request_return(
        order_id,
        key=command_key(caller, key),
        kind=body.kind,
        items=body.items(),
        reason=body.reason,
        rules=deps.rules.returns,
        actor=caller.actor,
        prices=await _prices(deps, body, currency),
    )
    return await changed_order(deps, caller, order_id, committed)


async def _prices(deps: ApiDependencies, body: ReturnBody, currency: str) -> Mapping[str, Money]:
    """What the goods cost that an exchange sends instead; what is not on sale has none."""
    wanted = sorted({line.instead for line in body.lines if line.instead})
    found = await deps.queries.products_by_sku(wanted) if wanted else {}
    on_sale = {sku: view.prices for sku, view in found.items() if view.status is ProductStatus.PUBLISHED}
    return {sku: prices[currency] for sku, prices in on_sale.items() if currency in prices}


@router.post(
    RETURNS + "/{return_id}/approve",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(*REFUSALS, "not-authorized", "amount-above-captured", "out-of-stock", example=EXAMPLE),
)
async def approve_return(
    caller: Returning, deps: Deps, order_id: OrderId, return_id: UUID, key: AnyKey, body: ReturnDecisionBody
) -> Response:
    """Let the goods come back; of a claim, grant its refund. What replaces them is reserved at the same time."""
    committed = await deps.gateway.approve_return(
        order_id, return_id, key=command_key(caller, key), reason=body.reason, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    RETURNS + "/{return_id}/reject",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(*REFUSALS, example=EXAMPLE),
)
async def reject_return(
    caller: Returning, deps: Deps, order_id: OrderId, return_id: UUID, key: AnyKey, body: ReturnDecisionBody
) -> Response:
    """Refuse a return, or give up on goods that never came. Its pieces may be asked for again."""
    committed = await deps.gateway.reject_return(
        order_id, return_id, key=command_key(caller, key), reason=body.reason, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    RETURNS + "/{return_id}/receive",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(*REFUSALS, "unknown-warehouse", example=EXAMPLE),
)
async def receive_return(
    caller: Returning, deps: Deps, order_id: OrderId, return_id: UUID, key: AnyKey, body: ReceiptBody
) -> Response:
    """Note that the goods are in a warehouse."""
    committed = await deps.gateway.receive_return(
        order_id, return_id, key=command_key(caller, key), warehouse=body.warehouse, actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    RETURNS + "/{return_id}/inspect",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(*REFUSALS, "invalid-inspection", "amount-above-captured", example=EXAMPLE),
)
async def inspect_return(
    caller: Returning, deps: Deps, order_id: OrderId, return_id: UUID, key: AnyKey, body: InspectionBody
) -> Response:
    """Say what was found: what can be sold again is in stock, and the refund granted, once this is answered."""
    committed = await deps.gateway.inspect_return(
        order_id, return_id, key=command_key(caller, key), items=body.items(), actor=caller.actor
    )
    return await changed_order(deps, caller, order_id, committed)
