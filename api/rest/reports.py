"""Reports over all orders: what was sold, how far orders get, and how long each stage takes."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.dependencies import Deps, MinPosition, Operating
from api.openapi import problems
from api.reading import catch_up
from api.rest.representations import ListOut, MoneyOut, answer, money
from api.strict import StrictRoute
from domain.errors import InvalidValue
from readmodels import reports
from readmodels.insight import Period, Sales, SalesBy, StageTimes

router = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=StrictRoute)

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 366

First = Annotated[date | None, Query(alias="from", description="First day of placing, UTC; 30 days by default")]
Last = Annotated[date | None, Query(alias="until", description="Last day of placing, UTC; today by default")]


class SalesOut(BaseModel):
    """Of the orders placed in the period. By product there are only `units` and `ordered`, before tax."""

    key: str
    units: int
    ordered: MoneyOut
    orders: int | None
    cancelled: int | None
    captured: MoneyOut | None
    refunded: MoneyOut | None

    @classmethod
    def of(cls, row: Sales) -> "SalesOut":
        return cls(
            key=row.key,
            units=row.units,
            ordered=money(row.ordered),
            orders=row.orders,
            cancelled=row.cancelled,
            captured=money(row.captured) if row.captured else None,
            refunded=money(row.refunded) if row.refunded else None,
        )


class FunnelOut(BaseModel):
    """`share` is of the orders placed. With several parcels, the first of them counts."""

    stage: str
    orders: int
    share: float


class StepTimeOut(BaseModel):
    """Seconds from the placing to the stage. `p50` and `p95` are upper bounds, to a factor of two."""

    stage: str
    orders: int
    mean_seconds: float
    p50_seconds: float
    p95_seconds: float


_EUR: Final = {"amount": "190.00", "currency": "EUR"}
_SALES: Final[dict[str, Any]] = {
    "key": "2026-03-01",
    "units": 12,
    "ordered": _EUR,
    "orders": 9,
    "cancelled": 1,
    "captured": _EUR,
    "refunded": {"amount": "0.00", "currency": "EUR"},
}


def period(first: date | None, last: date | None) -> Period:
    """Raises InvalidValue (`invalid-period`)."""
    ends = last or datetime.now(UTC).date()
    days = timedelta(days=DEFAULT_DAYS - 1)
    begins = first or (ends - days if ends - date.min > days else date.min)
    if not 0 <= (ends - begins).days < MOST_DAYS:
        raise InvalidValue(
            f"from {begins} until {ends} is not a period of 1 to {MOST_DAYS} days", code="invalid-period"
        )
    return Period(begins, ends)


_PROBLEMS: Final = ("invalid-period", "invalid-position", "read-not-caught-up")


@router.get(
    "/sales",
    response_model=ListOut[SalesOut],
    openapi_extra=problems(*_PROBLEMS, example={"items": [_SALES]}),
)
async def report_sales(
    caller: Operating,
    deps: Deps,
    by: SalesBy = SalesBy.DAY,
    first: First = None,
    last: Last = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most rows")] = 1000,
    min_position: MinPosition = None,
) -> Response:
    """A row for each key and currency: by day in order, else what sold for most first."""
    await catch_up(deps, reports.NAME, min_position)
    rows = await deps.insight.sales(by, period(first, last), limit=limit)
    return answer(ListOut[SalesOut](items=[SalesOut.of(row) for row in rows]))


@router.get(
    "/funnel",
    response_model=ListOut[FunnelOut],
    openapi_extra=problems(*_PROBLEMS, example={"items": [{"stage": "placed", "orders": 40, "share": 1.0}]}),
)
async def report_funnel(
    caller: Operating, deps: Deps, first: First = None, last: Last = None, min_position: MinPosition = None
) -> Response:
    """How many of the orders placed in the period have reached each stage by now."""
    rows = await _stages(deps, first, last, min_position)
    placed = max(1, next((row.orders for row in rows if row.stage == "placed"), 0))
    items = [FunnelOut(stage=row.stage, orders=row.orders, share=round(row.orders / placed, 4)) for row in rows]
    return answer(ListOut[FunnelOut](items=items))


@router.get(
    "/step-times",
    response_model=ListOut[StepTimeOut],
    openapi_extra=problems(
        *_PROBLEMS,
        example={
            "items": [
                {
                    "stage": "confirmed",
                    "orders": 38,
                    "mean_seconds": 0.41,
                    "p50_seconds": 0.512,
                    "p95_seconds": 1.024,
                }
            ]
        },
    ),
)
async def report_step_times(
    caller: Operating, deps: Deps, first: First = None, last: Last = None, min_position: MinPosition = None
) -> Response:
    """How long after their placing the period's orders reached each stage."""
    items = [
        StepTimeOut(
            stage=row.stage,
            orders=row.orders,
            mean_seconds=round(row.mean, 3),
            p50_seconds=row.p50,
            p95_seconds=row.p95,
        )
        for row in await _stages(deps, first, last, min_position)
    ]
    return answer(ListOut[StepTimeOut](items=items))


async def _stages(deps: Deps, first: date | None, last: date | None, min_position: str | None) -> list[StageTimes]:
    await catch_up(deps, reports.NAME, min_position)
    return list(await deps.insight.stages(period(first, last)))
