"""Proving that the log is what was written: hashes recomputed, positions and versions counted, nothing beside it.

Recomputes in Python what `sequence_events` computed in SQL, from the description of `event_digest`, so that the
two check each other. What it cannot see is a log cut at its end together with the sequencer's row: keep `head`
and `hash` of a verification somewhere else and compare.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct
from typing import Any

import asyncpg

GENESIS = bytes(32)
PAGE = 5000
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
NUMBERS = Struct(">q16sqiq")  # as int8send, uuid_send, int8send, int4send and timestamptz_send give them
LENGTH = Struct(">i")

PAGES = """
    SELECT l.position, l.hash, e.event_id, e.version, e.schema_version, e.recorded_at, e.stream_id, e.type,
           e.metadata, e.data
    FROM log AS l LEFT JOIN LATERAL (
        SELECT * FROM event AS e WHERE e.xid = l.xid AND e.seq = l.seq OFFSET 0
    ) AS e ON true
    WHERE l.position > $1 AND l.position <= $2 ORDER BY l.position LIMIT $3
"""

INSERTED = """
    SELECT e.stream_id, e.version, e.event_id FROM event AS e, sequencer AS s
    WHERE (e.xid, e.seq) <= (s.xid, s.seq)
      AND NOT EXISTS (SELECT FROM log AS l WHERE l.xid = e.xid AND l.seq = e.seq)
    ORDER BY e.xid, e.seq LIMIT 1
"""

DISORDERED = """
    SELECT position, stream_id, version FROM (
        SELECT l.position, e.stream_id, e.version,
               row_number() OVER (PARTITION BY e.stream_id ORDER BY l.position) AS nr
        FROM log AS l JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq
    ) AS counted
    WHERE version <> nr ORDER BY position LIMIT 1
"""

MISSING = """
    SELECT stream_id, max(version), count(*) FROM event GROUP BY stream_id HAVING max(version) <> count(*) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Verified:
    """`fault` names the first thing wrong, or is None; `hash` is the chain's last link, in hex."""

    head: int
    hash: str
    fault: str | None = None


async def verify_chain(connection: asyncpg.Connection) -> Verified:
    """Verify the whole log as of one snapshot. Reads everything; writers and the sequencer go on meanwhile."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        state = await connection.fetchrow("SELECT position, hash FROM sequencer")
        if state is None:
            return Verified(0, GENESIS.hex(), "the sequencer's row is missing")
        link, fault = await _walk(connection, state["position"])
        if fault is None and link != state["hash"]:
            fault = f"the sequencer's own hash at position {state['position']} is altered"
        return Verified(state["position"], link.hex(), fault or await beside(connection))


async def _walk(connection: asyncpg.Connection, head: int) -> tuple[bytes, str | None]:
    link, expected = GENESIS, 1
    async for row in _rows(connection, head):
        position = row["position"]
        if position != expected:
            return link, f"position {expected} is missing from the log"
        if row["event_id"] is None:
            return link, f"the event at position {position} is missing"
        link = hashlib.sha256(link + digest(position, row)).digest()
        if link != row["hash"]:
            named = f"{row['stream_id']} version {row['version']}, {row['type']} {row['event_id']}"
            return link, f"the event at position {position} is altered ({named})"
        expected += 1
    return link, None if expected == head + 1 else f"position {expected} is missing from the log"


async def _rows(connection: asyncpg.Connection, head: int) -> AsyncIterator[asyncpg.Record]:
    after = 0
    while rows := await connection.fetch(PAGES, after, head, PAGE):
        for row in rows:
            yield row
        after = rows[-1]["position"]


async def beside(connection: asyncpg.Connection) -> str | None:
    """What the chain does not cover: rows outside the log, the order within streams, the unsequenced tail."""
    if beyond := await connection.fetchval(
        "SELECT min(l.position) FROM log AS l, sequencer AS s WHERE l.position > s.position"
    ):
        return f"position {beyond} lies beyond the sequencer's head"
    if row := await connection.fetchrow(INSERTED):
        return f"an event was inserted behind the sequencer ({row[0]} version {row[1]}, {row[2]})"
    if row := await connection.fetchrow(DISORDERED):
        return f"position {row[0]} holds version {row[2]} of {row[1]} out of order"
    if row := await connection.fetchrow(MISSING):
        return f"stream {row[0]} ends at version {row[1]} and has {row[2]} events"
    return None


def digest(position: int, row: Any) -> bytes:
    """sha256 over an event's position and stored bytes, as `event_digest` in SQL; `row` has its columns."""
    since = row["recorded_at"] - POSTGRES_EPOCH
    recorded = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    stream_id, kind, metadata = row["stream_id"].encode(), row["type"].encode(), row["metadata"].encode()
    return hashlib.sha256(
        b"".join(
            (
                NUMBERS.pack(position, row["event_id"].bytes, row["version"], row["schema_version"], recorded),
                *(LENGTH.pack(len(stream_id)), stream_id),
                *(LENGTH.pack(len(kind)), kind),
                *(LENGTH.pack(len(metadata)), metadata),
                row["data"].encode(),
            )
        )
    ).digest()
