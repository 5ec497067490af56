"""`GET /v1/stream`: what happens, as it happens, by server-sent events (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from api.auth import Principal, Scope
from api.dependencies import Deps, Reading
from api.errors import Problem
from api.live import FellBehind, Wanted
from api.openapi import items, problems
from api.owners import LiveEvent
from api.reading import owns
from api.rest import examples
from api.rest.history import EventOut
from api.strict import StrictRoute
from readmodels.views import TimelineEntry

router = APIRouter(prefix="/v1", tags=["live"], route_class=StrictRoute)

PING_SECONDS: Final = 15.0
RETRY_MS: Final = 2_000
_FIRST: Final = format_sse_event(comment="waybill", retry=RETRY_MS)

Types = Annotated[list[str] | None, Query(alias="type", max_length=50, description="Event types; all if none")]


class EventStream(StreamingResponse):
    """FastAPI's own would encode every event anew for every reader."""

    media_type = "text/event-stream"


def wanted_by(
    caller: Principal, *, order_id: UUID | None, customer_id: str | None, types: frozenset[str] = frozenset()
) -> Wanted:
    """Which events a caller gets: those that it asked for and may see. Only operators see more than orders."""
    internal = caller.may(Scope.READ_OPERATIONS)

    def wanted(event: LiveEvent) -> bool:
        if types and event.recorded.type not in types:
            return False
        if event.customer_id is None:
            return internal and order_id is None and customer_id is None
        return (
            owns(caller, event.customer_id)
            and (customer_id is None or event.customer_id == customer_id)
            and (order_id is None or event.order_id == order_id)
        )

    return wanted


class LiveEventOut(EventOut):
    """An event of any stream; `order_id` is there if it is an order's. `position` is what to go on after."""

    stream: str
    order_id: UUID | None

    @classmethod
    def seen(cls, event: LiveEvent, caller: Principal) -> "LiveEventOut":
        recorded = event.recorded
        entry = TimelineEntry(
            position=event.position,
            version=recorded.version,
            type=recorded.type,
            recorded_at=recorded.recorded_at,
            step=recorded.metadata.get("step"),
            actor=recorded.metadata.get("actor"),
            data=event.data,
        )
        shown = dict(EventOut.of(entry, caller))
        return cls.model_construct(**shown, stream=recorded.stream_id, order_id=event.order_id)


def encode(event: LiveEvent, caller: Principal) -> bytes:
    """The event on the wire. Operators all see the same, so that is made once for all of them."""
    if not caller.may(Scope.READ_OPERATIONS):
        return _encoded(event, caller)
    if event.shared is None:
        event.shared = _encoded(event, caller)
    return event.shared


def _encoded(event: LiveEvent, caller: Principal) -> bytes:
    shown = LiveEventOut.seen(event, caller).model_dump_json()
    return format_sse_event(data_str=shown, event=event.recorded.type, id=str(event.position))


@router.get(
    "/stream",
    response_class=EventStream,
    responses={200: {"content": items(EventStream.media_type, LiveEventOut)}},
    openapi_extra=problems("invalid-position", "unavailable", example=examples.STREAMED),
)
async def stream_events(
    caller: Reading,
    deps: Deps,
    order_id: Annotated[UUID | None, Query(description="Only this order's events")] = None,
    customer_id: Annotated[str | None, Query(max_length=255, description="Only this customer's orders")] = None,
    types: Types = None,
    after: Annotated[
        str | None, Query(max_length=20, description="As Last-Event-ID, for the first request")
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="The position to go on after; from now on without it")
    ] = None,
) -> EventStream:
    """Events as they happen, each with its position as id. A customer gets those of its own orders.

    A reader that comes back with `Last-Event-ID` first gets all that it missed. One that reads too slowly is cut
    off, and comes back in the same way.
    """
    position = _position(last_event_id if last_event_id is not None else after)
    wanted = wanted_by(caller, order_id=order_id, customer_id=customer_id, types=frozenset(types or ()))
    events = deps.feed.after(position, wanted)
    return EventStream(_sent(events, caller), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


def _position(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    if not text.isascii() or not text.isdigit() or int(text) >= 2**63:
        raise Problem("invalid-position", "Last-Event-ID is the id of an event of this stream: a whole number")
    return int(text)


async def _sent(events: AsyncIterator[LiveEvent], caller: Principal) -> AsyncIterator[bytes]:
    yield _FIRST
    coming = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait((coming,), timeout=PING_SECONDS)
            if not done:
                yield KEEPALIVE_COMMENT
                continue
            yield encode(coming.result(), caller)
            coming = asyncio.ensure_future(anext(events))
    except (FellBehind, StopAsyncIteration):
        return  # the client comes back with its last position
    finally:
        coming.cancel()
