"""A log restored from a dump: whether this cluster can go on with it, and making it so."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from eventstore.connections import SINGLETONS
from eventstore.store import StoreError

STATE = """
    SELECT s.position AS head, (SELECT count(*) FROM event AS e WHERE (e.xid, e.seq) > (s.xid, s.seq)) AS waiting,
           greatest(s.xid, (SELECT max(e.xid) FROM event AS e)) >= pg_snapshot_xmax(pg_current_snapshot())
               AS of_another,
           (SELECT max(e.recorded_at) FROM event AS e) AS newest
    FROM sequencer AS s
"""
KINDS = "SELECT DISTINCT type, schema_version FROM event ORDER BY type, schema_version"
LED = """
    SELECT EXISTS (
        SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
        WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = 2 AND l.objsubid = 2 AND l.granted
    )
"""
LOCK_TIMEOUT = "5s"


class AdoptionRefused(StoreError):
    """The log cannot be adopted as it is. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class RestoredLog:
    """`foreign`: written by another cluster, to be adopted before anything appends. `waiting` have no position."""

    head: int
    waiting: int
    foreign: bool
    newest: datetime | None


async def examine_log(connection: asyncpg.Connection) -> RestoredLog:
    row = await connection.fetchrow(STATE)
    if row is None:
        raise LookupError("the sequencer's row is gone")
    return RestoredLog(row["head"], row["waiting"], row["of_another"], row["newest"])


async def is_led(connection: asyncpg.Connection) -> bool:
    """Whether a sequencer leads in this database now, which none does on another cluster's log."""
    led: bool = await connection.fetchval(LED, SINGLETONS)
    return led


async def stored_kinds(connection: asyncpg.Connection) -> list[tuple[str, int]]:
    """Every type and schema version in the store; reads all of it."""
    return [(row["type"], row["schema_version"]) for row in await connection.fetch(KINDS)]


async def adopt_log(connection: asyncpg.Connection) -> int:
    """Make the log at home in this cluster, and give its last position. Harmless where it is at home.

    Raises:
        AdoptionRefused: something was appended since the restore, or uses the store now.
    """
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            position: int = await connection.fetchval("SELECT adopt_log()")
    except asyncpg.LockNotAvailableError:
        raise AdoptionRefused("the event store is in use; stop every process that appends") from None
    except asyncpg.PostgresError as error:
        if error.sqlstate == "WB004":
            raise AdoptionRefused(f"{error}; restore the dump again, and adopt it first") from None
        raise
    return position
