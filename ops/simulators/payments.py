"""A payment gateway that behaves like a real one: it commits to its books before it answers, and it can fail.

Every POST needs an `Idempotency-Key`. A key acts at most once; the same request under it gets the same answer
again, another request gets 422. 402 is a decline, 409 a refusal, each with a code; 409 `in_flight` and every 5xx
say nothing about the outcome.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ops.config import Settings
from ops.simulators.books import Books, open_books
from ops.simulators.control import control_router, lookup_fault
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

KINDS = frozenset({"authorization", "capture", "void", "refund"})
MAX_MINOR = 10**15

PERFORM = "SELECT * FROM payments.perform($1, $2, $3, $4, $5, $6, $7, $8)"
LIST_EFFECTS = "SELECT * FROM payments.list_effects($1, $2, $3, $4)"
LIST_METHODS = "SELECT name, kind, behaviour, code, available FROM payments.method ORDER BY name"
SET_LIFETIME = """
    INSERT INTO payments.rules (lifetime) VALUES (make_interval(secs => $1))
    ON CONFLICT (one) DO UPDATE SET lifetime = excluded.lifetime
"""
EXPIRE = """
    UPDATE payments.payment SET expires_at = now() WHERE order_id = $1 AND authorized > captured + voided
    RETURNING id
"""
SET_AVAILABLE = "UPDATE payments.method SET available = $2 WHERE name = $1 RETURNING name"

router = APIRouter()


class Amount(BaseModel):
    minor: int = Field(ge=1, le=MAX_MINOR)
    currency: str = Field(pattern="^[A-Z]{3}$")


class AuthorizationRequest(BaseModel):
    order_id: UUID
    method: str = Field(min_length=1, max_length=64)
    amount: Amount


class AmountRequest(BaseModel):
    amount: Amount


class AvailabilityRequest(BaseModel):
    available: bool


@router.post("/v1/authorizations")
async def authorize(wanted: AuthorizationRequest, key: IdempotencyKey, books: BooksOf) -> Response:
    minor, currency = wanted.amount.minor, wanted.amount.currency
    fingerprint = f"authorization {wanted.order_id} {wanted.method} {minor} {currency}"
    call = (key, fingerprint, "authorization", wanted.order_id, None, wanted.method, minor, currency)
    return await give(await books.fetchrow(PERFORM, *call))


@router.post("/v1/authorizations/{payment}/captures")
async def capture(payment: str, wanted: AmountRequest, key: IdempotencyKey, books: BooksOf) -> Response:
    return await _change(books, key, "capture", payment, wanted.amount)


@router.post("/v1/authorizations/{payment}/refunds")
async def refund(payment: str, wanted: AmountRequest, key: IdempotencyKey, books: BooksOf) -> Response:
    return await _change(books, key, "refund", payment, wanted.amount)


@router.post("/v1/authorizations/{payment}/void")
async def void(payment: str, key: IdempotencyKey, books: BooksOf) -> Response:
    return await _change(books, key, "void", payment, None)


async def _change(books: Books, key: str, kind: str, payment: str, amount: Amount | None) -> Response:
    minor, currency = (amount.minor, amount.currency) if amount else (None, None)
    fingerprint = f"{kind} {payment} {minor} {currency}"
    return await give(await books.fetchrow(PERFORM, key, fingerprint, kind, None, payment, None, minor, currency))


@router.get("/v1/effects")
async def effects(page: Page, books: BooksOf) -> Response:
    if fault := await lookup_fault(books, "payments", page.order_id):
        return fault
    where = (page.order_id, page.idempotency_key, page.cursor, page.limit + 1)
    return page_answer(await books.fetch(LIST_EFFECTS, *where), page.limit)


@router.get("/livez")
async def livez() -> Response:
    return json_answer(200, '{"status":"ok"}')


@router.post("/control/methods/{method}")
async def set_available(method: str, wanted: AvailabilityRequest, books: BooksOf) -> Response:
    if await books.fetchval(SET_AVAILABLE, method, wanted.available) is None:
        return refusal(404, "unknown_method", "There is no such payment method.")
    return json_answer(200, wanted.model_dump_json())


@router.post("/control/expiries/{order_id}")
async def expire(order_id: UUID, books: BooksOf) -> Response:
    """Let the order's authorisations run out now, whatever their lifetime."""
    expired = [row["id"] for row in await books.fetch(EXPIRE, order_id)]
    return json_answer(200, orjson.dumps({"expired": expired}))


async def _describe(books: Books) -> Mapping[str, Any]:
    return {"methods": [dict(row) for row in await books.fetch(LIST_METHODS)]}


def build_payments_app(settings: Settings) -> FastAPI:
    """The gateway as an ASGI app. It needs its database when it starts, and lays out its tables there."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_books(settings.simulator_dsn, settings.database_pool, ["payments"]) as app.state.books:
            lifetime = settings.authorization_lifetime * 86_400
            await app.state.books.execute(SET_LIFETIME, lifetime or None)
            yield

    app = FastAPI(title="Simulated payment gateway", lifespan=lifespan)
    install_error_answers(app)
    app.include_router(router)
    app.include_router(abandonment_router("payments"))
    app.include_router(control_router("payments", KINDS, _describe))
    return app
