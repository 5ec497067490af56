"""`GET /v1/ops/audit`: who of the staff did what, when, and to which order."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

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
