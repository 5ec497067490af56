"""Whether the live read models hold what their checkpoints say, row by row, in one snapshot of a busy system."""

from collections.abc import Sequence

import asyncpg

from eventstore.segments import SEGMENTS

# What each stream's rows must have applied: its events up to its segment's checkpoint, but for those that are
# parked and, where events are counted, those that were skipped.
APPLIED = """
    applied AS (
        SELECT e.stream_id, max(e.version) AS version, count(*) FILTER (WHERE k.position IS NULL) AS events
        FROM projection_build AS b
        JOIN checkpoint AS c ON c.projection = b.projection AND c.version = b.build
        CROSS JOIN log AS l
        JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq
        LEFT JOIN parked_key AS p ON p.projection = b.projection AND p.build = b.build AND p.key = e.stream_id
        LEFT JOIN skipped_event AS k ON k.projection = b.projection AND k.position = l.position
        WHERE b.projection = $1 AND b.state = 'live' AND e.stream_id LIKE 'order/%'
          AND c.segment = crc32(convert_to(e.stream_id, 'UTF8')) % $2
          AND l.position <= c.position AND l.position < coalesce(p.position, l.position + 1)
        GROUP BY e.stream_id
    )
"""
ORDERS = f"""
    WITH {APPLIED}
    SELECT coalesce(a.stream_id, 'order/' || o.order_id), a.version, o.version
    FROM applied AS a FULL JOIN read.orders AS o ON a.stream_id = 'order/' || o.order_id
    WHERE a.version IS DISTINCT FROM o.version LIMIT 20
"""  # noqa: S608 - a constant
TIMELINE = f"""
    WITH {APPLIED}
    SELECT coalesce(a.stream_id, 'order/' || t.order_id), a.events, t.events
    FROM applied AS a FULL JOIN (
        SELECT order_id, count(*) AS events FROM read.timeline GROUP BY order_id
    ) AS t ON a.stream_id = 'order/' || t.order_id
    WHERE a.events IS DISTINCT FROM t.events LIMIT 20
"""  # noqa: S608 - a constant
COUNT = "SELECT count(*) FROM read.orders"


async def applied_faults(connection: asyncpg.Connection) -> tuple[int, Sequence[str]]:
    """How many orders were looked at, and where a row and its checkpoint disagree."""
    faults = [
        f"{stream}: its row is at version {found}, its checkpoint at {said}"
        for stream, said, found in await connection.fetch(ORDERS, "orders", SEGMENTS)
    ]
    faults += [
        f"{stream}: its timeline has {found} events, its checkpoint {said}"
        for stream, said, found in await connection.fetch(TIMELINE, "timeline", SEGMENTS)
    ]
    return await connection.fetchval(COUNT), faults
