"""Saga steps: where each step of an order's saga is. A step is known by the events that it wrote."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import OF_RETURN, order_number
from domain.inventory import events as stock
from domain.orders import events as orders
from domain.orders.model import AFTERCARE, of_aftercare
from domain.payments import events as payments
from domain.returns import events as returns
from domain.shipping import events as shipping
from eventstore.store import Recorded
from readmodels import cursors
from readmodels.base import METADATA, ByStream, Tables, Write, arrays, upsert_rows
from readmodels.orders import ORDERS
from readmodels.saga_notes import in_charge
from readmodels.views import Page, SagaStep, StalledStep

NAME: Final = "saga_steps"
VERSION: Final = 2


class StepState(StrEnum):
    REQUESTED = "requested"
    DONE = "done"
    REFUSED = "refused"
    STALLED = "stalled"
    RETRYING = "retrying"
    ADOPTED = "adopted"
    COMPENSATED = "compensated"


STATES: Final[Mapping[type, StepState]] = {
    orders.OrderPlaced: StepState.DONE,
    orders.OrderConfirmed: StepState.DONE,
    orders.OrderCancellationRequested: StepState.DONE,  # the command's step; what follows has steps of its own
    orders.OrderCancellationRejected: StepState.DONE,
    orders.OrderCancelled: StepState.DONE,
    orders.OrderCompleted: StepState.DONE,
    orders.OrderStepStalled: StepState.STALLED,
    orders.HoldPlaced: StepState.DONE,
    orders.CustomerDecisionRequested: StepState.DONE,
    orders.SubstitutionOffered: StepState.DONE,
    orders.CustomerDecisionMade: StepState.DONE,
    orders.OrderLinesCancelled: StepState.DONE,
    orders.LineSubstituted: StepState.DONE,
    orders.AmendmentRequested: StepState.DONE,
    orders.OrderAmended: StepState.DONE,
    orders.AmendmentRejected: StepState.REFUSED,
    orders.HoldReleased: StepState.DONE,
    stock.StockReserved: StepState.DONE,
    stock.StockUnavailable: StepState.REFUSED,
    stock.StockBackordered: StepState.DONE,
    stock.StockReleased: StepState.COMPENSATED,
    payments.PaymentRequested: StepState.REQUESTED,
    payments.PaymentAuthorized: StepState.DONE,
    payments.PaymentDeclined: StepState.REFUSED,
    payments.PaymentAbandoned: StepState.COMPENSATED,
    payments.CaptureRequested: StepState.REQUESTED,
    payments.PaymentCaptured: StepState.DONE,
    payments.VoidRequested: StepState.REQUESTED,
    payments.PaymentVoided: StepState.COMPENSATED,
    payments.RefundRequested: StepState.REQUESTED,
    payments.PaymentRefunded: StepState.COMPENSATED,
    payments.PaymentActionRefused: StepState.REFUSED,
    payments.RefundGranted: StepState.DONE,
    payments.PaymentMethodChosen: StepState.DONE,
    payments.ChargebackOpened: StepState.DONE,
    **dict.fromkeys(returns.EVENTS, StepState.DONE),
    shipping.ParcelsPlanned: StepState.DONE,
    shipping.ShipmentBooked: StepState.DONE,
    shipping.BookingRefused: StepState.REFUSED,
    shipping.ShipmentBookingCancelled: StepState.COMPENSATED,
    shipping.ShipmentDispatched: StepState.DONE,
    shipping.ShipmentDelivered: StepState.DONE,
    shipping.ShipmentLost: StepState.DONE,
    shipping.LostShipmentAnswered: StepState.DONE,
    shipping.ShipmentFound: StepState.DONE,
}
RESOLVED: Final = {
    orders.StepAction.RETRY: StepState.RETRYING,
    orders.StepAction.COMPENSATE: StepState.COMPENSATED,
    orders.StepAction.ADOPT: StepState.ADOPTED,
}
OF_NO_STEP: Final = (orders.OrderAssigned, orders.OrderNoted)
CLOSING: Final[Mapping[type, StepState]] = {  # what is stalled then waits for nobody: see `domain.orders.model`
    orders.OrderCancellationRequested: StepState.COMPENSATED,
    orders.OrderCancelled: StepState.COMPENSATED,
    orders.OrderCompleted: StepState.DONE,
}

SAGA_STEPS = Table(
    "saga_steps",
    METADATA,
    Column("order_id", Uuid, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("state", Text),
    Column("error_type", Text),
    Column("error", Text),
    Column("started_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("first_version", BigInteger),
    Column("amount_minor", BigInteger),
)
UPSERT = upsert_rows(SAGA_STEPS, keep=("started_at", "first_version"))
IS_STALLED = SAGA_STEPS.c.state == literal_column("'stalled'")  # as the partial index spells it

_CLOSED = (
    func.unnest(
        bindparam("orders", type_=ARRAY(Uuid)),
        bindparam("states", type_=ARRAY(Text)),
        bindparam("times", type_=ARRAY(DateTime(timezone=True))),
    )
    .table_valued(
        column("order_id", Uuid), column("state", Text), column("closed_at", DateTime(timezone=True)), name="e"
    )
    .render_derived()
)
CLOSE = (
    update(SAGA_STEPS)
    .values(state=_CLOSED.c.state, error_type=null(), error=null(), updated_at=_CLOSED.c.closed_at)
    .where(
        SAGA_STEPS.c.order_id == _CLOSED.c.order_id,
        IS_STALLED,
        ~or_(
            *(func.starts_with(SAGA_STEPS.c.step, literal_column(f"'{name}:'")) for name in sorted(AFTERCARE)),
            func.strpos(SAGA_STEPS.c.step, literal_column(f"':{OF_RETURN}'")) > literal_column("0"),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Change:
    """What one event says of a step."""

    step: str
    state: StepState
    error_type: str | None = None
    error: str | None = None


@dataclass(slots=True)
class OrderChanges:
    """What a batch says of one order's steps. `closed`: what becomes of those stalled before, and when.

    `amounts` are what steps have granted or given back, in minor units: a grant may take several to give back.
    """

    steps: dict[str, SagaStep] = field(default_factory=dict)
    first_versions: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    closed: tuple[StepState, datetime] | None = None


class SagaSteps(ByStream):
    name = NAME
    version = VERSION
    streams = ("order/",)
    tables = (SAGA_STEPS,)

    async def changes(self, tables: Tables, events: Sequence[Recorded]) -> Sequence[Write]:
        changes = fold(events)
        closed = [(order_id, *change.closed) for order_id, change in changes.items() if change.closed]
        rows = [row for order_id, change in changes.items() for row in _rows(order_id, change)]
        writes = []
        if closed:
            columns = zip(("orders", "states", "times"), map(list, zip(*closed, strict=True)), strict=True)
            writes.append(Write(CLOSE, dict(columns)))
        if rows:
            writes.append(Write(UPSERT, arrays(SAGA_STEPS, rows)))
        return writes


def fold(events: Iterable[Recorded]) -> Mapping[UUID, OrderChanges]:
    """What the events of a batch say, by order."""
    changes: dict[str, OrderChanges] = {}
    for recorded in events:
        order = changes.setdefault(recorded.stream_id, OrderChanges())
        if change := change_of(recorded):
            _apply(order, change, recorded)
        if state := CLOSING.get(type(recorded.event)):
            _close(order, state, recorded.recorded_at)
    return {UUID(stream.removeprefix("order/")): order for stream, order in changes.items()}


def change_of(recorded: Recorded) -> Change | None:
    """None where the event belongs to no step.

    Raises:
        KeyError: an event of an order that nobody has said the meaning of.
    """
    event = recorded.event
    if isinstance(event, OF_NO_STEP):
        return None
    match event:
        case orders.OrderStepStalled(step, error_type, error):
            return Change(step, StepState.STALLED, error_type, error)
        case orders.OrderStepResolved(step, action):
            return Change(step, RESOLVED[action])
        case payments.PaymentDeclined(step, code, reason) | payments.PaymentActionRefused(step, code, reason):
            return Change(step, StepState.REFUSED, code, reason)
        case shipping.BookingRefused(_, code, reason):
            booked = recorded.metadata.get("step")
            return Change(booked, StepState.REFUSED, code, reason) if booked else None
        case _:
            state = STATES[type(event)]
    own: str | None = getattr(event, "step", None)  # the undo of a payment may settle the step it undoes
    key = own or recorded.metadata.get("step")
    return Change(key, state) if key else None


def _apply(order: OrderChanges, change: Change, recorded: Recorded) -> None:
    known, at = order.steps.get(change.step), recorded.recorded_at
    started = known.started_at if known else at
    order.first_versions.setdefault(change.step, recorded.version)
    order.steps[change.step] = SagaStep(
        change.step, change.state, change.error_type, change.error, started_at=started, updated_at=at
    )
    if isinstance(recorded.event, payments.RefundGranted | payments.PaymentRefunded):
        order.amounts[change.step] = recorded.event.amount.minor


def _close(order: OrderChanges, state: StepState, at: datetime) -> None:
    order.closed = order.closed or (state, at)  # what was stalled before the batch is closed by the first
    for step in order.steps.values():
        if step.state == StepState.STALLED and not of_aftercare(step.step):
            order.steps[step.step] = replace(step, state=state, error_type=None, error=None, updated_at=at)


def _rows(order_id: UUID, order: OrderChanges) -> Iterable[tuple[object, ...]]:
    for name, step in order.steps.items():
        error = (step.error_type, step.error)
        times = (step.started_at, step.updated_at)
        yield (order_id, name, step.state, *error, *times, order.first_versions[name], order.amounts.get(name))


async def of_order(connection: AsyncConnection, order_id: UUID) -> Sequence[SagaStep]:
    """In the order in which they began."""
    columns = (getattr(SAGA_STEPS.c, item.name) for item in fields(SagaStep))
    query = select(*columns).where(SAGA_STEPS.c.order_id == order_id)
    rows = await connection.execute(query.order_by(SAGA_STEPS.c.first_version, SAGA_STEPS.c.step))
    return [SagaStep(*row) for row in rows]


async def of_orders(connection: AsyncConnection, order_ids: Collection[UUID]) -> Mapping[UUID, Sequence[SagaStep]]:
    """Each order's steps in the order in which they began."""
    columns = [SAGA_STEPS.c.order_id, *(getattr(SAGA_STEPS.c, item.name) for item in fields(SagaStep))]
    query = select(*columns).where(SAGA_STEPS.c.order_id.in_(order_ids))
    query = query.order_by(SAGA_STEPS.c.order_id, SAGA_STEPS.c.first_version, SAGA_STEPS.c.step)
    found: dict[UUID, list[SagaStep]] = {}
    for order_id, *step in await connection.execute(query):
        found.setdefault(order_id, []).append(SagaStep(*step))
    return found


