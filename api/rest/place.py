"""`POST /v1/orders`: placing an order, once per Idempotency-Key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from activities.aggregates import Committed
from activities.contracts import Placed
from activities.order_stream import order_stream
from api.auth import Principal
from api.dependencies import ApiDependencies, Deps, GivenKey, Placing, command_key, required_key
from api.errors import Problem
from api.openapi import problems
from api.placing import PricedOrder, check_customer, fingerprint, priced
from api.reading import visible_order, wait_until
from api.rest import examples
from api.rest.bodies import OrderBody
from api.rest.representations import LineOut, OrderOut, TotalsOut, answer, etag, order_position
from api.screening import screened
from api.strict import StrictRoute
from domain import identifiers
from domain.errors import DomainError, NotAllowed
from domain.orders.decide import PlaceOrder
from domain.orders.model import OrderStatus
from domain.payments.model import PaymentStatus
from domain.shipping.model import FulfilmentStatus
from readmodels import orders
from readmodels.views import OrderView

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)


class PricedOut(BaseModel):
    """What the order would cost now. Nothing is placed or held."""

    customer_id: str
    currency: str
    lines: list[LineOut]
    totals: TotalsOut
    payment_method: str
    shipping_method: str

    @classmethod
    def of(cls, order: PricedOrder) -> "PricedOut":
        return cls(
            customer_id=order.body.customer_id,
            currency=order.body.currency,
            lines=[LineOut.of(line) for line in order.lines],
            totals=TotalsOut.of(order.totals),
            payment_method=order.body.payment.method,
            shipping_method=order.body.shipping_method,
        )


class PlacedOut(PricedOut):
    """The order as it stands by this answer; what happens next is read at its Location."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PLACED]})

    order_id: UUID
    order_number: str
    status: OrderStatus
    payment_status: PaymentStatus
    fulfilment_status: FulfilmentStatus
    attention: bool
    version: int
    position: str

    @classmethod
    def now(cls, order: PricedOrder, placed: Placed) -> "PlacedOut":
        """At the prices just computed, which are those it was placed at."""
        return cls(
            **dict(PricedOut.of(order)),
            order_id=placed.order_id,
            order_number=placed.order_number,
            status=placed.status or OrderStatus.PLACED,
            payment_status=PaymentStatus.PENDING,
            fulfilment_status=FulfilmentStatus.UNFULFILLED,
            attention=False,
            version=placed.version,
            position=order_position(placed.order_id, placed.version),
        )

    @classmethod
    def before(cls, view: OrderView) -> "PlacedOut":
        return cls(**dict(OrderOut.of(view, internal=False)))


@router.post(
    "/orders",
    status_code=201,
    response_model=PlacedOut,
    responses={200: {"model": PricedOut, "description": "A dry run: what the order would cost"}},
    openapi_extra=problems(
        *("idempotency-key-required", "invalid-idempotency-key", "idempotency-key-reuse", "customer-mismatch"),
        *("customer-erased", "invalid-customer-id"),
        *("unknown-sku", "product-not-available", "price-not-available", "unknown-currency", "invalid-quantity"),
        *("invalid-lines", "duplicate-sku", "order-value-out-of-bounds", "invalid-sku", "invalid-email"),
        *("invalid-address", "unknown-payment-method", "outcome-unknown"),
        *("unknown-shipping-method", "shipping-method-not-available"),
        example=examples.PLACED,
    ),
)
async def place_order(
    caller: Placing,
    deps: Deps,
    key: GivenKey,
    body: OrderBody,
    dry_run: Annotated[bool, Query(description="Price and validate only; write nothing")] = False,
) -> Response:
    """Place an order at the catalogue's prices. The same key and body answer with the same order again."""
    check_customer(caller, body)
    if dry_run:
        return answer(PricedOut.of(await priced(deps, body)))
    return await place_once(deps, caller, await required_key(key), body)


async def place_once(deps: ApiDependencies, caller: Principal, key: str, body: OrderBody) -> Response:
    """The order that the key stands for, placed now or before. Raises what placing it is refused with."""
    check_customer(caller, body)
    order_id = identifiers.order_id(caller.issuer, caller.subject, key)
    try:
        order = await priced(deps, body)
    except DomainError:  # the catalogue may have allowed it when this key was first used
        before = await deps.queries.order(order_id)
        if before is None:
            raise
        return _placed_before(before, await fingerprint(deps, body))
    ours = await fingerprint(deps, body)
    command = order.command(order_id, ours, await screened(deps, order))
    return await send(deps, caller, command_key(caller, key), order, command)


async def send(
    deps: ApiDependencies, caller: Principal, key: str, order: PricedOrder, command: PlaceOrder
) -> Response:
    """Place the order, or find it placed; `key` tells one placing of it from another."""
    placed = await deps.gateway.place(command, key=key, actor=caller.actor)
    _check_fingerprint(placed.fingerprint, command.fingerprint)
    if placed.refusal is not None:
        raise NotAllowed(placed.refusal.message, code=placed.refusal.code)
    if (
        placed.went_on or placed.holds or placed.total != command.totals.total
    ):  # placed before, and gone on or repriced since
        await wait_until(deps, orders.NAME, Committed(order_stream(command.order_id), placed.version))
        return _placed_before(await visible_order(deps, caller, command.order_id), command.fingerprint)
    return _created(PlacedOut.now(order, placed))


def _placed_before(view: OrderView, ours: str) -> Response:
    _check_fingerprint(view.record.order.placed.fingerprint, ours)
    return _created(PlacedOut.before(view))


def _check_fingerprint(placed: str, ours: str) -> None:
    if placed != ours:
        raise Problem("idempotency-key-reuse", "this Idempotency-Key stands for an order with another body")


def placed_as_it_is(view: OrderView) -> Response:
    return _created(PlacedOut.before(view))


def _created(order: PlacedOut) -> Response:
    return answer(
        order,
        201,
        location=f"/v1/orders/{order.order_id}",
        etag=etag(order.version),
        waybill_position=order.position,
    )
