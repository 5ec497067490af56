"""The connection that a projector writes through: the driver's own, with statements compiled once per build.

SQLAlchemy describes the statements; it is not asked again for each batch, because its work per row would be most
of what a batch costs.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol, cast

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql import ClauseElement

from readmodels.base import LIVE_SCHEMA, Write

DIALECT: Final = dialect.dialect()  # type: ignore[no-untyped-call]
STATEMENTS: Final = 512


class Session(Protocol):
    """What is used of a connection of the driver; parameters are `$1`, `$2`, …"""

    async def fetch(self, query: str, *args: object) -> Sequence[Any]: ...
    async def fetchrow(self, query: str, *args: object) -> Any: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str, *args: object) -> str: ...
    def transaction(self) -> AbstractAsyncContextManager[Any]: ...


@lru_cache(maxsize=STATEMENTS)
def compiled(statement: Executable, schema: str) -> tuple[str, Sequence[str]]:
    """The statement's text for tables of `schema`, and the names of its parameters in their order."""
    made: Any = cast(ClauseElement, statement).compile(
        dialect=DIALECT, schema_translate_map={LIVE_SCHEMA: schema}, render_schema_translate=True
    )
    return made.string, tuple(made.positiontup or ())


@dataclass(frozen=True, slots=True)
class BuildTables:
    """`readmodels.base.Tables`: the tables of one build, through one session."""

    session: Session
    schema: str

    async def fetch(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Any]:
        text, names = compiled(statement, self.schema)
        return await self.session.fetch(text, *(values[name] for name in names))

    async def write(self, write: Write) -> None:
        text, names = compiled(write.statement, self.schema)
        await self.session.execute(text, *(write.values[name] for name in names))


@asynccontextmanager
async def session(engine: AsyncEngine, *, lease: float) -> AsyncIterator[Session]:
    """A session of one's own, ended when the block is left.

    Its commits are not waited for: a crash takes rows and checkpoints together, and the log has the events. A
    transaction that its process left open ends with the lease, because it holds back the whole log.
    """
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = cast(Session, raw.driver_connection)
        try:
            await driver.execute("SET synchronous_commit = off")
            await driver.execute(f"SET idle_in_transaction_session_timeout = {max(1, int(lease * 1000))}")
            yield driver
        finally:
            await connection.invalidate()