async def stalled(
    connection: AsyncConnection,
    *,
    limit: int,
    cursor: str | None,
    assignee: str | None = None,
    error_type: str | None = None,
) -> Page[StalledStep]:
    """Longest waiting first. Raises InvalidValue (`invalid-cursor`, `invalid-limit`, `invalid-filter`)."""
    cursors.check_filters(assignee, error_type)
    steps = SAGA_STEPS.c
    key = (steps.updated_at, steps.order_id, steps.step)
    charge = in_charge(steps.order_id)
    query = select(*key, steps.error_type, steps.error, ORDERS.c.order_number, charge.label("assignee"))
    query = query.where(IS_STALLED)
    query = query.join_from(SAGA_STEPS, ORDERS, ORDERS.c.order_id == steps.order_id, isouter=True)
    if assignee is not None:
        query = query.where(charge == assignee)
    if error_type is not None:
        query = query.where(steps.error_type == error_type)
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*cursors.decode(cursor, cursors.time, UUID, str)))
    query = query.order_by(*key).limit(cursors.check_limit(limit) + 1)
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return cursors.page(
        rows, limit, _stalled, lambda row: (row.updated_at.isoformat(), str(row.order_id), row.step)
    )


def _stalled(row: Row[Any]) -> StalledStep:
    number = row.order_number or order_number(row.order_id)  # the orders may be a moment behind
    error = (row.error_type or "", row.error or "")
    return StalledStep(row.order_id, number, row.step, *error, row.updated_at, row.assignee)


