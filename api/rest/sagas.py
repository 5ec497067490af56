"""What operators do with sagas: see which wait, answer their steps singly or in bulk, hand over, leave notes."""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from api.auth import Principal
from api.dependencies import (
    AnyKey,
    ApiDependencies,
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
from api.rest.bodies import AssignBody, BulkRetryBody, NoteBody, ResolveBody
from api.rest.orders import AcceptedOut, changed_order
from api.rest.representations import ListOut, OrderOut, PageOut, answer
from api.strict import StrictRoute
from domain.errors import DomainError
from domain.orders.events import StepAction
from readmodels import saga_steps
from readmodels.views import StalledStep
from workflows.errors import CommandTimeout, CommandUnavailable

router = APIRouter(prefix="/v1/ops", tags=["operations"], route_class=StrictRoute)

LONGEST_STEP = 200
AT_ONCE = 8
"""Steps of a bulk retry that are asked for side by side."""
ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": AcceptedOut, "description": "Committed, and not to be read yet"}
}


class SagaState(StrEnum):
    STALLED = "stalled"


class StalledStepOut(BaseModel, from_attributes=True):
    """`assignee`: who is in charge of the order, if anybody is."""

    order_id: UUID
    order_number: str
    step: str
    error_type: str
    error: str
    since: datetime
    assignee: str | None


class RetriedOut(BaseModel):
    """`outcome` is `retried`, or the code of the problem that kept the step from it; `detail` is for people."""

    order_id: UUID
    step: str
    outcome: str
    detail: str | None = None


@router.get(
    "/sagas",
    response_model=PageOut[StalledStepOut],
    openapi_extra=problems(
        *("invalid-cursor", "invalid-filter", "invalid-position", "read-not-caught-up"),
        example=examples.page(examples.STALLED),
    ),
)
async def list_stalled_steps(
    caller: Operating,
    deps: Deps,
    state: SagaState = SagaState.STALLED,
    assignee: Annotated[
        str | None, Query(max_length=128, description="Only orders in this person's charge")
    ] = None,
    error_type: Annotated[str | None, Query(max_length=200, description="Only steps with this error")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """Steps that wait for an operator, the longest waiting first."""
    await catch_up(deps, saga_steps.NAME, min_position)
    page = await deps.queries.stalled(limit=limit, cursor=cursor, assignee=assignee, error_type=error_type)
    items = [StalledStepOut.model_validate(step) for step in page.items]
    return answer(PageOut[StalledStepOut](items=items, next_cursor=page.next_cursor))


@router.post(
    "/orders/{order_id}/steps/{step:path}",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "order-busy", "step-not-stalled", "cannot-compensate"),
        *("adoption-refused", "adoption-unverified", "idempotency-key-reuse", "outcome-unknown"),
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
    """Answer a stalled step: try it again, undo the order, or adopt an effect that exists outside as its outcome.

    The adopted effect's `reference` is looked up in the books of the gateway first; its amount, currency and order
    must fit what the step asked for. Where they do not, the step goes on waiting.
    """
    if len(step) > LONGEST_STEP or not step.isprintable():
        raise Problem("step-not-stalled", "there is no step of this name")
    committed = await deps.gateway.resolve_step(
        order_id,
        key=command_key(caller, key),
        step=step,
        action=body.action,
        reason=body.reason,
        actor=caller.actor,
        reference=body.reference,
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    "/sagas/retry",
    response_model=ListOut[RetriedOut],
    openapi_extra=problems("idempotency-key-reuse", example=examples.items(examples.RETRIED)),
)
async def retry_stalled_steps(caller: Resolving, deps: Deps, key: AnyKey, body: BulkRetryBody) -> Response:
    """Try again all steps that stalled with one type of error, the longest waiting first.

    Each tells what came of it; one that cannot be retried does not keep the others from it.
    """
    page = await deps.queries.stalled(limit=body.limit, cursor=None, error_type=body.error_type)
    room = asyncio.Semaphore(AT_ONCE)

    async def retried(step: StalledStep) -> RetriedOut:
        async with room:
            return await _retry(
                deps, caller, command_key(caller, f"{key}/{step.order_id}/{step.step}"), step, body
            )

    results = await asyncio.gather(*map(retried, page.items))
    return answer(ListOut[RetriedOut](items=list(results)))


async def _retry(
    deps: ApiDependencies, caller: Principal, key: str, step: StalledStep, body: BulkRetryBody
) -> RetriedOut:
    try:
        await deps.gateway.resolve_step(
            step.order_id,
            key=key,
            step=step.step,
            action=StepAction.RETRY,
            reason=body.reason,
            actor=caller.actor,
        )
    except DomainError as refused:
        return RetriedOut(order_id=step.order_id, step=step.step, outcome=refused.code, detail=refused.message)
    except CommandTimeout:
        detail = "no answer in time; it may still be retried"
        return RetriedOut(order_id=step.order_id, step=step.step, outcome="outcome-unknown", detail=detail)
    except CommandUnavailable as error:
        return RetriedOut(order_id=step.order_id, step=step.step, outcome="unavailable", detail=str(error))
    return RetriedOut(order_id=step.order_id, step=step.step, outcome="retried")


@router.post(
    "/orders/{order_id}/assignment",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "order-busy", "idempotency-key-reuse", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def assign_order(
    caller: Resolving, deps: Deps, order_id: OrderId, key: AnyKey, body: AssignBody
) -> Response:
    """Hand an open order to somebody, or to nobody."""
    committed = await deps.gateway.assign(
        order_id,
        key=command_key(caller, key),
        assignee=body.assignee,
        reason=body.reason,
        actor=caller.actor,
    )
    return await changed_order(deps, caller, order_id, committed)


@router.post(
    "/orders/{order_id}/notes",
    response_model=OrderOut,
    responses=ACCEPTED,
    openapi_extra=problems(
        *("order-not-found", "order-closed", "order-busy", "idempotency-key-reuse", "outcome-unknown"),
        example=examples.ORDER,
    ),
)
async def note_order(caller: Resolving, deps: Deps, order_id: OrderId, key: AnyKey, body: NoteBody) -> Response:
    """Leave a note at an open order, for those who look at it next. Customers do not see it."""
    committed = await deps.gateway.note(order_id, key=command_key(caller, key), note=body.note, actor=caller.actor)
    return await changed_order(deps, caller, order_id, committed)
