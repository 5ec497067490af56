"""`/v1/exports`: orders in full as JSON Lines or CSV, found by a job, and written out when they are downloaded."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.audit import noting
from api.auth import Principal, Scope
from api.dependencies import ApiDependencies, Deps, Reading, RequiredKey, command_key
from api.errors import Problem
from api.exporting import Export, ExportFormat, ExportState
from api.openapi import items, problems
from api.reading import owns
from api.rest import examples
from api.rest.bodies import Body
from api.rest.orders import Searching
from api.rest.representations import OrderOut, answer
from api.strict import StrictRoute
from domain import identifiers
from domain.errors import NotFound
from readmodels.views import OrderView

router = APIRouter(prefix="/v1/exports", tags=["orders"], route_class=StrictRoute)

MEDIA: Final = {ExportFormat.JSONL: "application/jsonl", ExportFormat.CSV: "text/csv"}
POLL: Final = 0.25  # seconds between looks at a job that is not done
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
ADDRESS: Final = ("name", "line1", "line2", "city", "region", "postal_code", "country")
TOTALS: Final = ("subtotal", "shipping", "tax", "total")
PLAIN: Final = (
    *("order_id", "order_number", "customer_id", "email", "status", "payment_status", "fulfilment_status"),
    *("attention", "shipping_method", "payment_method", "placed_at", "updated_at", "version", "currency"),
)
COLUMNS: Final = (*PLAIN, *TOTALS, "lines", *(f"shipping_{name}" for name in ADDRESS))
EXAMPLE: Final[dict[str, Any]] = {
    "export_id": "7f0d1f0e-2a57-4f0c-8a55-1a4f5f0c7d21",
    "format": "csv",
    "state": "running",
    "orders": 1500,
    "estimated": 4200,
    "created_at": examples.TIME,
    "ended_at": None,
    "expires_at": "2026-03-08T12:00:00Z",
}


class ExportBody(Body):
    """Conditions go into the query, as those of `GET /v1/orders`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"format": "jsonl"}]})

    format: ExportFormat = ExportFormat.JSONL


class ExportOut(BaseModel, from_attributes=True):
    """`orders`: found so far. `estimated`: how many there were when it began; null until they are counted."""

    export_id: UUID
    format: ExportFormat
    state: ExportState
    orders: int
    estimated: int | None
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime = Field(description="Then it is forgotten")


ExportId = Annotated[str, Path(description="The export's id", json_schema_extra={"format": "uuid"})]


@router.post(
    "",
    status_code=202,
    response_model=ExportOut,
    openapi_extra=problems(
        *("invalid-filter", "invalid-amount", "unknown-currency", "too-many-exports"),
        *("idempotency-key-required", "idempotency-key-reuse"),
        example=EXAMPLE,
    ),
)
async def begin_export(
    caller: Reading, deps: Deps, key: RequiredKey, search: Searching, body: ExportBody
) -> Response:
    """Look for all orders that match, the oldest first. A customer gets its own. The same key, the same export."""
    where = search.filter(caller)
    if where is None:
        raise Problem("invalid-filter", "a customer exports its own orders")
    export_id = identifiers.export_id(caller.issuer, caller.subject, key)
    made = await deps.exports.begin(export_id, _owner(caller), body.format, where)
    if made is None:
        raise Problem("too-many-exports", "wait for one that runs, or cancel it")
    return _shown(made, 202, location=f"{router.prefix}/{export_id}")


@router.get("/{export_id}", response_model=ExportOut, openapi_extra=problems("export-not-found", example=EXAMPLE))
async def get_export(caller: Reading, deps: Deps, export_id: ExportId) -> Response:
    """How far the export is; it can be downloaded meanwhile."""
    return _shown(await _known(deps, caller, export_id))


@router.post(
    "/{export_id}/cancel",
    response_model=ExportOut,
    openapi_extra=problems("export-not-found", example={**EXAMPLE, "state": "cancelled"}),
)
async def cancel_export(caller: Reading, deps: Deps, export_id: ExportId) -> Response:
    """One that is done stays as it is."""
    known = await _known(deps, caller, export_id)
    await deps.exports.cancel(known.export_id)
    return _shown(await _known(deps, caller, export_id))


