"""Amendments: other lines, another address or shipping method, previewed and then made; and lines cancelled."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from api.amending import amendable, amendment_of, without_line
from api.dependencies import AnyKey, Cancelling, Deps, ExpectedVersion, OrderId, command_key
from api.openapi import problems
from api.rest import examples
from api.rest.bodies import AmendmentBody, LineCancelBody
from api.rest.orders import ACCEPTED, changed_order
from api.rest.representations import LineOut, MoneyOut, OrderOut, TotalsOut, answer, money
from api.strict import StrictRoute
from domain.amending import Preview
from domain.inventory.events import Allocation
from domain.money import Money

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

REFUSALS: Final = (
    *("order-not-found", "order-closed", "invalid-transition", "not-yet-confirmed", "order-busy"),
    *("too-late-to-amend", "out-of-stock"),
    *("payment-declined", "amendment-given-up", "version-mismatch", "unknown-line", "nothing-changed"),
    *("invalid-lines", "order-value-out-of-bounds", "invalid-if-match", "invalid-idempotency-key"),
    *("idempotency-key-reuse", "outcome-unknown"),
)


class StockChangeOut(BaseModel, from_attributes=True):
    warehouse: str
    sku: str
    quantity: int

    @classmethod
    def each(cls, parts: tuple[Allocation, ...]) -> "list[StockChangeOut]":
        return [cls.model_validate(part) for part in parts]


class AmendmentPreviewOut(BaseModel):
    """What the amendment would do now. Nothing is written.

    `to_authorise` is what the payment does not cover yet. `shipments_stopped` are called off and sent otherwise.
    """

    lines: list[LineOut]
    totals: TotalsOut
    totals_before: TotalsOut
    more_to_pay: MoneyOut
    less_to_pay: MoneyOut
    to_authorise: MoneyOut
    stock_taken: list[StockChangeOut]
    stock_released: list[StockChangeOut]
    shipments_stopped: list[str]

    @classmethod
    def of(cls, preview: Preview) -> "AmendmentPreviewOut":
        zero = Money.zero(preview.more.currency)
        return cls(
            lines=[LineOut.of(line) for line in preview.terms.lines],
            totals=TotalsOut.of(preview.terms.totals),
            totals_before=TotalsOut.of(preview.before),
            more_to_pay=money(preview.more if preview.more.minor > 0 else zero),
            less_to_pay=money(-preview.more if preview.more.minor < 0 else zero),
            to_authorise=money(preview.to_authorise),
            stock_taken=StockChangeOut.each(preview.taken),
            stock_released=StockChangeOut.each(preview.released),
            shipments_stopped=list(preview.parcels),
        )


@router.post(
    "/orders/{order_id}/amendments",
    response_model=OrderOut | AmendmentPreviewOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *REFUSALS,
        *("unknown-sku", "product-not-available", "price-not-available", "invalid-sku", "invalid-quantity"),
        *("duplicate-sku", "invalid-address", "unknown-shipping-method", "shipping-method-not-available"),
        example=examples.ORDER,
    ),
)
async def amend_order(
    caller: Cancelling,
    deps: Deps,
    order_id: OrderId,
    key: AnyKey,
    expected: ExpectedVersion,
    body: AmendmentBody,
    dry_run: Annotated[bool, Query(description="Say what it would do; write nothing")] = False,
) -> Response:
    """Change what has not left: lines, address, shipping. Stock, tax and money follow, or nothing changes."""
    order = await amendable(deps, caller, order_id)
    amendment = await amendment_of(deps, order, body)
    if dry_run:
        preview = await deps.gateway.preview_amendment(order_id, amendment, expected_version=expected)
        return answer(AmendmentPreviewOut.of(preview))
    committed = await deps.gateway.amend(
        order_id,
        key=command_key(caller, key),
        amendment=amendment,
        asked=body.model_dump_json(exclude_defaults=True),
        reason=body.reason,
        actor=caller.actor,
        expected_version=expected,
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    "/orders/{order_id}/lines/{sku}/cancel",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(*REFUSALS, "too-late-to-cancel", example=examples.ORDER),
)
async def cancel_line(
    caller: Cancelling,
    deps: Deps,
    order_id: OrderId,
    sku: Annotated[str, Path(max_length=100)],
    key: AnyKey,
    expected: ExpectedVersion,
    body: LineCancelBody,
) -> Response:
    """Take a whole line out, as long as none of it was dispatched. With its last line the order is cancelled."""
    order = await amendable(deps, caller, order_id)
    committed = await deps.gateway.amend(
        order_id,
        key=command_key(caller, key),
        amendment=without_line(deps, order, sku),
        asked=sku,
        reason=body.reason,
        actor=caller.actor,
        expected_version=expected,
        whole=True,
    )
    return await changed_order(deps, caller, order_id, committed)
