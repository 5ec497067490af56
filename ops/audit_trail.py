"""The audit of requests in PostgreSQL, written in batches beside the answers."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, Table, Text, delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.audit import Noted, RequestFilter, StaffRequest
from readmodels import cursors
from readmodels.pages import Page

REQUESTS: Final = Table(
    "staff_request",
    MetaData(),
    Column("number", BigInteger, primary_key=True),
    Column("actor", Text),
    Column("action", Text),
    Column("target", Text),
    Column("outcome", Integer),
    Column("personal", Boolean),
    Column("request_id", Text),
    Column("noted_at", DateTime(timezone=True)),
)
BATCH: Final = 500
MOST_WAITING: Final = 50_000
PRUNE_SECONDS: Final = 3600.0
SHUTDOWN_SECONDS: Final = 3.0

log = structlog.get_logger(__name__)


def lost_counter(registry: CollectorRegistry) -> Counter:
    return Counter("waybill_audit_lost", "Requests that the audit lost: too many waited", registry=registry)


@dataclass(slots=True)
class PostgresTrail:
    """`run` writes what `add` was given, until it is cancelled; then what still waits.

    While PostgreSQL is away they wait, up to `MOST_WAITING`; what is lost beyond that is logged and counted.
    """

    engine: AsyncEngine
    days: int
    lost: Callable[[], None]
    pause: float = 0.5
    _waiting: deque[StaffRequest] = field(default_factory=deque)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, request: StaffRequest) -> None:
        if len(self._waiting) >= MOST_WAITING:
            log.error("the audit loses a request", **asdict(request))
            self.lost()
            return
        self._waiting.append(request)
        self._woken.set()

    async def run(self) -> None:
        pruned = -PRUNE_SECONDS
        clock = asyncio.get_running_loop().time
        try:
            while True:
                if clock() - pruned >= PRUNE_SECONDS and await self._tried(self.prune()):
                    pruned = clock()
                await self._tried(self.flush())
                await asyncio.sleep(self.pause)
                await self._woken.wait()
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await self._tried(self.flush())

    async def _tried(self, work: Any) -> bool:
        try:
            await work
        except (SQLAlchemyError, OSError) as error:
            log.warning("the audit is written later", error=type(error).__name__, waiting=len(self._waiting))
            return False
        return True

    async def flush(self) -> None:
        """Write what waits. What a failure or a cancellation interrupts waits on: it may be there twice."""
        self._woken.clear()
        while batch := [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]:
            try:
                async with self.engine.begin() as connection:
                    await connection.execute(REQUESTS.insert(), [asdict(each) for each in batch])
            except BaseException:
                self._woken.set()
                raise
            for _ in batch:
                self._waiting.popleft()

    async def prune(self) -> None:
        age = func.now() - func.make_interval(0, 0, 0, self.days)
        async with self.engine.begin() as connection:
            await connection.execute(delete(REQUESTS).where(REQUESTS.c.noted_at < age))

    async def listed(self, where: RequestFilter, *, limit: int, cursor: str | None) -> Page[Noted]:
        cursors.check_filters(where.actor, where.action, where.request_id)
        query = select(REQUESTS).order_by(REQUESTS.c.number.desc()).limit(cursors.check_limit(limit) + 1)
        for name, given in asdict(where).items():
            if given is not None:
                query = query.where(REQUESTS.c[name] == given)
        if cursor is not None:
            query = query.where(REQUESTS.c.number < cursors.decode(cursor, cursors.number)[0])
        async with self.engine.connect() as connection:
            rows: Sequence[Any] = (await connection.execute(query)).all()
        return cursors.page(rows, limit, lambda row: Noted(**row._mapping), lambda row: (str(row.number),))
