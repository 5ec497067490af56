"""What is sent to `/v1/webhook-endpoints`, and what it answers."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from api.rest import examples
from api.rest.bodies import Body
from api.rest.texts import PLAIN, Plain
from messaging.webhooks.addresses import MAX_URL

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

Description = Annotated[str, StringConstraints(max_length=500), PLAIN]
Url = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL), PLAIN]
Types = Annotated[tuple[Plain, ...], Field(max_length=MAX_TYPES, description="Event types; all if there are none")]


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


class EndpointBase(BaseModel, from_attributes=True):
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


class EndpointOut(EndpointBase):
    paused_reason: str | None
    paused_at: datetime | None


class CreatedEndpointOut(EndpointBase):
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
