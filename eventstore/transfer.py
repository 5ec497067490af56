"""The whole log as JSON Lines, out of one database and into an empty one.

The first line is a header: format, counts, the chain's last position and hash. Then one event a line, byte for
byte as stored (`metadata` and `data` are strings that hold JSON), in the order of the log, with position and hash;
last, those committed events that have no position yet. Reading and writing are COPY, a part at a time, so that
memory stays flat.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import itemgetter
from struct import error as StructError  # noqa: N812 - it is one
from typing import Any, Final

import asyncpg
import orjson
from asyncpg.pgproto.pgproto import UUID  # the driver's own: read from text several times as fast

from eventstore.store import StoreError
from eventstore.verify import GENESIS, beside, digest

FORMAT: Final = "waybill-events"
FORMAT_VERSION: Final = 1
PART: Final = 5000
MAX_LINE: Final = 4_000_000
LOCK_TIMEOUT: Final = "5s"

HEADER = """
    SELECT (SELECT count(*) FROM event) AS events, s.position AS head, encode(s.hash, 'hex') AS hash,
           clock_timestamp() AS exported_at
    FROM sequencer AS s
"""

# Events without a position sort behind the others, in the order in which they will get theirs. Their transactions
# have ended: this snapshot sees them.
EVENTS = """
    SELECT row_to_json(line) FROM (
        SELECT l.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version, e.recorded_at,
               e.metadata, e.data, encode(l.hash, 'hex') AS hash
        FROM event AS e LEFT JOIN log AS l ON l.xid = e.xid AND l.seq = e.seq ORDER BY e.xid, e.seq
    ) AS line
"""

# The frozen transaction id: older than any transaction of any cluster, as after adopt_log().
XID: Final = 2
EVENT_COLUMNS = (
    *("seq", "xid", "stream_id", "version", "event_id", "type", "schema_version", "recorded_at"),
    *("metadata", "data"),
)
_columns = itemgetter(*EVENT_COLUMNS[2:])
LOG_COLUMNS = ("position", "xid", "seq", "hash")

FINISH = "UPDATE sequencer SET epoch = epoch + 1, position = $1, xid = '2', seq = $1, hash = $2"
NEXT_SEQ = "SELECT setval(pg_get_serial_sequence('event', 'seq'), greatest($1::bigint, 1))"


# An index is made in one sort faster than event by event, and the more so when it has outgrown the memory: ids are
# random. A smaller store keeps its indexes, which PostgreSQL fills while the next lines are read.
REBUILD_FROM: Final = 500_000
WITHOUT_INDEXES = """
    ALTER TABLE event DROP CONSTRAINT event_stream_version, DROP CONSTRAINT event_event_id,
        DROP CONSTRAINT event_order;
    ALTER TABLE log DROP CONSTRAINT log_pkey, DROP CONSTRAINT log_order;
"""
INDEXES = """
    SET LOCAL maintenance_work_mem = '256MB';
    ALTER TABLE event ADD CONSTRAINT event_stream_version PRIMARY KEY (stream_id, version),
        ADD CONSTRAINT event_event_id UNIQUE (event_id), ADD CONSTRAINT event_order UNIQUE (xid, seq);
    ALTER TABLE log ADD CONSTRAINT log_pkey PRIMARY KEY (position), ADD CONSTRAINT log_order UNIQUE (xid, seq);
"""

Link = tuple[int, int, int, bytes]
"""A row of the log."""


class ImportRefused(StoreError):
    """The file is not a whole log, or the store is not empty. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """How many events, of how many the log's `head` and `hash` speak; the others have no position yet."""

    events: int
    head: int
    hash: str


async def export_events(connection: asyncpg.Connection, write: Callable[[bytes], object]) -> Transferred:
    """Write every event committed at this moment, beside a busy system. `write` takes bytes in any portions."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SET LOCAL timezone = 'UTC'")
        row = await connection.fetchrow(HEADER)
        if row is None:
            raise LookupError("the sequencer's row is gone")
        write(orjson.dumps({"format": FORMAT, "format_version": FORMAT_VERSION, **dict(row)}) + b"\n")

        async def put(portion: bytes) -> None:
            write(portion)

        # JSON holds no control characters, so these leave every line as it is.
        await connection.copy_from_query(EVENTS, output=put, format="csv", delimiter="\x02", quote="\x01")
    return Transferred(row["events"], row["head"], row["hash"])


async def import_events(
    connection: asyncpg.Connection,
    lines: Iterator[bytes],
    on_part: Callable[[int, int], object],
    *,
    rebuild_from: int = REBUILD_FROM,
) -> Transferred:
    """Write a whole log into an empty store, in one transaction, with positions, ids and hashes as they were.

    The chain is recomputed on the way. Events without a position get theirs from the sequencer afterwards.

    Args:
        lines: Of `export_events`, each with its newline.
        on_part: Told after each part how many events are written, of how many.
        rebuild_from: From so many events on, indexes are dropped first and made again at the end.

    Raises:
        ImportRefused: the store is not empty or in use, or the file is damaged, cut or altered.
    """
    header = _header(next(lines, b""))
    async with connection.transaction():
        await _take_empty(connection)
        reader = _Reader(header["head"], _unhex(header["hash"], 1))
        apart = header["events"] >= rebuild_from
        if apart:
            await connection.execute(WITHOUT_INDEXES)
        async for events in _write(connection, reader, lines):
            on_part(events, header["events"])
        reader.check_end(header["events"])
        if apart:
            await _index(connection)
        await connection.execute(FINISH, reader.head, reader.link)
        await connection.execute(NEXT_SEQ, reader.events)
        await connection.execute("ANALYZE event, log")
        if fault := await beside(connection):
            raise ImportRefused(f"the file does not hold a whole log: {fault}")
        await connection.execute("NOTIFY waybill_log")
    return Transferred(reader.events, reader.head, reader.link.hex())


async def _write(connection: asyncpg.Connection, reader: "_Reader", lines: Iterator[bytes]) -> AsyncIterator[int]:
    """Store part by part, and say how many events are stored; the next part is read while PostgreSQL has one.

    Raises:
        ImportRefused: a line is no event, follows the wrong one, or cannot be stored.
    """
    storing: asyncio.Task[int] | None = None
    try:
        while part := await asyncio.to_thread(reader.part, lines):
            if storing:
                yield await storing
            storing = asyncio.create_task(_store(connection, *part))
        if storing:
            yield await storing
    finally:
        if storing:  # nothing else may use the connection before it has ended
            await asyncio.wait({storing})


async def _store(
    connection: asyncpg.Connection, last: int, records: list[tuple[object, ...]], links: list[Link]
) -> int:
    try:
        await connection.copy_records_to_table("event", records=records, columns=EVENT_COLUMNS)
        await connection.copy_records_to_table("log", records=links, columns=LOG_COLUMNS)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        first = last - len(records) + 1
        raise ImportRefused(f"lines {first + 1} to {last + 1} cannot be stored: {error}") from None
    return last


async def _index(connection: asyncpg.Connection) -> None:
    """Raises ImportRefused where the file holds one stream's version, or one event id, twice."""
    try:
        await connection.execute(INDEXES)
    except asyncpg.UniqueViolationError as error:
        raise ImportRefused(f"the file does not hold a whole log: {error.detail}") from None


