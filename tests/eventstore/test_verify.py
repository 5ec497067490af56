"""The hash chain: it verifies what was written, and names the first thing that was changed afterwards."""

import asyncpg
import pytest

from eventstore.postgres import PostgresEventStore
from eventstore.store import NewEvent
from eventstore.verify import verify_chain
from tests.eventstore.samples import Noted, new, sequence, write


@pytest.fixture
async def written(store: PostgresEventStore, database: str) -> None:
    await store.append([write("order/1", 0, new("a"), new("b")), write("order/é", 0, new("ünïcode ☃"))])
    await store.append([write("order/1", 2, NewEvent(new().event_id, Noted("c"), {"who": "☃"}))])
    await sequence(database, 4)


async def test_an_untouched_log_verifies(
    written: None, connection: asyncpg.Connection, store: PostgresEventStore, database: str
) -> None:
    before = await verify_chain(connection)
    assert (before.head, before.fault) == (4, None)
    await store.append([write("order/2", 0, new())])
    assert (await verify_chain(connection)) == before, "what waits for its position is no fault"
    await sequence(database, 1)
    after = await verify_chain(connection)
    assert (after.head, after.fault) == (5, None)
    assert after.hash != before.hash


async def test_an_empty_log_verifies(connection: asyncpg.Connection) -> None:
    assert (await verify_chain(connection)).fault is None


@pytest.mark.parametrize(
    "change",
    [
        "data = replace(data, 'b', 'B')",
        'metadata = \'{"who":"else"}\'',
        "type = 'Notes'",
        "schema_version = 2",
        "event_id = gen_random_uuid()",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "stream_id = 'order/9'",
        "version = 9",
    ],
)
async def test_an_altered_event_is_named(written: None, connection: asyncpg.Connection, change: str) -> None:
    await connection.execute(f"UPDATE event SET {change} WHERE stream_id = 'order/1' AND version = 2")
    fault = (await verify_chain(connection)).fault
    assert fault is not None
    assert fault.startswith("the event at position 2 is altered")


INSERT = """
    INSERT INTO event (xid, stream_id, version, event_id, type, schema_version, recorded_at, metadata, data)
    SELECT xid, 'order/9', 1, gen_random_uuid(), type, schema_version, recorded_at, metadata, data
    FROM event WHERE stream_id = 'order/1' AND version = 1
"""


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM event WHERE version = 2", "the event at position 2 is missing"),
        ("DELETE FROM log WHERE position = 3", "position 3 is missing from the log"),
        ("DELETE FROM log WHERE position = 4", "position 4 is missing from the log"),
        (INSERT, "an event was inserted behind the sequencer (order/9 version 1"),
        ("UPDATE log SET hash = sha256(hash) WHERE position = 1", "the event at position 1 is altered"),
        ("UPDATE sequencer SET hash = sha256(hash)", "the sequencer's own hash at position 4 is altered"),
    ],
)
async def test_other_tampering_is_named(
    written: None, connection: asyncpg.Connection, statement: str, fault: str
) -> None:
    await connection.execute(statement)
    found = (await verify_chain(connection)).fault
    assert found is not None
    assert found.startswith(fault)
