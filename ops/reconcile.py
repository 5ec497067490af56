"""`waybill reconcile`: the gateway's books against the orders', charge by charge, in both directions.

The books are streamed into a temporary table, and both sides are then read in the order of the streams, one order
at a time: memory stays flat whatever their size. What seems to differ is looked at once more, fresh from both,
before a case is opened; so a busy shop makes no cases.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import structlog

from activities.cases import close_case, open_case
from activities.gateways.protocol import PaymentEffect, PaymentGateway
from activities.order_stream import order_stream
from activities.reconciling import OrderMoney, differences
from domain.decider import fold
from domain.money import Money
from domain.payments import events as payment_events
from domain.reconciliation import model
from domain.reconciliation.events import CaseEvent, CaseOpened
from domain.reconciliation.model import Case, CaseStatus
from eventstore.codec import Codec
from eventstore.postgres import read_metadata
from eventstore.store import EventStore, Recorded
from ops.bootstrap import open_backend, utc_now
from ops.config import Settings
from ops.gateways import open_payment_gateway, with_store_credit
from ops.live_streams import streams

BOOKS: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS books (
        stream_id text COLLATE "C", kind text, reference text, payment text, key text, minor bigint, currency text
    ) ON COMMIT DELETE ROWS
"""
COLUMNS: Final = ("stream_id", "kind", "reference", "payment", "key", "minor", "currency")
BATCH: Final = 1000
PREFETCH: Final = 2000
READ_BOOKS: Final = "SELECT * FROM books ORDER BY stream_id"
READ_EVENTS: Final = """
    SELECT stream_id, version, event_id, type, schema_version, recorded_at, metadata, data FROM event
    WHERE stream_id LIKE 'order/%' AND type = ANY ($1) ORDER BY stream_id, version
"""
EXISTS: Final = "SELECT EXISTS (SELECT FROM event WHERE stream_id = $1)"
MONEY_TYPES: Final = [kind.__name__ for kind in payment_events.EVENTS]

log = structlog.get_logger("waybill.reconcile")


@dataclass(slots=True)
class Report:
    """What a run saw. `differing` are all differences that it found, those of earlier runs among them."""

    orders: int = 0
    effects: int = 0
    differing: list[CaseOpened] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    waiting: int = 0


