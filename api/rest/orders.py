"""Reading orders, and cancelling them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel

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
from api.openapi import problems
from api.reading import applied, catch_up, owns, visible_order
from api.rest import examples
from api.rest.bodies import CancelBody
from api.rest.representations import (
    OrderOut,
    OrderSummaryOut,
    PageOut,
    answer,
    etag,
    order_position,
)
from api.strict import StrictRoute
from domain.errors import InvalidValue
from domain.identifiers import parse_order_number
from domain.orders.model import OrderStatus
from readmodels import orders
from readmodels.views import OrderFilter, OrderView

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class AcceptedOut(BaseModel):
    """The command is committed; read the order with `min_position` to see what it did."""

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
        *("invalid-cursor", "invalid-filter", "invalid-position", "read-not-caught-up"),
        example=examples.page(examples.SUMMARY),
    ),
)
async def list_orders(
    caller: Reading,
    deps: Deps,
    status: OrderStatus | None = None,
    customer_id: Annotated[str | None, Query(max_length=255)] = None,
    placed_after: Moment | None = None,
    attention: bool | None = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Order number or customer id, or its start")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Newest first. A customer sees its own."""
    await catch_up(deps, orders.NAME, min_position)
    if customer_id is not None and not owns(caller, customer_id):
        return answer(PageOut[OrderSummaryOut](items=[], next_cursor=None))
    whose = customer_id if caller.may(Scope.ALL_CUSTOMERS) else caller.subject
    where = OrderFilter(status, whose, placed_after, attention, searched(q))
    page = await deps.queries.orders(where, limit=limit, cursor=cursor)
    items = [OrderSummaryOut.of(view) for view in page.items]
    return answer(PageOut[OrderSummaryOut](items=items, next_cursor=page.next_cursor))


def searched(q: str | None) -> str | None:
    """A whole order number may be typed in any of the ways that people type it."""
    if q is None or not q.strip():
        return None
    try:
        return parse_order_number(q)
    except InvalidValue:
        return q.strip()


@router.get(
    "/orders/{order_id}",
    response_model=OrderOut,
    responses={304: {"description": "The order is still at the version of If-None-Match"}},
    openapi_extra=problems(
        *("order-not-found", "order-not-placed-then", "invalid-as-of", "invalid-position", "read-not-caught-up"),
        example=examples.ORDER,
    ),
)
async def get_order(
    caller: Reading,
    deps: Deps,
    order_id: OrderId,
    min_position: MinPosition = None,
    as_of: AsOfParameter = None,
    if_none_match: Annotated[str | None, Header(description="ETags of versions already known")] = None,
) -> Response:
    await catch_up(deps, orders.NAME, min_position)
    view = await visible_order(deps, caller, order_id)
    if as_of is not None:
        view = await order_as_of(deps.history, order_id, await moment(deps.history, order_id, as_of))
    if if_none_match is not None and _names(if_none_match, etag(view.version)):
        return Response(status_code=304, headers={"ETag": etag(view.version), "Cache-Control": _PRIVATE})
    return _order(view, caller)


_PRIVATE = "private, no-cache"


def _names(if_none_match: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: a weak comparison with each of the list, or with anything by `*`."""
    given = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in given or tag in given


def _order(view: OrderView, caller: Principal) -> Response:
    shown = OrderOut.of(view, internal=caller.may(Scope.READ_OPERATIONS))
    return answer(shown, etag=etag(view.version), waybill_position=shown.position, cache_control=_PRIVATE)


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