_GRANT: Final = "grant-refund:"


async def unfinished_refunds(
    connection: AsyncConnection, *, before: datetime, after: tuple[UUID, str] | None, limit: int
) -> Sequence[tuple[UUID, str]]:
    """Order and grant of the refunds granted before a time that are not given back whole, from `after` on.

    A refund of several captures goes back in as many steps, and its workflow may be lost between them.
    The refunds of returns are the returns' own.
    """
    grants, gifts = SAGA_STEPS.alias("granted"), SAGA_STEPS.alias("given")
    grant_id = func.substr(grants.c.step, len(_GRANT) + 1)
    given = (
        select(func.coalesce(func.sum(gifts.c.amount_minor), literal_column("0")))
        .where(
            gifts.c.order_id == grants.c.order_id,
            func.starts_with(gifts.c.step, literal("give-back:") + grant_id + literal("#")),
        )
        .scalar_subquery()
    )
    query = select(grants.c.order_id, grant_id.label("grant_id")).where(
        grants.c.step.like(f"{_GRANT}%"), grants.c.updated_at <= before, given < grants.c.amount_minor
    )
    if after is not None:
        query = query.where(tuple_(grants.c.order_id, grants.c.step) > (after[0], f"{_GRANT}{after[1]}"))
    rows = await connection.execute(query.order_by(grants.c.order_id, grants.c.step).limit(limit))
    return [(row.order_id, row.grant_id) for row in rows]
