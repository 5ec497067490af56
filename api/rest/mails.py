"""The log of mails to customers. It holds no address: whom a mail went to is the order's to say."""

from datetime import datetime
from typing import Final, cast
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import Cursor, Deps, Limit, Operating
from api.openapi import problems
from api.rest import examples
from api.rest.representations import PageOut, answer
from api.strict import StrictRoute
from messaging.mails.log import Mail, MailState
from readmodels import cursors

router = APIRouter(prefix="/v1/ops", tags=["operations"], route_class=StrictRoute)

Place = tuple[datetime, UUID]
EXAMPLE: Final = {
    "event_id": examples.ORDER_ID,
    "order_id": examples.ORDER_ID,
    "kind": "dispatched",
    "state": "sent",
    "attempts": 1,
    "reason": None,
    "first_at": examples.TIME,
    "updated_at": examples.TIME,
}


class MailOut(BaseModel):
    """The mail about one event.

    `attempts`: how often an SMTP server was asked to take it. `reason`: why it was not sent, or not yet.
    """

    event_id: UUID
    order_id: UUID
    kind: str
    state: MailState
    attempts: int
    reason: str | None
    first_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, mail: Mail) -> "MailOut":
        return cls(
            event_id=mail.event_id,
            order_id=mail.order_id,
            kind=mail.kind,
            state=mail.state,
            attempts=mail.attempts,
            reason=mail.reason,
            first_at=mail.first_at,
            updated_at=mail.updated_at,
        )


@router.get(
    "/mails",
    response_model=PageOut[MailOut],
    openapi_extra=problems("invalid-cursor", example=examples.page(EXAMPLE)),
)
async def list_mails(
    caller: Operating,
    deps: Deps,
    state: MailState | None = None,
    order_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first: what was sent, is retried, failed for good, or was skipped as there is nobody to write to."""
    before = cast(Place, cursors.decode(cursor, cursors.time, UUID)) if cursor is not None else None
    mails = await deps.mails.page(state=state, order_id=order_id, before=before, most=limit + 1)
    page = cursors.page(mails, limit, MailOut.of, lambda mail: (mail.first_at.isoformat(), str(mail.event_id)))
    return answer(PageOut[MailOut](items=list(page.items), next_cursor=page.next_cursor))
