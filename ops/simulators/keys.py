"""Closing idempotency keys: how a caller that gives a request up makes sure that it never takes effect later."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from ops.simulators.control import lookup_fault
from ops.simulators.wire import BooksOf, IdempotencyKey, json_answer

ABANDON = "SELECT simulator.abandon($1, $2)"


class AbandonmentRequest(BaseModel):
    order_id: UUID


def abandonment_router(service: str) -> APIRouter:
    """`POST /v1/abandonments` closes the key it is sent with. What was done under the key stays done."""
    router = APIRouter()

    @router.post("/v1/abandonments")
    async def abandon(wanted: AbandonmentRequest, key: IdempotencyKey, books: BooksOf) -> Response:
        if fault := await lookup_fault(books, service, wanted.order_id):
            return fault
        await books.execute(ABANDON, service, key)
        return json_answer(200, "{}")

    return router
