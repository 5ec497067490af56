"""Reading the log when it holds what a reader cannot use, and bringing it into another cluster."""

import asyncpg
import pytest

from eventstore.postgres import PostgresEventStore
from eventstore.sequencer import Sequencer
from eventstore.store import Undecodable
from eventstore.subscription import LogDamaged, PostgresLog
from tests.eventstore.samples import new, sequence, text_of, write


async def test_an_unknown_event_does_not_stop_a_reader(
    store: PostgresEventStore, log: PostgresLog, database: str, connection: asyncpg.Connection
) -> None:
    await store.append([write("a", 0, new("1"), new("2"), new("3"))])
    await connection.execute("UPDATE event SET type = 'FromTheFuture' WHERE version = 2")
    await connection.execute("""UPDATE event SET data = '{"txt": 1}' WHERE version = 3""")
    await sequence(database, 3)
    first, second, third = await log.read_log(after=0, limit=10)
    assert text_of(first) == "1"
    assert isinstance(second.event, Undecodable)
    assert "FromTheFuture" in second.event.error
    assert isinstance(third.event, Undecodable)
    assert third.event.data == '{"txt": 1}'


async def test_a_log_with_a_hole_is_not_read_over(
    store: PostgresEventStore, log: PostgresLog, database: str, connection: asyncpg.Connection
) -> None:
    await store.append([write("a", 0, new(), new(), new())])
    await sequence(database, 3)
    await connection.execute("DELETE FROM event WHERE version = 2")
    with pytest.raises(LogDamaged):
        await log.read_log(after=0, limit=10)


async def test_a_log_from_another_cluster_is_refused_and_can_be_adopted(
    store: PostgresEventStore, log: PostgresLog, database: str, connection: asyncpg.Connection
) -> None:
    """A dump restored elsewhere holds transaction ids of that cluster's future."""
    await store.append([write("a", 0, new("1"))])
    await sequence(database, 1)
    await store.append([write("b", 0, new("2")), write("a", 1, new("3"))])
    await connection.execute("UPDATE event SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    await connection.execute("UPDATE log SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    await connection.execute("UPDATE sequencer SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    with pytest.raises(asyncpg.PostgresError, match="another database cluster"):
        await Sequencer(database).run()
    assert await connection.fetchval("SELECT adopt_log()") == 3
    await store.append([write("c", 0, new("4"))])
    await sequence(database, 1)
    read = await log.read_log(after=0, limit=10)
    assert [(r.position, r.stream_id, text_of(r)) for r in read] == [
        (1, "a", "1"),
        (2, "b", "2"),
        (3, "a", "3"),
        (4, "c", "4"),
    ]
