"""Drafts: orders that staff prepare for a customer, look at with their price, and place."""

import re
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import (
    AnyKey,
    ApiDependencies,
    Cursor,
    Deps,
    Drafting,
    ExpectedVersion,
    Limit,
    MinPosition,
    RequiredKey,
    command_key,
)
from api.drafting import check_contents, place, quoted
from api.openapi import problems
from api.placing import body_digest
from api.reading import catch_up
from api.rest import examples
from api.rest.draft_bodies import (
    DiscardBody,
    DraftBody,
    DraftChangeBody,
    DraftOut,
    DraftSummaryOut,
    given,
)
from api.rest.place import PlacedOut
from api.rest.representations import PageOut, answer, etag
from api.strict import StrictRoute
from domain import identifiers
from domain.drafts.decide import changed, expect_open
from domain.drafts.events import DraftContents
from domain.drafts.model import DraftStatus
from domain.errors import NotFound
from readmodels import drafts
from workflows.drafts import LoadedDraft

router = APIRouter(prefix="/v1/drafts", tags=["drafts"], route_class=StrictRoute)

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DraftId = Annotated[str, Path(description="The draft's id", json_schema_extra={"format": "uuid"})]
CONTENTS: Final = (
    *("unknown-sku", "product-not-available", "price-not-available", "unknown-currency", "invalid-quantity"),
    *("invalid-lines", "duplicate-sku", "order-value-out-of-bounds", "invalid-sku", "invalid-email"),
    *("invalid-address", "unknown-payment-method", "invalid-customer-id", "customer-erased"),
    *("unknown-shipping-method", "shipping-method-not-available", "invalid-idempotency-key"),
)
CHANGED: Final = ("draft-not-found", "draft-being-placed", "draft-placed", "draft-discarded", "version-mismatch")


@router.get(
    "",
    response_model=PageOut[DraftSummaryOut],
    openapi_extra=problems(
        "invalid-cursor", "invalid-position", "read-not-caught-up", example=examples.page(examples.DRAFT_SUMMARY)
    ),
)
async def list_drafts(
    caller: Drafting,
    deps: Deps,
    status: DraftStatus | None = DraftStatus.OPEN,
    customer_id: Annotated[str | None, Query(max_length=128, description="Only this customer's")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    min_position: MinPosition = None,
) -> Response:
    """The newest first; open ones, unless another status is asked for."""
    await catch_up(deps, drafts.NAME, min_position)
    page = await deps.queries.drafts(status, customer_id, limit=limit, cursor=cursor)
    items = [DraftSummaryOut.of(view) for view in page.items]
    return answer(PageOut[DraftSummaryOut](items=items, next_cursor=page.next_cursor))


@router.post(
    "",
    status_code=201,
    response_model=DraftOut,
    openapi_extra=problems(
        *("idempotency-key-required", "idempotency-key-reuse", *CONTENTS), example=examples.DRAFT
    ),
)
async def create_draft(caller: Drafting, deps: Deps, key: RequiredKey, body: DraftBody) -> Response:
    """Begin a draft. The same key and body answer with the same draft again."""
    draft_id = identifiers.draft_id(caller.issuer, caller.subject, key)
    contents = DraftContents(**given(body))
    if not await _exists(deps, draft_id):  # the catalogue may have allowed it when this key was first used
        await check_contents(deps, contents)
    known = await deps.drafts.create(
        draft_id,
        contents,
        fingerprint=await body_digest(deps, body.customer_id, body),
        actor=caller.actor,
    )
    return await _shown(deps, known, 201, location=f"/v1/drafts/{draft_id}")


@router.get(
    "/{draft_id}",
    response_model=DraftOut,
    openapi_extra=problems("draft-not-found", example=examples.DRAFT),
)
async def get_draft(caller: Drafting, deps: Deps, draft_id: DraftId) -> Response:
    """As it stands, with what it costs now. Reads the draft itself, so it is never behind a change."""
    return await _shown(deps, await deps.drafts.load(_known(draft_id)))


@router.patch(
    "/{draft_id}",
    response_model=DraftOut,
    openapi_extra=problems(*CHANGED, *CONTENTS, "draft-too-long", "invalid-if-match", example=examples.DRAFT),
)
async def change_draft(
    caller: Drafting,
    deps: Deps,
    draft_id: DraftId,
    key: AnyKey,
    expected_version: ExpectedVersion,
    body: DraftChangeBody,
) -> Response:
    """Change what is given, and leave the rest; with `If-Match` only the version that was read."""
    known = await deps.drafts.load(_known(draft_id))
    values = given(body)
    contents = changed(expect_open(known.draft).contents, values)
    await check_contents(deps, contents)
    after = await deps.drafts.change(
        known.draft.draft_id,
        values,
        key=command_key(caller, key),
        actor=caller.actor,
        expected_version=expected_version,
    )
    return await _shown(deps, after)


@router.post(
    "/{draft_id}/discard",
    response_model=DraftOut,
    openapi_extra=problems(*CHANGED, "invalid-idempotency-key", "invalid-if-match", example=examples.DRAFT),
)
async def discard_draft(
    caller: Drafting,
    deps: Deps,
    draft_id: DraftId,
    key: AnyKey,
    expected_version: ExpectedVersion,
    body: DiscardBody,
) -> Response:
    """Give a draft up, for good."""
    known = await deps.drafts.discard(
        _known(draft_id),
        key=command_key(caller, key),
        reason=body.reason,
        actor=caller.actor,
        expected_version=expected_version,
    )
    return await _shown(deps, known)


@router.post(
    "/{draft_id}/place",
    status_code=201,
    response_model=PlacedOut,
    openapi_extra=problems(
        *("draft-not-found", "draft-discarded", "draft-incomplete", "version-mismatch", "invalid-if-match"),
        *("outcome-unknown", *CONTENTS),
        example=examples.PLACED,
    ),
)
async def place_draft(
    caller: Drafting, deps: Deps, draft_id: DraftId, expected_version: ExpectedVersion
) -> Response:
    """Place the draft as `POST /v1/orders` would, under the draft's id: however often, it is one order."""
    known = await deps.drafts.load(_known(draft_id))
    return await place(deps, caller, known, expected_version)


async def _exists(deps: ApiDependencies, draft_id: UUID) -> bool:
    try:
        await deps.drafts.load(draft_id)
    except NotFound:
        return False
    return True


def _known(text: str) -> UUID:
    """An id that is no UUID names no draft, like any other unknown id."""
    if not _UUID.fullmatch(text):
        raise NotFound("there is no draft of this id", code="draft-not-found")
    return UUID(text)


async def _shown(deps: ApiDependencies, known: LoadedDraft, status: int = 200, **headers: str) -> Response:
    shown = DraftOut.of(known, *await quoted(deps, known.draft))
    return answer(shown, status, etag=etag(known.version), waybill_position=shown.position, **headers)
