"""A carrier that behaves like a real one: it books, cancels, moves parcels by the day and pushes signed news.

Keys and answers are as at the payment gateway. The recipient stands on the label, which is kept with the booking
until the carrier is told to forget it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ops.config import Settings
from ops.simulators.books import Books, open_books
from ops.simulators.control import control_router, lookup_fault
from ops.simulators.courier import Courier
from ops.simulators.keys import abandonment_router
from ops.simulators.wire import (
    BooksOf,
    IdempotencyKey,
    Page,
    give,
    install_error_answers,
    json_answer,
    page_answer,
    refusal,
)

KINDS = frozenset({"booking", "cancel"})
Text = Annotated[str, Field(min_length=1, max_length=300)]

PERFORM = "SELECT * FROM carrier.perform($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
LIST_BOOKINGS = "SELECT * FROM carrier.list_bookings($1, $2, $3, $4, $5)"
FORGET = "UPDATE carrier.booking SET label = NULL WHERE order_id = $1 AND label IS NOT NULL"
VACUUM = "VACUUM carrier.booking"  # the labels as they were are kept by Postgres until then
ORDER_OF = "SELECT order_id FROM carrier.booking WHERE reference = $1"
PAUSE = "INSERT INTO carrier.pause (order_id) VALUES ($1) ON CONFLICT DO NOTHING"
RESUME = "DELETE FROM carrier.pause WHERE order_id IS NOT DISTINCT FROM $1"
ADVANCE = "UPDATE carrier.booking SET due_at = to_timestamp(0) WHERE order_id = $1 AND due_at IS NOT NULL"
REVIVE = "UPDATE carrier.webhook SET dead = false, attempts = 0, next_attempt_at = now() WHERE dead"
LIST_PAUSED = "SELECT order_id FROM carrier.pause ORDER BY order_id NULLS FIRST LIMIT 1000"
COUNT_PENDING = "SELECT count(*) FROM carrier.webhook WHERE delivered_at IS NULL AND NOT dead"
LIST_DEAD = """
    SELECT booking, sequence, order_id, status, attempts, error FROM carrier.webhook
    WHERE dead ORDER BY occurred_at DESC LIMIT 100
"""

router = APIRouter()


class BookingRequest(BaseModel):
    """A parcel to carry, from the warehouse or, of a return, to it; `items` are pairs of SKU and quantity."""

    reference: Text
    order_id: UUID
    warehouse: Text
    items: list[tuple[str, int]] = Field(min_length=1, max_length=1000)
    recipient: Text
    line1: Text
    line2: str | None = Field(None, max_length=300)
    city: Text
    region: str | None = Field(None, max_length=300)
    postal_code: Text
    country: str = Field(pattern="^[A-Z]{2}$")
    direction: Literal["outbound", "return"] = "outbound"
    service: str = Field("standard", max_length=40)


class ErasureRequest(BaseModel):
    order_id: UUID


class MovementRequest(BaseModel):
    paused: bool
    order_id: UUID | None = None


class AdvanceRequest(BaseModel):
    order_id: UUID


def _courier(request: Request) -> Courier:
    return cast("Courier", request.app.state.courier)


CourierOf = Annotated[Courier, Depends(_courier)]


@router.post("/v1/bookings")
async def book(wanted: BookingRequest, key: IdempotencyKey, books: BooksOf, courier: CourierOf) -> Response:
    items = orjson.dumps(wanted.items).decode()
    # The address stays out of the fingerprint: a repeat finds its booking even after the person was erased.
    fingerprint = f"booking {wanted.order_id} {wanted.reference} {wanted.warehouse} {items}"
    now = datetime.now(UTC)
    label = wanted.model_dump_json(exclude={"reference", "order_id", "warehouse", "items"})
    due = now + courier.collected_after
    what = (None, wanted.order_id, wanted.reference, wanted.warehouse, items, now, due, label)
    answer = await books.fetchrow(PERFORM, key, fingerprint, "booking", *what)
    courier.wake(courier.collected_after.total_seconds())
    return await give(answer)


@router.post("/v1/bookings/{reference}/cancel")
async def cancel(reference: str, key: IdempotencyKey, books: BooksOf) -> Response:
    what = (reference, None, None, None, None, None, None, None)
    return await give(await books.fetchrow(PERFORM, key, f"cancel {reference}", "cancel", *what))


@router.post("/v1/erasures")
async def forget(wanted: ErasureRequest, books: BooksOf) -> Response:
    """Delete whom an order's parcels went to. The bookings stay, and so do their answers, which name nobody."""
    if fault := await lookup_fault(books, "carrier", wanted.order_id):
        return fault
    await books.execute(FORGET, wanted.order_id)
    await books.execute(VACUUM)
    return json_answer(200, "{}")


