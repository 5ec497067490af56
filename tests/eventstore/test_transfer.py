"""A log out of one database and into another: byte for byte, or not at all."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from eventstore.codec import Codec
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.store import NewEvent
from eventstore.subscription import PostgresLog
from eventstore.transfer import ImportRefused, Transferred, export_events, import_events
from eventstore.verify import verify_chain
from tests.conftest import NewDatabase
from tests.eventstore.samples import new, sequence, text_of, write

NASTY = 'quotes " and \\ and \x01 \x02 \x7f, a line\nbreak,\ttab, ünïcode ☃ \U0001f9e6, and \\.'
EVENTS = """
    SELECT stream_id, version, event_id, type, schema_version, recorded_at, metadata, data
    FROM event ORDER BY stream_id, version
"""
LOG = """
    SELECT l.position, l.hash, e.event_id FROM log AS l JOIN event AS e ON e.xid = l.xid AND e.seq = l.seq
    ORDER BY l.position
"""


@dataclass
class Other:
    """Another, empty store."""

    dsn: str
    connection: asyncpg.Connection
    store: PostgresEventStore
    log: PostgresLog


@pytest.fixture
async def other(new_database: NewDatabase, codec: Codec) -> AsyncIterator[Other]:
    async with new_database() as dsn:
        connection, pool = await asyncpg.connect(dsn), await open_pool(dsn, size=3)
        store = PostgresEventStore(pool, codec)
        yield Other(dsn, connection, store, PostgresLog(pool, codec, dsn=dsn))
        await store.close()
        await pool.close()
        await connection.close()


@pytest.fixture
async def written(store: PostgresEventStore, database: str) -> None:
    """Five events with positions, two without: one of an old stream and one of a new."""
    await store.append([write("a", 0, new("1"), NewEvent(new().event_id, new(NASTY).event, {"who": "☃ \\ \n"}))])
    await store.append([write("b", 0, new("1")), write("c", 0, new("1"))])
    await store.append([write("a", 2, new("3"))])
    await sequence(database, 5)
    await store.append([write("b", 1, new("2"))])
    await store.append([write("d", 0, new("1"))])


async def exported(connection: asyncpg.Connection) -> tuple[list[bytes], Transferred]:
    portions: list[bytes] = []
    transferred = await export_events(connection, portions.append)
    return b"".join(portions).splitlines(keepends=True), transferred


async def imported(connection: asyncpg.Connection, lines: list[bytes]) -> Transferred:
    return await import_events(connection, iter(lines), lambda done, of: None)


async def test_every_event_arrives_byte_for_byte(
    written: None, connection: asyncpg.Connection, other: Other
) -> None:
    lines, out = await exported(connection)
    told: list[tuple[int, int]] = []
    came = await import_events(other.connection, iter(lines), lambda done, of: told.append((done, of)))
    assert out == came == Transferred(7, 5, out.hash)
    assert told == [(7, 7)]
    for query in (EVENTS, LOG):
        assert await other.connection.fetch(query) == await connection.fetch(query)
    before, after = await verify_chain(connection), await verify_chain(other.connection)
    assert before == after
    assert (after.head, after.fault) == (5, None)


async def test_life_goes_on_after_an_import(written: None, connection: asyncpg.Connection, other: Other) -> None:
    """The events without a position get the next ones, before anything that is appended now."""
    lines, _ = await exported(connection)
    await imported(other.connection, lines)
    assert (await other.store.append([write("a", 3, new("4"))])).versions == {"a": 4}
    await sequence(other.dsn, 3)
    tail = [(r.position, r.stream_id, r.version, text_of(r)) for r in await other.log.read_log(after=5, limit=9)]
    assert tail == [(6, "b", 2, "2"), (7, "d", 1, "1"), (8, "a", 4, "4")]
    assert (await verify_chain(other.connection)).fault is None
    lines_again, _ = await exported(other.connection)
    assert lines_again[1:6] == lines[1:6]


async def test_an_empty_log_is_a_log(connection: asyncpg.Connection, other: Other) -> None:
    lines, out = await exported(connection)
    assert (len(lines), out.events) == (1, 0)
    await imported(other.connection, lines)
    await other.store.append([write("a", 0, new("1"))])
    await sequence(other.dsn, 1)


async def test_a_store_with_events_is_refused_by_name(
    written: None, connection: asyncpg.Connection, other: Other
) -> None:
    lines, _ = await exported(connection)
    name = await connection.fetchval("SELECT current_database()")
    with pytest.raises(ImportRefused, match=f"database {name} is not empty: it has 7 events, its log ends at 5"):
        await imported(connection, lines)
    await other.store.append([write("z", 0, new("1"))])
    with pytest.raises(ImportRefused, match="it has 1 events"):
        await imported(other.connection, lines)


def changed(number: int, **changes: Any) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        line = json.dumps({**json.loads(lines[number - 1]), **changes}).encode() + b"\n"
        return [*lines[: number - 1], line, *lines[number:]]

    return change


DAMAGES: list[tuple[Callable[[list[bytes]], list[bytes]], str]] = [
    (lambda lines: [], "line 1 is not JSON"),
    (lambda lines: lines[1:], "line 1 is no header"),
    (lambda lines: [b"[]\n"], "line 1 is cut or not an object"),
    (changed(1, format_version=2), "line 1 is no header"),
    (changed(1, events="7"), "line 1: events is not a number"),
    (changed(1, hash="x"), "line 1: 'x' is not a hash"),
    (changed(1, hash="00"), "the header's hash"),
    (changed(1, head=4), "line 6 has position 5 in the place of None"),
    (lambda lines: lines[:-1], "its header counts 7 events, it has 6"),
    (lambda lines: [*lines[:-1], lines[-1].rstrip()], "line 8 is cut"),
    (lambda lines: [*lines[:-1], lines[-1][:40]], "line 8 is not JSON"),
    (lambda lines: [*lines[:2], *lines[3:]], "line 3 has position 3 in the place of 2"),
    (lambda lines: [*lines[:3], lines[2], *lines[3:]], "line 4 has position 2 in the place of 3"),
    (changed(4, data='{"text":"2"}'), "line 4: the event at position 3 is altered (b version 1, Noted"),
    (changed(4, recorded_at="2026-01-01T00:00:00+00:00"), "line 4: the event at position 3 is altered"),
    (changed(4, event_id="x"), "line 4 is not an event"),
    (changed(4, version="1"), "line 4 is not an event"),
    (changed(4, version=2**70), "line 4 is not an event"),
    (changed(8, version="1"), "line 8 is not an event"),
    (changed(8, data="\0"), "lines 2 to 8 cannot be stored: invalid byte sequence"),
    (changed(8, version=0), "lines 2 to 8 cannot be stored: new row"),
    (lambda lines: [*lines[:-1], lines[-2]], "lines 2 to 8 cannot be stored: duplicate key"),
    (changed(8, version=2), "stream d ends at version 2 and has 1 events"),
]


async def test_a_damaged_file_leaves_nothing_behind(
    written: None, connection: asyncpg.Connection, other: Other
) -> None:
    lines, _ = await exported(connection)
    for damage, told in DAMAGES:
        with pytest.raises(ImportRefused) as caught:
            await imported(other.connection, damage(lines))
        assert told in str(caught.value)
        assert await other.connection.fetchval("SELECT count(*) FROM event") == 0
        assert await other.connection.fetchval("SELECT position FROM sequencer") == 0
    assert (await imported(other.connection, lines)).events == 7, "and the whole file goes in afterwards"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (changed(3, version=0), "lines 2 to 3 cannot be stored"),  # found while the next part is read
        (changed(6, version="1"), "line 6 is not an event"),  # found while the last part is stored
    ],
)
async def test_one_part_is_stored_while_the_next_is_read(
    written: None,
    connection: asyncpg.Connection,
    other: Other,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[list[bytes]], list[bytes]],
    told: str,
) -> None:
    monkeypatch.setattr("eventstore.transfer.PART", 2)
    lines, _ = await exported(connection)
    if "stored" in told:  # of an event without a position nothing but the table's own check can tell
        lines = [json.dumps({**json.loads(lines[0]), "head": 0, "hash": "00" * 32}).encode() + b"\n"] + [
            json.dumps({**json.loads(line), "position": None}).encode() + b"\n" for line in lines[1:]
        ]
    with pytest.raises(ImportRefused, match=told):
        await imported(other.connection, damage(lines))
    assert await other.connection.fetchval("SELECT count(*) FROM event") == 0
    progress: list[int] = []
    whole, _ = await exported(connection)
    came = await import_events(other.connection, iter(whole), lambda done, of: progress.append(done))
    assert (came.events, progress) == (7, [2, 4, 6, 7])


async def test_a_large_log_gets_its_indexes_at_the_end(
    written: None, connection: asyncpg.Connection, other: Other
) -> None:
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
    before = await other.connection.fetch(indexes)
    lines, _ = await exported(connection)
    with pytest.raises(ImportRefused, match=r"not hold a whole log: .*b, 2.* is duplicated"):
        await import_events(
            other.connection, iter([*lines[:-1], lines[-2]]), lambda done, of: None, rebuild_from=1
        )
    assert await other.connection.fetch(indexes) == before
    await import_events(other.connection, iter(lines), lambda done, of: None, rebuild_from=1)
    assert await other.connection.fetch(indexes) == before
    assert (await verify_chain(other.connection)).fault is None
    assert (await other.store.append([write("a", 3, new("4"))])).versions == {"a": 4}


async def test_an_import_waits_for_no_writer(
    written: None, connection: asyncpg.Connection, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, _ = await exported(connection)
    monkeypatch.setattr("eventstore.transfer.LOCK_TIMEOUT", "50ms")
    writer = await asyncpg.connect(other.dsn)
    async with writer.transaction():
        await writer.execute("LOCK TABLE event IN ROW EXCLUSIVE MODE")
        with pytest.raises(ImportRefused, match="is in use"):
            await imported(other.connection, lines)
    await writer.close()
    assert (await imported(other.connection, lines)).events == 7
