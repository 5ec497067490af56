"""`/v1/ops/audit`: who of the staff did what, when, and to which order; and all that they asked for."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.audit import MAX_PATH, RequestFilter
from api.dependencies import Cursor, Deps, Limit, MinPosition, Operating
from api.openapi import problems
from api.reading import catch_up
from api.rest import examples
from api.rest.representations import PageOut, answer
from api.strict import StrictRoute
from readmodels import audit
from readmodels.insight import AuditFilter

router = APIRouter(prefix="/v1/ops", tags=["operations"], route_class=StrictRoute)

EXAMPLE: Final[dict[str, Any]] = {
    "log_position": 4711,
    "actor": "operator:eve",
    "action": "HoldPlaced",
    "stream": "order/0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55",
    "version": 5,
    "order_id": "0b7b1b9e-6c0f-5f3c-8b8e-0d6a2f4c1e55",
    "reason": "a batch is being recalled",
    "recorded_at": "2026-03-01T12:00:00Z",
}


class ActionOut(BaseModel):
    """An event that an operator caused; `action` is its type, and the stream has it in full."""

    log_position: int
    actor: str
    action: str
    stream: str
    version: int
    order_id: UUID | None
    reason: str | None
    recorded_at: datetime


@router.get(
    "/audit",
    response_model=PageOut[ActionOut],
    openapi_extra=problems(
        *("invalid-cursor", "invalid-filter", "invalid-position", "read-not-caught-up"),
        example=examples.page(EXAMPLE),
    ),
)
async def list_operator_actions(
    caller: Operating,
    deps: Deps,
    actor: Annotated[str | None, Query(max_length=300, description="Role and subject, `operator:eve`")] = None,
    action: Annotated[str | None, Query(max_length=100, description="An event's type, `HoldPlaced`")] = None,
    order_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Newest first: every event that an operator or an administrator caused."""
    await catch_up(deps, audit.NAME, min_position)
    page = await deps.insight.audit(AuditFilter(actor, action, order_id), limit=limit, cursor=cursor)
    items = [
        ActionOut(
            log_position=item.position,
            actor=item.actor,
            action=item.action,
            stream=item.stream,
            version=item.version,
            order_id=item.order_id,
            reason=item.reason,
            recorded_at=item.recorded_at,
        )
        for item in page.items
    ]
    return answer(PageOut[ActionOut](items=items, next_cursor=page.next_cursor))


REQUEST: Final[dict[str, Any]] = {
    "number": 96,
    "actor": "operator:eve",
    "action": "GET /v1/orders/{order_id}",
    "target": f"/v1/orders/{examples.ORDER_ID}",
    "outcome": 200,
    "personal": True,
    "request_id": "4f1c2a7e9d0b4c7b8a55c1f00c7d2155",
    "noted_at": examples.TIME,
}


class RequestOut(BaseModel, from_attributes=True):
    """`outcome`: an HTTP status, also of GraphQL. `personal`: whether the answer held personal data."""

    number: int
    actor: str
    action: str
    target: str
    outcome: int
    personal: bool
    request_id: str
    noted_at: datetime


@router.get(
    "/audit/requests",
    response_model=PageOut[RequestOut],
    openapi_extra=problems("invalid-cursor", "invalid-filter", example=examples.page(REQUEST)),
)
async def list_requests(
    caller: Operating,
    deps: Deps,
    actor: Annotated[str | None, Query(max_length=300, description="Role and subject, `operator:eve`")] = None,
    action: Annotated[
        str | None,
        Query(max_length=MAX_PATH, description="`POST /v1/orders/{order_id}/cancel`, `mutation cancelOrder`"),
    ] = None,
    outcome: Annotated[int | None, Query(ge=100, le=599, description="An HTTP status")] = None,
    personal: Annotated[bool | None, Query(description="Whether personal data were in the answer")] = None,
    request_id: Annotated[str | None, Query(max_length=128)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first: commands of staff, their reads of personal data and exports, changes of webhook endpoints, and
    whatever anybody was forbidden. A request is listed within a second of its answer."""
    where = RequestFilter(actor, action, outcome, personal, request_id)
    page = await deps.trail.listed(where, limit=limit, cursor=cursor)
    items = [RequestOut.model_validate(item) for item in page.items]
    return answer(PageOut[RequestOut](items=items, next_cursor=page.next_cursor))
