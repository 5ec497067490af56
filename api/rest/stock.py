"""Stock levels, and corrections of them."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from api import positions
from api.dependencies import (
    AdjustingStock,
    Cursor,
    Deps,
    Limit,
    MinPosition,
    ReadingStock,
    RequiredKey,
    command_key,
)
from api.openapi import problems
from api.reading import catch_up
from api.rest import examples
from api.rest.bodies import AdjustmentBody
from api.rest.products import ChangedOut, known_sku
from api.rest.representations import PageOut, answer
from api.strict import StrictRoute
from domain.errors import InvalidValue, NotFound
from domain.identifiers import MAX_QUANTITY
from readmodels import stock
from readmodels.views import StockView

router = APIRouter(prefix="/v1/stock", tags=["stock"], route_class=StrictRoute)

SkuPath = Annotated[str, Path(description="The SKU")]
_BOUNDS: Final = f"-{MAX_QUANTITY} to {MAX_QUANTITY}"


class WarehouseStockOut(BaseModel):
    warehouse: str
    on_hand: int
    reserved: int
    available: int


class StockOut(BaseModel):
    """Pieces over all warehouses; `available` = `on_hand` − `reserved`."""

    sku: str
    on_hand: int
    reserved: int
    available: int
    warehouses: list[WarehouseStockOut]

    @classmethod
    def of(cls, view: StockView) -> "StockOut":
        return cls(
            sku=view.sku,
            on_hand=view.on_hand,
            reserved=view.reserved,
            available=view.available,
            warehouses=[
                WarehouseStockOut(
                    warehouse=item.warehouse,
                    on_hand=item.on_hand,
                    reserved=item.reserved,
                    available=item.on_hand - item.reserved,
                )
                for item in view.warehouses
            ],
        )


@router.get(
    "",
    response_model=PageOut[StockOut],
    openapi_extra=problems(
        "invalid-cursor", "invalid-position", "read-not-caught-up", example=examples.page(examples.STOCK)
    ),
)
async def list_stock(
    caller: ReadingStock,
    deps: Deps,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """By SKU."""
    await catch_up(deps, stock.NAME, min_position)
    page = await deps.queries.stock_levels(limit=limit, cursor=cursor)
    items = [StockOut.of(view) for view in page.items]
    return answer(PageOut[StockOut](items=items, next_cursor=page.next_cursor))


@router.get(
    "/{sku}",
    response_model=StockOut,
    openapi_extra=problems(
        *("stock-not-found", "product-not-found", "invalid-position", "read-not-caught-up"),
        example=examples.STOCK,
    ),
)
async def get_stock(caller: ReadingStock, deps: Deps, sku: SkuPath, min_position: MinPosition = None) -> Response:
    """The stock of one SKU, over all warehouses and in each."""
    await catch_up(deps, stock.NAME, min_position)
    named = known_sku(sku)
    view = await deps.queries.stock(named)
    if view is None:
        raise NotFound(f"{named} was never in stock", code="stock-not-found")
    return answer(StockOut.of(view))


@router.post(
    "/{sku}/adjustments",
    status_code=201,
    response_model=ChangedOut,
    openapi_extra=problems(
        *("idempotency-key-required", "invalid-idempotency-key", "invalid-quantity", "insufficient-stock"),
        *("unknown-warehouse", "product-not-found"),
        example=examples.CHANGED_PRODUCT,
    ),
)
async def adjust_stock(
    caller: AdjustingStock, deps: Deps, sku: SkuPath, key: RequiredKey, body: AdjustmentBody
) -> Response:
    """Correct the books of one warehouse. What is reserved cannot be adjusted away."""
    if not -MAX_QUANTITY <= body.quantity <= MAX_QUANTITY:
        raise InvalidValue(f"an adjustment is from {_BOUNDS}", code="invalid-quantity")
    named = known_sku(sku)
    committed = await deps.gateway.adjust_stock(
        named,
        body.warehouse,
        key=command_key(caller, key),
        change=body.quantity,
        reason=body.reason,
        actor=caller.actor,
    )
    position = positions.encode(committed)
    changed = ChangedOut(sku=named, version=committed.version, position=position)
    return answer(changed, 201, waybill_position=position)
