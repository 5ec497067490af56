"""Which event changed what: an order's representation before and after each of its events."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from activities.order_stream import order_stream
from api.as_of import view_of
from api.auth import Principal, Scope
from api.dependencies import Deps, OrderId, Reading
from api.openapi import problems
from api.reading import visible_order
from api.rest import examples
from api.rest.history import shown_actor
from api.rest.representations import ListOut, OrderOut, answer
from api.strict import StrictRoute
from eventstore.store import Recorded
from eventstore.time_travel import AtVersion

router = APIRouter(prefix="/v1", tags=["orders"], route_class=StrictRoute)

WITH_EVERY_EVENT: Final = frozenset({"version", "position", "updated_at"})


class ChangeOut(BaseModel):
    """`path` as in `shipments[0].status`; null where the member was not there before, or is not there after."""

    path: str
    before: Any
    after: Any


class ExplainedOut(BaseModel):
    version: int
    type: str
    recorded_at: datetime
    step: str | None
    actor: str | None
    changes: list[ChangeOut]


@router.get(
    "/orders/{order_id}/explain",
    response_model=ListOut[ExplainedOut],
    openapi_extra=problems("order-not-found", example=examples.items(examples.EXPLAINED)),
)
async def explain_order(caller: Reading, deps: Deps, order_id: OrderId) -> Response:
    """What each event of the order changed in what is shown of it."""
    view = await visible_order(deps, caller, order_id)
    stored = await deps.history.read_stream_as_of(order_stream(order_id), AtVersion(view.version))
    return answer(ListOut[ExplainedOut](items=list(_explained(order_id, stored, caller))))


def _explained(order_id: UUID, stored: Sequence[Recorded], caller: Principal) -> Iterator[ExplainedOut]:
    before: Mapping[str, Any] = {}
    for recorded in stored:
        # Folded anew for each event: orders are short, and this is how `as_of` shows them.
        view = view_of(order_id, stored[: recorded.version])
        shown = OrderOut.of(view, internal=caller.may(Scope.READ_OPERATIONS))
        after = dict(_flat("", shown.model_dump(mode="json", exclude=set(WITH_EVERY_EVENT))))
        yield ExplainedOut(
            version=recorded.version,
            type=recorded.type,
            recorded_at=recorded.recorded_at,
            step=recorded.metadata.get("step"),
            actor=shown_actor(recorded.metadata.get("actor"), caller),
            changes=[
                ChangeOut(path=path, before=before.get(path), after=after.get(path))
                for path in {**before, **after}
                if before.get(path) != after.get(path)
            ],
        )
        before = after


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list):
        for nr, item in enumerate(value):
            yield from _flat(f"{path}[{nr}]", item)
    else:
        yield path, value
