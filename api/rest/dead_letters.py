"""What other services sent and could not be handled; and how the reading of their streams fares."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from api.dependencies import Cursor, Deps, Limit, Operating, Resolving
from api.errors import Problem
from api.openapi import problems
from api.rest import examples
from api.rest.bodies import LetterBody
from api.rest.representations import ListOut, PageOut, answer
from api.strict import StrictRoute

router = APIRouter(prefix="/v1/ops", tags=["operations"], route_class=StrictRoute)

_LETTER: Final = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
LetterId = Annotated[str, Path(description="The dead letter's id", max_length=60)]


class DeadLetterOut(BaseModel, from_attributes=True):
    """`fields` are the message as it was published, `code` and `detail` why it was not handled."""

    id: str
    stream: str
    consumer: str
    code: str
    detail: str
    failed_at: datetime
    attempts: int
    fields: Mapping[str, str]


class SettledOut(BaseModel):
    id: str
    action: str


class SubscriptionOut(BaseModel, from_attributes=True):
    """`lag`: not read yet; `pending`: being handled. The other counts are since Redis began."""

    stream: str
    length: int
    lag: int
    pending: int
    handled: int
    retried: int
    dead: int
    consumed: bool


_PAGE: Final = problems("invalid-cursor", example=examples.page(examples.DEAD_LETTER))


@router.get("/dead-letters", response_model=PageOut[DeadLetterOut], openapi_extra=_PAGE)
async def list_dead_letters(caller: Operating, deps: Deps, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Messages that could not be handled, the oldest first."""
    if cursor is not None and not _LETTER.fullmatch(cursor):
        raise Problem("invalid-cursor", "give the next_cursor of an earlier page")
    found = await deps.messaging.letters.page(after=cursor, limit=limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    items = [DeadLetterOut.model_validate(letter) for letter in found[:limit]]
    return answer(PageOut[DeadLetterOut](items=items, next_cursor=more))


@router.post(
    "/dead-letters/{letter_id}/replay",
    response_model=SettledOut,
    openapi_extra=problems("dead-letter-not-found", example={"id": "1764540000000-0", "action": "replayed"}),
)
async def replay_dead_letter(caller: Resolving, deps: Deps, letter_id: LetterId, body: LetterBody) -> Response:
    """Publish the message again, behind what its stream holds by now."""
    known = _LETTER.fullmatch(letter_id)
    if not known or not await deps.messaging.letters.replay(letter_id, reason=body.reason, actor=caller.actor):
        raise _missing()
    return answer(SettledOut(id=letter_id, action="replayed"))


@router.post(
    "/dead-letters/{letter_id}/drop",
    response_model=SettledOut,
    openapi_extra=problems("dead-letter-not-found", example={"id": "1764540000000-0", "action": "dropped"}),
)
async def drop_dead_letter(caller: Resolving, deps: Deps, letter_id: LetterId, body: LetterBody) -> Response:
    """Give the message up. What was dropped, by whom and why stays on record for a while."""
    known = _LETTER.fullmatch(letter_id)
    if not known or not await deps.messaging.letters.drop(letter_id, reason=body.reason, actor=caller.actor):
        raise _missing()
    return answer(SettledOut(id=letter_id, action="dropped"))


@router.get(
    "/subscriptions",
    response_model=ListOut[SubscriptionOut],
    openapi_extra=problems(example=examples.items(examples.SUBSCRIPTION)),
)
async def list_subscriptions(caller: Operating, deps: Deps) -> Response:
    """How far each stream of other services' events is handled."""
    items = [SubscriptionOut.model_validate(item) for item in await deps.messaging.subscriptions.list()]
    return answer(ListOut[SubscriptionOut](items=items))


def _missing() -> Problem:
    return Problem("dead-letter-not-found", "there is no dead letter of this id; it may be settled already")
