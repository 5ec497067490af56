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
from api.fields import Fields, chosen, sparse, sparse_page
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
from domain.money import Money
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.model import FulfilmentStatus
from readmodels import orders
from readmodels.views import OrderFilter, OrderSort, OrderView

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
        *("invalid-cursor", "invalid-filter", "invalid-fields", "invalid-amount", "unknown-currency"),
        *("invalid-position", "read-not-caught-up"),
        example=examples.page(examples.SUMMARY),
    ),
)
async def list_orders(
    caller: Reading,
    deps: Deps,
    status: OrderStatus | None = None,
    customer_id: Annotated[str | None, Query(max_length=255)] = None,
    payment_status: PaymentStatus | None = None,
    fulfilment_status: FulfilmentStatus | None = None,
    placed_after: Moment | None = None,
    placed_before: Moment | None = None,
    attention: bool | None = None,
    sku: Annotated[str | None, Query(max_length=100, description="Orders that have, or had, this SKU")] = None,
    currency: Annotated[str | None, Query(max_length=3)] = None,
    min_total: Annotated[str | None, Query(max_length=30, description="At least, in `currency`")] = None,
    max_total: Annotated[str | None, Query(max_length=30, description="At most, in `currency`")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Order number or customer id, or its start")
    ] = None,
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
    if customer_id is not None and not owns(caller, customer_id):
        return answer(PageOut[OrderSummaryOut](items=[], next_cursor=None))
    whose = customer_id if caller.may(Scope.ALL_CUSTOMERS) else caller.subject
    where = OrderFilter(
        status=status,
        customer_id=whose,
        placed_after=placed_after,
        attention=attention,
        q=searched(q),
        payment_status=payment_status,
        fulfilment_status=fulfilment_status,
        placed_before=placed_before,
        sku=sku,
        currency=currency,
        least_total=_minor(min_total, currency),
        most_total=_minor(max_total, currency),
    )
    page = await deps.queries.orders(where, limit=limit, cursor=cursor, sort=sort)
    items = [OrderSummaryOut.of(view) for view in page.items]
    return sparse_page(PageOut[OrderSummaryOut](items=items, next_cursor=page.next_cursor), shown)


def _minor(amount: str | None, currency: str | None) -> int | None:
    """Raises InvalidValue (`invalid-filter`, `invalid-amount`, `unknown-currency`)."""
    if amount is None:
        return None
    if currency is None:
        raise InvalidValue("a range of totals needs the currency that it is in", code="invalid-filter")
    return Money.parse(amount, currency).minor


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
