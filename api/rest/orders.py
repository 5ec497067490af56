"""Reading orders, and cancelling them."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict

from activities.aggregates import Committed
from api import positions
from api.as_of import AsOfParameter, moment, order_as_of
from api.auth import Principal, Scope
from api.dependencies import (
    AnyKey,
    ApiDependencies,
    Cancelling,
    Cursor,
    Deps,
    ExpectedVersion,
    Limit,
    MinPosition,
    OrderId,
    Reading,
    command_key,
)
from api.fields import Fields, chosen, sparse, sparse_page
from api.openapi import problems
from api.reading import applied, catch_up, visible_order
from api.rest import examples
from api.rest.bodies import CancelBody
from api.rest.order_search import OrderSearch
from api.rest.representations import (
    OrderOut,
    OrderSummaryOut,
    PageOut,
    answer,
    etag,
    order_position,
)
from api.strict import StrictRoute
from readmodels import orders
from readmodels.views import OrderSort, OrderView

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

Searching = Annotated[OrderSearch, Depends()]


class AcceptedOut(BaseModel):
    """The command is committed; read the order with `min_position` to see what it did."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACCEPTED]})

    order_id: UUID
    version: int
    position: str


ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": AcceptedOut, "description": "Committed, and not to be read yet"}
}


@router.get(
    "/orders",
    response_model=PageOut[OrderSummaryOut],
    openapi_extra=problems(
        *("invalid-cursor", "invalid-filter", "invalid-fields", "invalid-amount", "unknown-currency"),
        *("invalid-position", "read-not-caught-up"),
        example=examples.page(examples.SUMMARY),
    ),
)
async def list_orders(
    caller: Reading,
    deps: Deps,
    search: Searching,
    sort: Annotated[OrderSort, Query(description="`-` is the greatest first; totals need a currency")] = (
        OrderSort.NEWEST
    ),
    fields: Fields = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Newest first, if not sorted otherwise. A customer sees its own."""
    shown = chosen(fields, OrderSummaryOut)
    await catch_up(deps, orders.NAME, min_position)
    where = search.filter(caller)
    if where is None:
        return answer(PageOut[OrderSummaryOut](items=[], next_cursor=None))
    page = await deps.queries.orders(where, limit=limit, cursor=cursor, sort=sort)
    items = [OrderSummaryOut.of(view) for view in page.items]
    return sparse_page(PageOut[OrderSummaryOut](items=items, next_cursor=page.next_cursor), shown)


@router.get(
    "/orders/{order_id}",
    response_model=OrderOut,
    responses={304: {"description": "The order is still at the version of If-None-Match"}},
    openapi_extra=problems(
        *("order-not-found", "order-not-placed-then", "invalid-as-of", "invalid-fields"),
        *("invalid-position", "read-not-caught-up"),
        example=examples.ORDER,
    ),
)
async def get_order(
    caller: Reading,
    deps: Deps,
    order_id: OrderId,
    min_position: MinPosition = None,
    as_of: AsOfParameter = None,
    fields: Fields = None,
    if_none_match: Annotated[str | None, Header(description="ETags of versions already known")] = None,
) -> Response:
    """One order; a customer's own only."""
    names = chosen(fields, OrderOut)
    await catch_up(deps, orders.NAME, min_position)
    view = await visible_order(deps, caller, order_id)
    if as_of is not None:
        view = await order_as_of(deps.history, order_id, await moment(deps.history, order_id, as_of))
    if if_none_match is not None and _names(if_none_match, etag(view.version)):
        return Response(status_code=304, headers={"ETag": etag(view.version), "Cache-Control": _PRIVATE})
    return _order(view, caller, names)


_PRIVATE = "private, no-cache"


def _names(if_none_match: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: a weak comparison with each of the list, or with anything by `*`."""
    given = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in given or tag in given


def _order(view: OrderView, caller: Principal, names: frozenset[str] | None = None) -> Response:
    shown = OrderOut.of(view, internal=caller.may(Scope.READ_OPERATIONS))
    headers: dict[str, Any] = {
        "etag": etag(view.version),
        "waybill_position": shown.position,
        "cache_control": _PRIVATE,
    }
    return answer(shown, **headers) if names is None else sparse(shown, names, **headers)


@router.post(
    "/orders/{order_id}/cancel",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "too-late-to-cancel", "invalid-transition", "order-closed", "version-mismatch"),
        *("invalid-if-match", "invalid-idempotency-key", "idempotency-key-reuse", "order-busy", "outcome-unknown"),
        example={**examples.ORDER, "status": "cancelling", "cancel_reason": "ordered twice", "version": 5},
    ),
)
async def cancel_order(
    caller: Cancelling,
    deps: Deps,
    order_id: OrderId,
    key: AnyKey,
    expected: ExpectedVersion,
    body: CancelBody,
) -> Response:
    """Begin to undo the order; stock and money are given back step by step. Not after a parcel was dispatched."""
    if not caller.may(Scope.ALL_CUSTOMERS):
        await visible_order(deps, caller, order_id)
    committed = await deps.gateway.cancel(
        order_id,
        key=command_key(caller, key),
        reason=body.reason,
        actor=caller.actor,
        expected_version=expected,
    )
    return await changed_order(deps, caller, order_id, committed)


async def changed_order(
    deps: ApiDependencies, caller: Principal, order_id: UUID, committed: Committed
) -> Response:
    """The order with the change in it, or what is known when the read model takes longer."""
    if await applied(deps, orders.NAME, committed, deps.rules.grace):
        return _order(await visible_order(deps, caller, order_id), caller)
    position = order_position(order_id, committed.version)
    accepted = AcceptedOut(order_id=order_id, version=committed.version, position=position)
    return answer(accepted, 202, etag=etag(committed.version), waybill_position=positions.encode(committed))
