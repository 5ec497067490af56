"""Endpoints that webhooks go out to: kept, paused, tried, and sent again what they missed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from api.dependencies import Cursor, Deps, Limit, ManagingWebhooks
from api.errors import Problem
from api.openapi import problems
from api.outbound import Webhooks
from api.rest import examples
from api.rest.bodies import Body, Short
from api.rest.representations import ListOut, PageOut, answer
from api.strict import StrictRoute
from messaging.webhooks.addresses import MAX_URL, BadUrl
from messaging.webhooks.courier import TEST_TYPE
from messaging.webhooks.endpoints import Endpoint

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["webhooks"], route_class=StrictRoute)

MAX_POSITION: Final = 2**62
MAX_TYPES: Final = 100
CREATED: Final[dict[str, Any]] = {
    "endpoint_id": "5b0c2f0e-3f57-4c0c-9a55-0a4f5f0c7d21",
    "url": "https://shop.example.org/hooks",
    "description": "the warehouse",
    "event_types": ["OrderConfirmed", "OrderCompleted"],
    "state": "active",
    "failures": 0,
    "from_position": 4711,
    "created_by": "service:warehouse",
    "created_at": examples.TIME,
}
EXAMPLE: Final[dict[str, Any]] = {**CREATED, "paused_reason": None, "paused_at": None}
SECRET: Final = "whsec_c2hvd24gb25jZSwgYXQgY3JlYXRpb24="  # noqa: S105 - an example
DELIVERY: Final[dict[str, Any]] = {
    "delivery_id": 96,
    "order_id": examples.ORDER_ID,
    "message_id": "msg_8f6f0a52-0b61-4d51-9d8e-8f7c1b2f9f10",
    "position": 4712,
    "sequence": 3,
    "type": "OrderConfirmed",
    "attempt": 1,
    "succeeded": True,
    "status": 200,
    "error": None,
    "milliseconds": 41,
    "body_sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "attempted_at": examples.TIME,
}

Description = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL)]
Types = Annotated[tuple[Short, ...], Field(max_length=MAX_TYPES, description="Event types; all if there are none")]


class EndpointBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": EXAMPLE["url"], "event_types": EXAMPLE["event_types"]}]}
    )

    url: Url
    description: Description = ""
    event_types: Types = ()


class EndpointChangeBody(Body):
    """What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event_types": []}]})

    url: Url = ""
    description: Description = ""
    event_types: Types = ()


class ReplayBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"after": 4711}]})

    after: Annotated[StrictInt, Field(ge=0, le=MAX_POSITION, description="A position in the log")]


class _EndpointOut(BaseModel, from_attributes=True):
    """`failures`: attempts that failed in a row. `from_position`: where in the log its events begin."""

    endpoint_id: UUID
    url: str
    description: str
    event_types: list[str]
    state: str
    failures: int
    from_position: int
    created_by: str
    created_at: datetime


class EndpointOut(_EndpointOut):
    paused_reason: str | None
    paused_at: datetime | None


class CreatedEndpointOut(_EndpointOut):
    """`secret` is not told again."""

    secret: str


class SecretOut(BaseModel):
    """`secret` is not told again."""

    endpoint_id: UUID
    secret: str


class DeliveryOut(BaseModel, from_attributes=True):
    """An attempt. `order_id`, `position` and `sequence` are null of a test; `status` is null without an answer."""

    delivery_id: int
    order_id: UUID | None
    message_id: str
    position: int | None
    sequence: int | None
    type: str
    attempt: int
    succeeded: bool
    status: int | None
    error: str | None
    milliseconds: int
    body_sha256: str
    attempted_at: datetime


class ReplayOut(BaseModel):
    """`orders`: how many have events that are sent again."""

    orders: int


class TriedOut(BaseModel, from_attributes=True):
    succeeded: bool
    status: int | None
    error: str | None
    milliseconds: int


EndpointId = Annotated[str, Path(description="The endpoint's id", json_schema_extra={"format": "uuid"})]

_ONE: Final = problems("webhook-endpoint-not-found", example=EXAMPLE)


@router.post(
    "",
    status_code=201,
    response_model=CreatedEndpointOut,
    openapi_extra=problems(
        *("invalid-webhook-url", "unknown-event-type", "too-many-webhook-endpoints"),
        example={**CREATED, "secret": SECRET},
    ),
)
async def create_endpoint(caller: ManagingWebhooks, deps: Deps, body: EndpointBody) -> Response:
    """What happens to orders from now on is sent there. Sent twice, it makes two endpoints."""
    _check(deps.webhooks, url=body.url, event_types=body.event_types)
    made = await deps.webhooks.endpoints.create(
        url=body.url,
        description=body.description,
        event_types=_once(body.event_types),
        created_by=caller.actor,
    )
    if made is None:
        raise Problem("too-many-webhook-endpoints", "delete one that is not needed any more")
    endpoint = _EndpointOut.model_validate(await _found(deps, made.endpoint_id))
    shown = CreatedEndpointOut(**endpoint.model_dump(), secret=made.secret)
    return answer(shown, 201, location=f"{router.prefix}/{made.endpoint_id}", cache_control="no-store")


@router.get("", response_model=ListOut[EndpointOut], openapi_extra=problems(example=examples.items(EXAMPLE)))
async def list_endpoints(caller: ManagingWebhooks, deps: Deps) -> Response:
    """The oldest first."""
    items = [EndpointOut.model_validate(each) for each in await deps.webhooks.endpoints.list()]
    return answer(ListOut[EndpointOut](items=items))


@router.get("/{endpoint_id}", response_model=EndpointOut, openapi_extra=_ONE)
async def read_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    return await _shown(deps, _uuid(endpoint_id))


@router.patch(
    "/{endpoint_id}",
    response_model=EndpointOut,
    openapi_extra=problems(
        "webhook-endpoint-not-found", "invalid-webhook-url", "unknown-event-type", example=EXAMPLE
    ),
)
async def change_endpoint(
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
async def delete_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
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
async def rotate_secret(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """A new secret; the one before signs beside it for a while."""
    made = await deps.webhooks.endpoints.rotate(_uuid(endpoint_id), overlap=deps.webhooks.overlap)
    if made is None:
        raise _missing()
    return answer(SecretOut(endpoint_id=made.endpoint_id, secret=made.secret), cache_control="no-store")


@router.post("/{endpoint_id}/pause", response_model=EndpointOut, openapi_extra=_ONE)
async def pause_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
    """Send nothing for now. What happens meanwhile waits."""
    found = _uuid(endpoint_id)
    await deps.webhooks.endpoints.pause(found)
    return await _shown(deps, found)


@router.post("/{endpoint_id}/resume", response_model=EndpointOut, openapi_extra=_ONE)
async def resume_endpoint(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
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
async def list_deliveries(
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
async def replay(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId, body: ReplayBody) -> Response:
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
async def send_test(caller: ManagingWebhooks, deps: Deps, endpoint_id: EndpointId) -> Response:
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
