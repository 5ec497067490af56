"""What happened to an order: its events, and the steps of its process."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.auth import Principal, Scope
from api.dependencies import Deps, MinPosition, OrderId, Reading
from api.openapi import problems
from api.reading import catch_up, visible_order
from api.rest import examples
from api.rest.representations import ListOut, answer
from api.strict import StrictRoute
from readmodels import saga_steps, timeline
from readmodels.views import SagaStep, TimelineEntry

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

NOT_SHOWN_TO_CUSTOMERS = (
    "OrderStepStalled",
    "OrderStepResolved",
    "OrderAssigned",
    "OrderNoted",
    "BookingRefused",
    "HoldPlaced",
    "HoldReleased",
)
"""Events whose data is for operators: what failed inside, and who answered."""

STAFF = ("operator:", "admin:", "service:")
"""How the actors begin that a customer is not told of."""


def shown_actor(actor: str | None, caller: Principal) -> str | None:
    """Who did it: operators see everyone, a customer itself and the system."""
    internal = caller.may(Scope.READ_OPERATIONS)
    return actor if internal or actor in (caller.actor, "system") else None


def shown_data(data: Any, caller: Principal) -> Any:
    """An event's data; a customer reads nobody else's name in it, whatever the member is called."""
    if isinstance(data, dict):
        return {name: shown_data(value, caller) for name, value in data.items() if not _names_staff(value, caller)}
    return [shown_data(each, caller) for each in data] if isinstance(data, list) else data


def _names_staff(value: object, caller: Principal) -> bool:
    return isinstance(value, str) and value.startswith(STAFF) and value != caller.actor


class EventOut(BaseModel):
    """`position` is the place in the log of everything, `version` in the order's own stream."""

    position: int
    version: int
    type: str
    recorded_at: datetime
    step: str | None
    actor: str | None
    data: dict[str, Any]

    @classmethod
    def of(cls, entry: TimelineEntry, caller: Principal) -> "EventOut":
        internal = caller.may(Scope.READ_OPERATIONS)
        hidden = not internal and entry.type in NOT_SHOWN_TO_CUSTOMERS
        data = orjson.loads(entry.data)
        return cls(
            position=entry.position,
            version=entry.version,
            type=entry.type,
            recorded_at=entry.recorded_at,
            step=entry.step,
            actor=shown_actor(entry.actor, caller),
            data={} if hidden else data if internal else shown_data(data, caller),
        )


class SagaStepOut(BaseModel):
    """`state`: requested, done, refused, stalled, retrying, adopted or compensated. Only operators see errors."""

    step: str
    state: str
    error_type: str | None
    error: str | None
    started_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, step: SagaStep, *, internal: bool) -> "SagaStepOut":
        return cls(
            step=step.step,
            state=step.state,
            error_type=step.error_type if internal else None,
            error=step.error if internal else None,
            started_at=step.started_at,
            updated_at=step.updated_at,
        )


class NoteOut(BaseModel, from_attributes=True):
    """`kind`: note, or assigned, and then `assignee` is who has the order from there on (nobody: null)."""

    kind: str
    author: str
    text: str
    assignee: str | None
    recorded_at: datetime


class SagaOut(BaseModel):
    """`assignee` and `notes` are for operators only."""

    items: list[SagaStepOut]
    assignee: str | None
    notes: list[NoteOut]


@router.get(
    "/orders/{order_id}/events",
    response_model=ListOut[EventOut],
    openapi_extra=problems(
        "order-not-found", "invalid-position", "read-not-caught-up", example=examples.items(examples.EVENT)
    ),
)
async def list_order_events(
    caller: Reading,
    deps: Deps,
    order_id: OrderId,
    after: Annotated[int, Query(ge=0, lt=2**53, description="Only events of higher versions")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    min_position: MinPosition = None,
) -> Response:
    """What happened to the order, in order."""
    await catch_up(deps, timeline.NAME, min_position)
    await visible_order(deps, caller, order_id)
    entries = await deps.queries.timeline(order_id, after=after, limit=limit)
    return answer(ListOut[EventOut](items=[EventOut.of(entry, caller) for entry in entries]))


@router.get(
    "/orders/{order_id}/saga",
    response_model=SagaOut,
    openapi_extra=problems(
        *("order-not-found", "invalid-position", "read-not-caught-up"),
        example={**examples.items(examples.STEP), "assignee": "eve", "notes": [examples.NOTE]},
    ),
)
async def get_order_saga(
    caller: Reading, deps: Deps, order_id: OrderId, min_position: MinPosition = None
) -> Response:
    """The steps of the order's process, and where each stands."""
    await catch_up(deps, saga_steps.NAME, min_position)
    view = await visible_order(deps, caller, order_id)
    internal = caller.may(Scope.READ_OPERATIONS)
    steps = [SagaStepOut.of(step, internal=internal) for step in await deps.queries.saga(order_id)]
    notes = await deps.queries.saga_notes(order_id) if internal else []
    assignee = view.record.order.assignee if internal else None
    return answer(SagaOut(items=steps, assignee=assignee, notes=[NoteOut.model_validate(note) for note in notes]))
