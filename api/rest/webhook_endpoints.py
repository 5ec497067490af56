"""Endpoints that webhooks go out to: kept, paused, tried, and sent again what they missed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Response

from api.dependencies import Cursor, Deps, Limit, ManagingWebhooks, RequiredKey
from api.errors import Problem
from api.openapi import problems
from api.outbound import Webhooks
from api.rest import examples
from api.rest.representations import ListOut, PageOut, answer
from api.rest.webhook_bodies import (
    CREATED,
    DELIVERY,
    EXAMPLE,
    SECRET,
    CreatedEndpointOut,
    DeliveryOut,
    EndpointBase,
    EndpointBody,
    EndpointChangeBody,
    EndpointOut,
    ReplayBody,
    ReplayOut,
    SecretOut,
    TriedOut,
)
from api.strict import StrictRoute
from domain import identifiers
from messaging.webhooks.addresses import BadUrl
from messaging.webhooks.courier import TEST_TYPE
from messaging.webhooks.endpoints import Endpoint

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhooks"], route_class=StrictRoute)

EndpointId = Annotated[str, Path(description="The endpoint's id", json_schema_extra={"format": "uuid"})]

_ONE: Final = problems("webhook-endpoint-not-found", example=EXAMPLE)


@router.post(
    "",
    status_code=201,
    response_model=CreatedEndpointOut,
    openapi_extra=problems(
        *("invalid-webhook-url", "unknown-event-type", "too-many-webhook-endpoints"),
        *("idempotency-key-required", "idempotency-key-reuse"),
        example={**CREATED, "secret": SECRET},
    ),
)
async def create_webhook_endpoint(
    caller: ManagingWebhooks, deps: Deps, key: RequiredKey, body: EndpointBody
) -> Response:
    """What happens to orders from now on is sent there. The same key gives the same endpoint, while there is one,
    with a secret that signs now."""
    _check(deps.webhooks, url=body.url, event_types=body.event_types)
    made = await deps.webhooks.endpoints.create(
        identifiers.endpoint_id(caller.issuer, caller.subject, key),
        url=body.url,
        description=body.description,
        event_types=_once(body.event_types),
        created_by=caller.actor,
    )
    if made is None:
        raise Problem("too-many-webhook-endpoints", "delete one that is not needed any more")
    endpoint = EndpointBase.model_validate(await _found(deps, made.endpoint_id))
    shown = CreatedEndpointOut(**endpoint.model_dump(), secret=made.secret)
    return answer(shown, 201, location=f"{router.prefix}/{made.endpoint_id}", cache_control="no-store")


@router.get("", response_model=ListOut[EndpointOut], openapi_extra=problems(example=examples.items(EXAMPLE)))
async def list_webhook_endpoints(caller: ManagingWebhooks, deps: Deps) -> Response:
    """The oldest first."""
    items = [EndpointOut.model_validate(each) for each in await deps.webhooks.endpoints.list()]
    return answer(ListOut[EndpointOut](items=items))


@router.get("/{endpoint_id}", response_model=EndpointOut, openapi_extra=_ONE)
async def get_webhook_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """One endpoint, without its secret."""
    return await _shown(deps, _uuid(endpoint_id))


@router.patch(
    "/{endpoint_id}",
    response_model=EndpointOut,
    openapi_extra=problems(
        "webhook-endpoint-not-found", "invalid-webhook-url", "unknown-event-type", example=EXAMPLE
    ),
)
async def change_webhook_endpoint(
    caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId, body: EndpointChangeBody
) -> Response:
    """Change the members given. What waits goes to the new URL; a filter counts for what is sent from now on."""
    found, given = _uuid(endpoint_id), body.model_dump(exclude_unset=True)
    _check(deps.webhooks, **given)
    if "event_types" in given:
        given["event_types"] = _once(given["event_types"])
    await deps.webhooks.endpoints.change(found, **given)
    return await _shown(deps, found)


@router.delete(
    "/{endpoint_id}",
    status_code=204,
    openapi_extra=problems("webhook-endpoint-not-found"),
    response_class=Response,
)
async def delete_webhook_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """With its log and all that waits for it."""
    if not await deps.webhooks.endpoints.delete(_uuid(endpoint_id)):
        raise _missing()
    return Response(status_code=204)


@router.post(
    "/{endpoint_id}/rotate-secret",
    response_model=SecretOut,
    openapi_extra=problems(
        "webhook-endpoint-not-found", example={"endpoint_id": EXAMPLE["endpoint_id"], "secret": SECRET}
    ),
)
async def rotate_webhook_secret(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """A new secret; the one before signs beside it for a while."""
    made = await deps.webhooks.endpoints.rotate(_uuid(endpoint_id), overlap=deps.webhooks.overlap)
    if made is None:
        raise _missing()
    return answer(SecretOut(endpoint_id=made.endpoint_id, secret=made.secret), cache_control="no-store")


@router.post("/{endpoint_id}/pause", response_model=EndpointOut, openapi_extra=_ONE)
async def pause_webhook_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """Send nothing for now. What happens meanwhile waits."""
    found = _uuid(endpoint_id)
    await deps.webhooks.endpoints.pause(found)
    return await _shown(deps, found)


@router.post("/{endpoint_id}/resume", response_model=EndpointOut, openapi_extra=_ONE)
async def resume_webhook_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """Send again, beginning with what waits."""
    found = _uuid(endpoint_id)
    await deps.webhooks.endpoints.resume(found)
    return await _shown(deps, found)


@router.get(
    "/{endpoint_id}/deliveries",
    response_model=PageOut[DeliveryOut],
    openapi_extra=problems(
        "webhook-endpoint-not-found", "invalid-cursor", example={"items": [DELIVERY], "next_cursor": "96"}
    ),
)
async def list_webhook_deliveries(
    caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Every attempt, the newest first."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise Problem("invalid-cursor", "give the next_cursor of an earlier page")
    endpoint = await _found(deps, _uuid(endpoint_id))
    before = int(cursor) if cursor else None
    page = await deps.webhooks.log.deliveries(endpoint.endpoint_id, before=before, most=limit + 1)
    items = [DeliveryOut.model_validate(each) for each in page[:limit]]
    more = str(items[-1].delivery_id) if len(page) > limit else None
    return answer(PageOut[DeliveryOut](items=items, next_cursor=more))


@router.post(
    "/{endpoint_id}/replay",
    status_code=202,
    response_model=ReplayOut,
    openapi_extra=problems("webhook-endpoint-not-found", example={"orders": 12}),
)
async def replay_webhooks(
    caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId, body: ReplayBody
) -> Response:
    """Send every event behind that position of the log again, under the ids they had. A paused endpoint gets
    them once it is resumed."""
    endpoint = await _found(deps, _uuid(endpoint_id))
    orders = await deps.webhooks.log.replay(endpoint.endpoint_id, after=body.after)
    return answer(ReplayOut(orders=orders), 202)


@router.post(
    "/{endpoint_id}/test",
    response_model=TriedOut,
    openapi_extra=problems(
        "webhook-endpoint-not-found",
        example={"succeeded": False, "status": 503, "error": "http-503", "milliseconds": 41},
    ),
)
async def send_test_webhook(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """Send a message of type `webhook.test` once, also to a paused endpoint, and say what came of it."""
    endpoint = await _found(deps, _uuid(endpoint_id))
    message = {"type": TEST_TYPE, "recorded_at": datetime.now(UTC), "data": {}}
    return answer(TriedOut.model_validate(await deps.webhooks.test(endpoint, orjson.dumps(message))))


def _check(
    webhooks: Webhooks, *, url: str | None = None, event_types: Sequence[str] | None = None, **_: object
) -> None:
    if url is not None:
        try:
            webhooks.check_url(url)
        except BadUrl as error:
            raise Problem("invalid-webhook-url", str(error)) from None
    unknown = sorted(set(event_types or ()) - webhooks.event_types)
    if unknown:
        accepted = ", ".join(sorted(webhooks.event_types))
        raise Problem(
            "unknown-event-type", f"{unknown[0][:100]} is no type of an order's events; accepted: {accepted}"
        )


def _once(types: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(types))


async def _found(deps: Deps, endpoint_id: UUID) -> Endpoint:
    endpoint = await deps.webhooks.endpoints.find(endpoint_id)
    if endpoint is None:
        raise _missing()
    return endpoint


async def _shown(deps: Deps, endpoint_id: UUID) -> Response:
    return answer(EndpointOut.model_validate(await _found(deps, endpoint_id)))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _missing() from None


def _missing() -> Problem:
    return Problem("webhook-endpoint-not-found", "there is no webhook endpoint of this id")