async def _take_empty(connection: asyncpg.Connection) -> None:
    """Raises ImportRefused."""
    await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    name = await connection.fetchval("SELECT current_database()")
    try:
        await connection.execute("LOCK TABLE event, log, sequencer IN ACCESS EXCLUSIVE MODE")
    except asyncpg.LockNotAvailableError:
        raise ImportRefused(f"database {name} is in use; stop what writes to it") from None
    events = await connection.fetchval("SELECT count(*) FROM event")
    head = await connection.fetchval("SELECT position FROM sequencer")
    if events or head:
        raise ImportRefused(
            f"database {name} is not empty: it has {events} events, its log ends at {head}; a log is imported into"
            " a freshly migrated database only"
        )


def _header(line: bytes) -> dict[str, Any]:
    header = _parsed(line, 1)
    if header.get("format") != FORMAT or header.get("format_version") != FORMAT_VERSION:
        raise ImportRefused(f"line 1 is no header of {FORMAT} {FORMAT_VERSION}: is this an exported log?")
    for name in ("events", "head"):
        if type(header.get(name)) is not int or header[name] < 0:
            raise ImportRefused(f"line 1: {name} is not a number")
    return header


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ImportRefused(f"line {number} is not JSON ({error.msg})") from None
    if not isinstance(parsed, dict) or not line.endswith(b"\n"):
        raise ImportRefused(f"line {number} is cut or not an object")
    return parsed


def _unhex(text: object, number: int) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        raise ImportRefused(f"line {number}: {text!r:.80} is not a hash") from None


class _Reader:
    """Lines to records, following the chain up to `head`."""

    def __init__(self, head: int, last: bytes) -> None:
        self.head, self.link, self.events = head, GENESIS, 0
        self._last = last
        self._links: list[Link] = []

    def part(self, lines: Iterator[bytes]) -> tuple[int, list[tuple[object, ...]], list[Link]] | None:
        """How many events were read so far, and the next ones' records and rows of the log; None at the end.

        Raises:
            ImportRefused: a line is no event, or does not follow the one before.
        """
        records = [self._read(line) for line in islice(lines, PART)]
        links, self._links = self._links, []
        return (self.events, records, links) if records else None

    def _read(self, line: bytes) -> tuple[object, ...]:
        number = self.events + 2
        row = _parsed(line, number)
        try:
            row["event_id"] = UUID(row["event_id"])
            row["recorded_at"] = datetime.fromisoformat(row["recorded_at"])
            self.events += 1
            position = self.events if self.events <= self.head else None
            if row["position"] != position:
                raise ImportRefused(f"line {number} has position {row['position']} in the place of {position}")
            self._follow(position, row, number)
            return (self.events, XID, *_columns(row))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, StructError) as error:
            raise ImportRefused(f"line {number} is not an event ({type(error).__name__}: {error})") from None

    def check_end(self, events: int) -> None:
        """Raises ImportRefused."""
        if self.events != events:
            raise ImportRefused(f"the file is cut: its header counts {events} events, it has {self.events}")
        if self.link != self._last:
            raise ImportRefused("the header's hash is not that of the last event with a position")

    def _follow(self, position: int | None, row: dict[str, Any], number: int) -> None:
        hashed = digest(position or 0, row)  # where there is no position it only checks the types
        if position is None:
            return
        self.link = hashlib.sha256(self.link + hashed).digest()
        if self.link.hex() != row["hash"]:
            named = f"{row['stream_id']} version {row['version']}, {row['type']} {row['event_id']}"
            raise ImportRefused(f"line {number}: the event at position {position} is altered ({named})")
        self._links.append((position, XID, position, self.link))