@router.get(
    "/{export_id}/content",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "An order a line, as `GET /v1/orders/{order_id}` has it; or RFC 4180 with a header",
            "content": {
                **items(MEDIA[ExportFormat.JSONL], OrderOut, orjson.dumps(examples.ORDER).decode() + "\n"),
                MEDIA[ExportFormat.CSV]: {"schema": {"type": "string"}, "example": ",".join(COLUMNS) + "\r\n"},
            },
        }
    },
    openapi_extra=problems("export-not-found", "export-cancelled"),
)
async def download_export(
    caller: Reading,
    deps: Deps,
    export_id: ExportId,
    after: Annotated[int, Query(ge=0, le=2**31, description="Orders to pass over, which you have")] = 0,
) -> StreamingResponse:
    """What is found, then what is found next, until the job is done. Orders are shown as they are now, and the
    personal data of a customer who was erased since as `erased`. Whoever broke off goes on by `after`."""
    known = await _known(deps, caller, export_id)
    if known.state is ExportState.CANCELLED:
        raise Problem("export-cancelled", "begin another")
    name = f'attachment; filename="orders-{known.export_id}.{known.format}"'
    content = _content(deps, caller, known, after)
    return StreamingResponse(content, media_type=MEDIA[known.format], headers={"Content-Disposition": name})


async def _content(deps: ApiDependencies, caller: Principal, job: Export, after: int) -> AsyncIterator[bytes]:
    if job.format is ExportFormat.CSV and not after:
        yield csv_lines([COLUMNS])
    async for ids in _parts(deps, job.export_id):
        left, after = ids[after:], max(0, after - len(ids))
        views = await deps.queries.orders_by_id(left) if left else {}
        mine = [views[each] for each in left if each in views and _visible(caller, views[each])]
        if mine and job.format is ExportFormat.CSV:
            yield csv_lines([row(each) for each in await _opened(deps, caller, mine)])
        elif mine:
            yield b"".join(_document(view, caller) + b"\n" for view in mine)


async def _parts(deps: ApiDependencies, export_id: UUID) -> AsyncIterator[Sequence[UUID]]:
    """Part by part, as they come to be. Raises RuntimeError where the job is cancelled meanwhile: the download
    must break off, and not end well."""
    number = 0
    while True:
        job = await deps.exports.find(export_id)
        ids = await deps.exports.part(export_id, number)
        if ids is not None:
            yield ids
            number += 1
        elif job is None or job.state is ExportState.CANCELLED:
            raise RuntimeError("the export was cancelled, or has expired, while it was downloaded")
        elif job.state is ExportState.DONE:
            return
        else:
            await asyncio.sleep(POLL)


def _document(view: OrderView, caller: Principal) -> bytes:
    return OrderOut.of(view, internal=caller.may(Scope.READ_OPERATIONS)).model_dump_json().encode()


async def _opened(deps: ApiDependencies, caller: Principal, views: Sequence[OrderView]) -> list[dict[str, Any]]:
    """Opened here already: cells are quoted otherwise than JSON, and must be looked at for formulas."""
    sealed = b"[" + b",".join(_document(view, caller) for view in views) + b"]"
    noting().opened = True
    documents: list[dict[str, Any]] = orjson.loads(await deps.vault.open_json(sealed.decode()))
    return documents


def row(order: dict[str, Any]) -> list[str]:
    """The order's cells; several lines of it are `2 MUG; 1 TEA`."""
    lines = "; ".join(f"{line['quantity']} {line['sku']}" for line in order["lines"])
    totals = (order["totals"][name]["amount"] for name in TOTALS)
    address = (order["shipping_address"].get(name) for name in ADDRESS)
    return [cell(each) for each in (*(order[name] for name in PLAIN), *totals, lines, *address)]


def cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_lines(rows: Sequence[Sequence[str]]) -> bytes:
    """RFC 4180: lines end in CRLF, and what holds a comma, a quote or a line's end is quoted."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()


def _owner(caller: Principal) -> str:
    return command_key(caller, "export")


def _visible(caller: Principal, view: OrderView) -> bool:
    return owns(caller, view.record.order.placed.customer_id)


async def _known(deps: ApiDependencies, caller: Principal, text: str) -> Export:
    """The caller's own. Raises NotFound (`export-not-found`)."""
    try:
        found = await deps.exports.find(UUID(text))
    except ValueError:
        found = None
    if found is None or found.owner != _owner(caller):
        raise NotFound("there is no export of this id, or it has expired", code="export-not-found")
    return found


def _shown(export: Export, status: int = 200, **headers: str) -> Response:
    return answer(ExportOut.model_validate(export), status, **headers)
