"""The control endpoints of both simulators: which faults to show, to whom and how often.

A fault is met by calls of its `kind` (any kind when null) for its `order_id` (any order when null), `remaining`
times (until lifted when null). Before acting: `error` answers 503, `refuse` closes the connection, `hang` never
answers. While acting: `decline` refuses with `code`, `lost_answer` commits and closes the connection, `slow`
commits and answers after `seconds`. The kind `lookup` is a read of the books.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ops.simulators.books import Books
from ops.simulators.wire import BooksOf, give, json_answer, refusal

Remaining = Annotated[int, Field(ge=1, le=1_000_000)]

LIST_FAULTS = """
    SELECT id, mode, order_id, kind, remaining, code, seconds FROM simulator.fault
    WHERE service = $1 AND remaining IS DISTINCT FROM 0 ORDER BY id LIMIT 1000
"""
LIFT_FAULTS = "DELETE FROM simulator.fault WHERE service = $1 AND ($2::uuid IS NULL OR order_id = $2)"
LIFT_OUTAGE = """
    DELETE FROM simulator.fault
    WHERE service = $1 AND order_id IS NOT DISTINCT FROM $2 AND kind IS NULL
      AND mode IN ('error', 'refuse', 'hang')
"""
ADD_FAULT = """
    INSERT INTO simulator.fault (service, mode, order_id, kind, remaining, code, seconds)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
# A look-up does not act, so only faults that come before acting meet it. One row, shaped for `give`.
MEET_LOOKUP = """
    SELECT 503 AS status, simulator.refusal('unavailable', 'The service is not available.') AS body,
           f.mode, f.seconds
    FROM simulator.meet_fault($1, $2, 'lookup', ARRAY['error', 'refuse', 'hang']) f WHERE f.id IS NOT NULL
"""


class OutageRequest(BaseModel):
    mode: Literal["none", "refuse", "hang", "error"]
    remaining: Remaining | None = None
    order_id: UUID | None = None


class FaultRequest(BaseModel):
    mode: Literal["error", "refuse", "hang", "decline", "lost_answer", "slow"]
    order_id: UUID | None = None
    kind: str | None = None
    remaining: Remaining | None = None
    code: str | None = Field(None, pattern="^[a-z_]{1,64}$")
    seconds: float | None = Field(None, ge=0, le=3600)


async def lookup_fault(books: Books, service: str, order_id: UUID | None) -> Response | None:
    """The answer of a fault that meets this read of the books, or None when there is no such fault."""
    met = await books.fetchrow(MEET_LOOKUP, service, order_id)
    return await give(met) if met else None


def control_router(
    service: str, kinds: frozenset[str], describe: Callable[[Books], Awaitable[Mapping[str, Any]]]
) -> APIRouter:
    """Endpoints under /control for `service`, whose effects are of `kinds`; `describe` adds to `GET /control`."""
    router = APIRouter(prefix="/control")

    @router.get("")
    async def show(books: BooksOf) -> Response:
        faults = [dict(row) for row in await books.fetch(LIST_FAULTS, service)]
        return json_answer(200, orjson.dumps({"faults": faults, **await describe(books)}, default=str))

    @router.post("/outage")
    async def outage(wanted: OutageRequest, books: BooksOf) -> Response:
        async with books.acquire() as connection, connection.transaction():
            await connection.execute(LIFT_OUTAGE, service, wanted.order_id)
            if wanted.mode != "none":
                fault = (wanted.mode, wanted.order_id, None, wanted.remaining, None, None)
                await connection.execute(ADD_FAULT, service, *fault)
        return await show(books)

    @router.post("/faults")
    async def add(wanted: FaultRequest, books: BooksOf) -> Response:
        if wanted.kind is not None and wanted.kind not in kinds | {"lookup"}:
            return refusal(422, "invalid_request", f"kind is one of {', '.join(sorted(kinds))}, lookup")
        fault = (wanted.mode, wanted.order_id, wanted.kind, wanted.remaining, wanted.code, wanted.seconds)
        return json_answer(201, orjson.dumps({"id": await books.fetchval(ADD_FAULT, service, *fault)}))

    @router.delete("/faults")
    async def lift(books: BooksOf, order_id: Annotated[UUID | None, Query()] = None) -> Response:
        await books.execute(LIFT_FAULTS, service, order_id)
        return await show(books)

    return router