@router.get("/v1/bookings/{reference}")
async def track(reference: str, books: BooksOf) -> Response:
    if fault := await lookup_fault(books, "carrier", await books.fetchval(ORDER_OF, reference)):
        return fault
    rows = await books.fetch(LIST_BOOKINGS, None, None, reference, 0, 1)
    return (
        json_answer(200, rows[0]["body"]) if rows else refusal(404, "unknown_booking", "There is no such booking.")
    )


@router.get("/v1/bookings")
async def bookings(page: Page, books: BooksOf) -> Response:
    if fault := await lookup_fault(books, "carrier", page.order_id):
        return fault
    where = (page.order_id, page.idempotency_key, None, page.cursor, page.limit + 1)
    return page_answer(await books.fetch(LIST_BOOKINGS, *where), page.limit)


@router.get("/livez")
async def livez(courier: CourierOf) -> Response:
    """503 when the courier has ended by an error: parcels stand still, and only a new process moves them."""
    return json_answer(*((200, '{"status":"ok"}') if courier.working else (503, '{"status":"courier_ended"}')))


@router.post("/control/movement")
async def movement(wanted: MovementRequest, books: BooksOf, courier: CourierOf) -> Response:
    """Stop all parcels, or an order's, where they are; or let them go on. News on its way still arrives."""
    await books.execute(PAUSE if wanted.paused else RESUME, wanted.order_id)
    courier.wake()
    return json_answer(200, wanted.model_dump_json())


@router.post("/control/advance")
async def advance(wanted: AdvanceRequest, books: BooksOf, courier: CourierOf) -> Response:
    """Move an order's parcels on by one state now, paused or not."""
    await books.execute(ADVANCE, wanted.order_id)
    courier.wake()
    return json_answer(200, wanted.model_dump_json())


@router.post("/control/webhooks/retry")
async def revive(books: BooksOf, courier: CourierOf) -> Response:
    """Try dead webhooks again."""
    await books.execute(REVIVE)
    courier.wake()
    return json_answer(200, orjson.dumps(await _describe(books), default=str))


async def _describe(books: Books) -> Mapping[str, Any]:
    paused = [row["order_id"] for row in await books.fetch(LIST_PAUSED)]
    return {
        "paused": None in paused,
        "paused_orders": [order for order in paused if order],
        "webhooks_pending": await books.fetchval(COUNT_PENDING),
        "webhooks_dead": [dict(row) for row in await books.fetch(LIST_DEAD)],
    }


def build_carrier_app(settings: Settings) -> FastAPI:
    """The carrier as an ASGI app with its courier. It needs its database when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        schema = ["carrier", "courier"]
        async with (
            open_books(settings.simulator_dsn, settings.database_pool, schema) as app.state.books,
            Courier.employed(settings) as app.state.courier,
        ):
            yield

    app = FastAPI(title="Simulated carrier", lifespan=lifespan)
    install_error_answers(app)
    app.include_router(router)
    app.include_router(abandonment_router("carrier"))
    app.include_router(control_router("carrier", KINDS, _describe))
    return app
