"""Exports of orders in PostgreSQL: kept, claimed by whichever worker is there, and made page by page.

A page and how far it leads commit together, so a worker that dies costs a page's work: another one goes on from
there when the claim has run out.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

import structlog
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.exporting import Export, ExportFormat, ExportState
from domain.errors import DomainError, InvalidValue
from readmodels.views import OrderFilter, OrderSort, OrderSummary, Page

PAGE: Final = 500
CLAIM_SECONDS: Final = 30.0
POLL_SECONDS: Final = 1.0
MOST_RUNNING: Final = 3

_FILTER: Final = TypeAdapter(OrderFilter)
BEGIN: Final = text("""
    INSERT INTO order_export (export_id, owner, asked, format, search, state, expires_at)
    SELECT :export_id, :owner, :asked, :format, :search, 'running', now() + make_interval(days => :days)
    WHERE (SELECT count(*) FROM order_export WHERE owner = :owner AND state = 'running') < :most
    ON CONFLICT (export_id) DO NOTHING
""")
ASKED: Final = text("SELECT asked FROM order_export WHERE export_id = :export_id")
FIND: Final = text("""
    SELECT export_id, owner, format, state, orders, estimated, created_at, ended_at, expires_at
    FROM order_export WHERE export_id = :export_id AND expires_at > now()
""")
CANCEL: Final = text("""
    UPDATE order_export SET state = 'cancelled', ended_at = now()
    WHERE export_id = :export_id AND state = 'running'
    RETURNING export_id
""")
EMPTY: Final = text("DELETE FROM order_export_part WHERE export_id = :export_id")
PART: Final = text("SELECT order_ids FROM order_export_part WHERE export_id = :export_id AND number = :number")
CLAIM: Final = text("""
    UPDATE order_export SET claim = :claim, claimed_until = now() + make_interval(secs => :seconds)
    WHERE export_id = (
        SELECT export_id FROM order_export
        WHERE state = 'running' AND (claimed_until IS NULL OR claimed_until < now())
        ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING export_id, search, cursor
""")
COUNTED: Final = text("UPDATE order_export SET estimated = :estimated WHERE export_id = :export_id")
# Only whoever still holds the claim goes on, and only while the job runs.
ADVANCE: Final = text("""
    UPDATE order_export SET orders = orders + :found, cursor = :cursor, state = :state,
        ended_at = CASE WHEN :state = 'done' THEN now() END,
        claimed_until = now() + make_interval(secs => :seconds)
    WHERE export_id = :export_id AND claim = :claim AND state = 'running'
    RETURNING export_id
""")
KEEP: Final = text("""
    INSERT INTO order_export_part (export_id, number, order_ids)
    SELECT :export_id, count(*), CAST(:order_ids AS uuid[]) FROM order_export_part WHERE export_id = :export_id
""")
EXPIRE: Final = text("DELETE FROM order_export WHERE expires_at <= now()")

log = structlog.get_logger(__name__)


class Orders(Protocol):
    """`readmodels.queries.ReadModels` is one."""

    async def orders(
        self, where: OrderFilter, *, limit: int, cursor: str | None, sort: OrderSort = OrderSort.NEWEST
    ) -> Page[OrderSummary]: ...

    async def count_orders(self, where: OrderFilter) -> int: ...


@dataclass(frozen=True, slots=True)
class PostgresExports:
    """`days`: how long an export is kept."""

    engine: AsyncEngine
    days: int

    async def begin(self, export_id: UUID, owner: str, form: ExportFormat, where: OrderFilter) -> Export | None:
        search = _FILTER.dump_json(where).decode()
        asked = sha256(f"{form} {search}".encode()).digest()
        values = {"export_id": export_id, "owner": owner, "asked": asked, "format": form.value, "search": search}
        async with self.engine.begin() as connection:
            await connection.execute(EXPIRE)
            await connection.execute(BEGIN, {**values, "days": self.days, "most": MOST_RUNNING})
            row = (await connection.execute(ASKED, {"export_id": export_id})).first()
        if row is not None and row.asked != asked:
            raise InvalidValue("this Idempotency-Key stands for another export", code="idempotency-key-reuse")
        return await self.find(export_id)

    async def find(self, export_id: UUID) -> Export | None:
        async with self.engine.connect() as connection:
            row = (await connection.execute(FIND, {"export_id": export_id})).mappings().first()
        return _export(row) if row else None

    async def cancel(self, export_id: UUID) -> None:
        async with self.engine.begin() as connection:
            if (await connection.execute(CANCEL, {"export_id": export_id})).first():
                await connection.execute(EMPTY, {"export_id": export_id})

    async def part(self, export_id: UUID, number: int) -> Sequence[UUID] | None:
        async with self.engine.connect() as connection:
            found = await connection.execute(PART, {"export_id": export_id, "number": number})
            ids: Sequence[UUID] | None = found.scalar_one_or_none()
        return ids


@dataclass(frozen=True, slots=True)
class ExportMaker:
    """Works through the jobs that nobody else works on."""

    engine: AsyncEngine
    orders: Orders
    page: int = PAGE

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                worked = await self.once()
            except (SQLAlchemyError, OSError) as error:
                log.warning("exports are made later", error=type(error).__name__)
                worked = False
            if not worked:
                await asyncio.sleep(POLL_SECONDS)

    async def once(self) -> bool:
        """Make a job to its end, or until it is cancelled; whether there was one."""
        claim = uuid4()
        async with self.engine.begin() as connection:
            job = (await connection.execute(CLAIM, {"claim": claim, "seconds": CLAIM_SECONDS})).first()
        if job is None:
            return False
        where, cursor = _FILTER.validate_json(job.search), job.cursor
        if cursor is None:
            await self._estimate(job.export_id, where)
        try:
            while (cursor := await self._advance(job.export_id, claim, where, cursor)) is not None:
                pass
        except DomainError as error:  # conditions that the lists take no longer
            log.error("an export is given up", export_id=str(job.export_id), code=error.code)
            await PostgresExports(self.engine, 0).cancel(job.export_id)
        return True

    async def _estimate(self, export_id: UUID, where: OrderFilter) -> None:
        estimated = await self.orders.count_orders(where)
        async with self.engine.begin() as connection:
            await connection.execute(COUNTED, {"export_id": export_id, "estimated": estimated})

    async def _advance(self, export_id: UUID, claim: UUID, where: OrderFilter, cursor: str | None) -> str | None:
        """Keep a page; where the next begins, None where nobody is to go on."""
        page = await self.orders.orders(where, limit=self.page, cursor=cursor, sort=OrderSort.OLDEST)
        state = ExportState.DONE if page.next_cursor is None else ExportState.RUNNING
        ids = [item.order_id for item in page.items]
        step = {"found": len(ids), "cursor": page.next_cursor, "state": state.value, "seconds": CLAIM_SECONDS}
        async with self.engine.begin() as connection:
            given = {**step, "export_id": export_id, "claim": claim}
            if (await connection.execute(ADVANCE, given)).first() is None:
                return None
            if ids:
                await connection.execute(KEEP, {"export_id": export_id, "order_ids": ids})
        return page.next_cursor


def _export(row: Mapping[Any, Any]) -> Export:
    return Export(**{**row, "format": ExportFormat(row["format"]), "state": ExportState(row["state"])})
