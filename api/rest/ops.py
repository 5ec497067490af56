"""What operators need: which sagas wait for them, and their answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from api.dependencies import (
    AnyKey,
    Cursor,
    Deps,
    Limit,
    MinPosition,
    Operating,
    OrderId,
    Resolving,
    command_key,
)
from api.errors import Problem
from api.openapi import problems
from api.reading import catch_up
from api.rest import examples
from api.rest.bodies import ResolveBody
from api.rest.orders import AcceptedOut, changed_order
from api.rest.representations import OrderOut, PageOut, answer
from api.strict import StrictRoute
from readmodels import saga_steps

router = APIRouter(prefix="/v1/ops", tags=["operations"], route_class=StrictRoute)

LONGEST_STEP = 200


class SagaState(StrEnum):
    STALLED = "stalled"


class StalledStepOut(BaseModel, from_attributes=True):
    order_id: UUID
    order_number: str
    step: str
    error_type: str
    error: str
    since: datetime


@router.get(
    "/sagas",
    response_model=PageOut[StalledStepOut],
    openapi_extra=problems(
        "invalid-cursor", "invalid-position", "read-not-caught-up", example=examples.page(examples.STALLED)
    ),
)
async def list_sagas(
    caller: Operating,
    deps: Deps,
    state: SagaState = SagaState.STALLED,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Steps that wait for an operator, the longest waiting first."""
    await catch_up(deps, saga_steps.NAME, min_position)
    page = await deps.queries.stalled(limit=limit, cursor=cursor)
    items = [StalledStepOut.model_validate(step) for step in page.items]
    return answer(PageOut[StalledStepOut](items=items, next_cursor=page.next_cursor))


@router.post(
    "/orders/{order_id}/steps/{step:path}",
    response_model=OrderOut,
    responses={202: {"model": AcceptedOut, "description": "Committed, and not to be read yet"}},
    openapi_extra=problems(
        *("order-not-found", "order-closed", "step-not-stalled", "cannot-compensate", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def resolve_step(
    caller: Resolving,
    deps: Deps,
    order_id: OrderId,
    step: Annotated[str, Path(description="The step's key, percent-encoded: `authorize%231`")],
    key: AnyKey,
    body: ResolveBody,
) -> Response:
    """Answer a stalled step: try it again, or undo the order."""
    if len(step) > LONGEST_STEP or not step.isprintable():
        raise Problem("step-not-stalled", "there is no step of this name")
    committed = await deps.gateway.resolve_step(
        order_id,
        key=command_key(caller, key),
        step=step,
        action=body.action,
        reason=body.reason,
        actor=caller.actor,
    )
    return await changed_order(deps, caller, order_id, committed)
