"""Snapshots compared with what they stand for: a snapshot is never the truth."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from activities.aggregates import FOLDINGS
from eventstore.codec import Codec
from eventstore.snapshots import Folding

SNAPSHOTS = """
    SELECT stream_id, version, data FROM snapshot WHERE stream_id LIKE $1 AND schema_version = $2
    ORDER BY stream_id
"""
EVENTS = "SELECT type, schema_version, data FROM event WHERE stream_id = $1 AND version <= $2 ORDER BY version"
PREFETCH = 2000


async def snapshot_faults(connection: asyncpg.Connection, events: Codec) -> AsyncIterator[str | None]:
    """What is wrong with each snapshot that this release would use. The caller has begun a transaction."""
    for prefix, folding in FOLDINGS.items():
        for row in await connection.fetch(SNAPSHOTS, f"{prefix}%", folding.schema_version):
            yield await _fault(connection, events, folding, row)


async def _fault(
    connection: asyncpg.Connection, events: Codec, folding: Folding[Any, Any], row: asyncpg.Record
) -> str | None:
    stream_id, version, data = row
    folded = folding.start(stream_id)
    async for stored in connection.cursor(EVENTS, stream_id, version, prefetch=PREFETCH):
        folded = folding.advance(folded, [events.decode(*stored)])
    shown = f"the snapshot of {stream_id} at version {version}"
    if folded.version < version:
        return f"{shown} is beyond the stream's {folded.version} events"
    try:
        same = folding.load(data) == folded.state
    except ValueError:
        return f"{shown} cannot be read"
    return None if same else f"{shown} is not the stream's fold; delete it"