async def reconcile(settings: Settings, *, dry: bool = False) -> Report:
    """Run once over everything, with connections of its own; what a schedule or an operator calls."""
    async with AsyncExitStack() as stack:
        backend = await stack.enter_async_context(open_backend(settings, name="waybill-reconcile"))
        gateway = with_store_credit(await stack.enter_async_context(open_payment_gateway(settings)), backend)
        grace = timedelta(seconds=settings.reconcile_grace)
        run = Reconciliation(backend.pool, backend.codec, backend.store, gateway, grace, utc_now)
        return await run.run(dry=dry)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One run over everything.

    Args:
        grace: How long a request may stand without an outcome before its effect is a difference.
        clock: The present time, UTC.
    """

    pool: asyncpg.Pool
    codec: Codec
    store: EventStore
    gateway: PaymentGateway
    grace: timedelta
    clock: Callable[[], datetime]

    async def run(self, *, dry: bool = False) -> Report:
        """Compare, open what is new, close what is gone. With `dry` nothing is written."""
        report = Report()
        before = await self._cases()
        async with aclosing(self._suspects(report)) as suspects:
            async for order_id in suspects:
                report.differing += await self._look_again(order_id)
        if dry:
            return report
        found = {case.case_id for case in report.differing}
        for case in report.differing:
            report.opened += await open_case(self.store, case)
        for case_id, status in before.items():
            if status is CaseStatus.OPEN and case_id not in found:
                report.closed += await close_case(self.store, case_id)
        report.waiting = sum(status is CaseStatus.OPEN for status in (await self._cases()).values())
        await log.ainfo(
            "reconciled",
            orders=report.orders,
            effects=report.effects,
            opened=report.opened,
            closed=report.closed,
            waiting=report.waiting,
        )
        return report

    async def _suspects(self, report: Report) -> AsyncGenerator[UUID, None]:
        """Orders whose stream and books differ, as far as two reads, one after the other, can tell."""
        async with AsyncExitStack() as stack:
            connection = cast(asyncpg.Connection, await stack.enter_async_context(self.pool.acquire()))
            await stack.enter_async_context(connection.transaction())
            await self._read_books(connection)
            async for stream_id, effects, stored in self._side_by_side(connection):
                order_id = UUID(stream_id.removeprefix("order/"))
                report.orders += 1
                report.effects += len(effects)
                exists = bool(stored) or await connection.fetchval(EXISTS, stream_id)
                known = OrderMoney.of(stored) if exists else None
                if differences(order_id, known, effects, now=self.clock(), grace=self.grace):
                    yield order_id

    async def _read_books(self, connection: asyncpg.Connection) -> None:
        await connection.execute(BOOKS)
        batch: list[tuple[object, ...]] = []
        async for effect in self.gateway.effects():
            stream_id, amount = order_stream(effect.order_id), effect.amount
            batch.append(
                (
                    *(stream_id, effect.kind, effect.reference, effect.payment, effect.idempotency_key),
                    *(amount.minor, amount.currency),
                )
            )
            if len(batch) == BATCH:
                await connection.copy_records_to_table("books", records=batch, columns=COLUMNS)
                batch.clear()
        await connection.copy_records_to_table("books", records=batch, columns=COLUMNS)

    async def _side_by_side(
        self, connection: asyncpg.Connection
    ) -> AsyncIterator[tuple[str, Sequence[PaymentEffect], Sequence[Recorded]]]:
        """Books and events by order, merged: each order that either knows of, once."""
        books = _grouped(connection.cursor(READ_BOOKS, prefetch=PREFETCH))
        events = _grouped(connection.cursor(READ_EVENTS, MONEY_TYPES, prefetch=PREFETCH))
        left, right = await anext(books, None), await anext(events, None)
        while left or right:
            stream_id = min(side[0] for side in (left, right) if side)
            effects: Sequence[PaymentEffect] = ()
            stored: Sequence[Recorded] = ()
            if left and left[0] == stream_id:
                effects, left = [_effect(row) for row in left[1]], await anext(books, None)
            if right and right[0] == stream_id:
                stored, right = [self._recorded(row) for row in right[1]], await anext(events, None)
            yield stream_id, effects, stored

    def _recorded(self, row: asyncpg.Record) -> Recorded:
        stream_id, version, event_id, type_name, schema_version, recorded_at, metadata, data = row
        event = self.codec.decode(type_name, schema_version, data)
        return Recorded(stream_id, version, event_id, type_name, event, read_metadata(metadata), recorded_at)

    async def _look_again(self, order_id: UUID) -> list[CaseOpened]:
        """The books first: what they hold by then, the stream knows by then, or has asked for."""
        effects = await self.gateway.list_effects(order_id)
        stored = await self.store.read_stream(order_stream(order_id))
        known = OrderMoney.of(stored) if stored else None
        found = differences(order_id, known, effects, now=self.clock(), grace=self.grace)
        if all(case.found for case in found):
            return found
        # What the stream has and the books lack may be younger than them: for that the stream must be the older.
        later = await self.gateway.list_effects(order_id)
        unbooked = differences(order_id, known, later, now=self.clock(), grace=self.grace)
        return [case for case in found if case.found] + [case for case in unbooked if not case.found]

    async def _cases(self) -> dict[UUID, CaseStatus]:
        """Every case there is. They are exceptions: few, whatever the number of orders."""
        found = {}
        async with self.pool.acquire() as pooled:
            connection = cast(asyncpg.Connection, pooled)
            async with connection.transaction(readonly=True):
                async for stream in streams(connection, self.codec, "case/%"):
                    state = fold(model.evolve, model.INITIAL, (cast(CaseEvent, each.event) for each in stream))
                    if isinstance(state, Case):
                        found[state.opened.case_id] = state.status
        return found


async def _grouped(rows: Any) -> AsyncIterator[tuple[str, list[asyncpg.Record]]]:
    """Rows that come in the order of their stream ids, a stream at a time."""
    group: list[asyncpg.Record] = []
    async for row in rows:
        if group and group[0]["stream_id"] != row["stream_id"]:
            yield group[0]["stream_id"], group
            group = []
        group.append(row)
    if group:
        yield group[0]["stream_id"], group


def _effect(row: asyncpg.Record) -> PaymentEffect:
    return PaymentEffect(
        kind=row["kind"],
        reference=row["reference"],
        payment=row["payment"],
        order_id=UUID(row["stream_id"].removeprefix("order/")),
        idempotency_key=row["key"],
        amount=Money(row["minor"], row["currency"]),
    )
