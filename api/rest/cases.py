"""Cases: differences between the orders and the payment gateway's books, and operators' answers to them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from activities.aggregates import Committed
from api import positions
from api.dependencies import AnyKey, Cursor, Deps, Limit, MinPosition, Operating, Resolving, command_key
from api.openapi import problems
from api.reading import applied, catch_up
from api.rest import examples
from api.rest.bodies import CaseBody
from api.rest.representations import MoneyOut, PageOut, answer, money
from api.strict import StrictRoute
from domain.errors import NotFound
from domain.reconciliation.decide import possible_actions
from domain.reconciliation.events import CaseAction, CaseKind
from domain.reconciliation.model import CaseStatus
from readmodels import cases
from readmodels.views import CaseView

router = APIRouter(prefix="/v1/ops/cases", tags=["operations"], route_class=StrictRoute)


class CaseOut(BaseModel):
    """`expected` is what the order says of the effect, `found` what the gateway says; null where it has none."""

    case_id: UUID
    kind: CaseKind
    status: CaseStatus
    order_id: UUID
    effect: str
    step: str
    reference: str
    expected: MoneyOut | None
    found: MoneyOut | None
    possible: list[CaseAction]
    refused: str | None
    opened_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, view: CaseView) -> "CaseOut":
        case, opened = view.case, view.case.opened
        waiting = case.status is CaseStatus.OPEN
        return cls(
            case_id=opened.case_id,
            kind=opened.kind,
            status=case.status,
            order_id=opened.order_id,
            effect=opened.effect,
            step=opened.step,
            reference=opened.reference,
            expected=money(opened.expected) if opened.expected else None,
            found=money(opened.found) if opened.found else None,
            possible=sorted(possible_actions(opened)) if waiting else [],
            refused=f"{case.refused.code}: {case.refused.reason}" if case.refused else None,
            opened_at=view.opened_at,
            updated_at=view.updated_at,
            version=view.version,
        )


class CaseAcceptedOut(BaseModel):
    """The answer is committed; list the cases with `min_position` to see what it did."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ACCEPTED_CASE]})

    case_id: UUID
    version: int
    position: str


@router.get(
    "",
    response_model=PageOut[CaseOut],
    openapi_extra=problems(
        "invalid-cursor", "invalid-position", "read-not-caught-up", example=examples.page(examples.CASE)
    ),
)
async def list_cases(
    caller: Operating,
    deps: Deps,
    status: CaseStatus | None = CaseStatus.OPEN,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """The oldest first; those that wait for an answer, unless another status is asked for."""
    await catch_up(deps, cases.NAME, min_position)
    page = await deps.queries.cases(status, limit=limit, cursor=cursor)
    items = [CaseOut.of(view) for view in page.items]
    return answer(PageOut[CaseOut](items=items, next_cursor=page.next_cursor))


@router.post(
    "/{case_id}",
    response_model=CaseOut,
    responses={202: {"model": CaseAcceptedOut, "description": "Committed, and not to be read yet"}},
    openapi_extra=problems(
        *("case-not-found", "case-not-open", "action-not-possible", "invalid-idempotency-key", "outcome-unknown"),
        example={**examples.CASE, "status": "settling", "possible": []},
    ),
)
async def answer_case(
    caller: Resolving,
    deps: Deps,
    case_id: Annotated[str, Path(description="The case's id", json_schema_extra={"format": "uuid"})],
    key: AnyKey,
    body: CaseBody,
) -> Response:
    """Say what is to become of a case. Money is moved after this answers; the case then shows as settled."""
    found = _uuid(case_id)
    committed = await deps.cases.answer(
        found, key=command_key(caller, key), action=body.action, reason=body.reason, actor=caller.actor
    )
    return await _changed(deps, found, committed)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("there is no case of this id", code="case-not-found") from None


async def _changed(deps: Deps, case_id: UUID, committed: Committed) -> Response:
    position = positions.encode(committed)
    if await applied(deps, cases.NAME, committed, deps.rules.grace):
        view = await deps.queries.case(case_id)
        if view:
            return answer(CaseOut.of(view), waybill_position=position)
    accepted = CaseAcceptedOut(case_id=case_id, version=committed.version, position=position)
    return answer(accepted, 202, waybill_position=position)
