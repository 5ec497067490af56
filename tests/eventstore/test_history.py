"""Streams as they were, at a version, a position and a time; and what is not there yet."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from eventstore.codec import Codec
from eventstore.history import PostgresHistory
from eventstore.postgres import PostgresEventStore
from eventstore.time_travel import AsOf, AtPosition, AtTime, AtVersion, NotReached
from tests.eventstore.samples import new, sequence, text_of, write


@pytest.fixture
def history(pool: asyncpg.Pool, codec: Codec) -> PostgresHistory:
    return PostgresHistory(pool, codec)


@pytest.fixture
async def written(store: PostgresEventStore, database: str) -> None:
    """Positions 1 to 5: a1 a2 b1 a3 b2; and a4, which has none yet."""
    for stream, version, texts in (("a", 0, "12"), ("b", 0, "1"), ("a", 2, "3"), ("b", 1, "2")):
        await store.append([write(stream, version, *(new(stream + text) for text in texts))])
    await sequence(database, 5)
    await store.append([write("a", 3, new("a4"))])


async def texts(history: PostgresHistory, stream: str, as_of: AsOf) -> str:
    return " ".join(text_of(recorded) for recorded in await history.read_stream_as_of(stream, as_of))


async def test_as_of_a_version(written: None, history: PostgresHistory) -> None:
    assert await texts(history, "a", AtVersion(2)) == "a1 a2"
    assert await texts(history, "a", AtVersion(4)) == "a1 a2 a3 a4"
    with pytest.raises(NotReached, match="version 5 of a is not reached yet; its version is 4"):
        await history.read_stream_as_of("a", AtVersion(5))


@pytest.mark.parametrize(
    ("position", "a", "b"),
    [(0, "", ""), (1, "a1", ""), (3, "a1 a2", "b1"), (4, "a1 a2 a3", "b1"), (5, "a1 a2 a3", "b1 b2")],
)
async def test_as_of_a_position(written: None, history: PostgresHistory, position: int, a: str, b: str) -> None:
    assert await texts(history, "a", AtPosition(position)) == a
    assert await texts(history, "b", AtPosition(position)) == b


async def test_what_is_not_sequenced_is_at_no_position(
    written: None, history: PostgresHistory, database: str
) -> None:
    with pytest.raises(NotReached, match="the log's last is 5"):
        await history.read_stream_as_of("a", AtPosition(6))
    assert [await history.position_of("a", version) for version in (1, 3, 4)] == [1, 4, None]
    with pytest.raises(NotReached, match="no such event"):
        await history.position_of("a", 5)
    await sequence(database, 1)
    assert await history.position_of("a", 4) == 6
    assert await texts(history, "a", AtPosition(6)) == "a1 a2 a3 a4"


async def test_as_of_a_time(
    written: None, history: PostgresHistory, store: PostgresEventStore, connection: asyncpg.Connection
) -> None:
    third = (await store.read_stream("a"))[2].recorded_at
    assert await texts(history, "a", AtTime(third)) == "a1 a2 a3"
    assert await texts(history, "a", AtTime(third - timedelta(microseconds=1))) == "a1 a2"
    assert await texts(history, "a", AtTime(datetime(1, 1, 1, tzinfo=UTC))) == ""
    now = await connection.fetchval("SELECT clock_timestamp()")
    assert await texts(history, "a", AtTime(now)) == "a1 a2 a3 a4"
    with pytest.raises(NotReached):
        await history.read_stream_as_of("a", AtTime(now + timedelta(days=1)))


async def test_a_clock_set_back_leaves_no_hole(
    written: None, history: PostgresHistory, connection: asyncpg.Connection
) -> None:
    """The third event says that it is older than the second: at its time, the second had not happened."""
    await connection.execute(
        "UPDATE event SET recorded_at = recorded_at - interval '1 hour'"
        " WHERE stream_id = 'a' AND version IN (1, 3)"
    )
    third = await connection.fetchval("SELECT recorded_at FROM event WHERE stream_id = 'a' AND version = 3")
    assert await texts(history, "a", AtTime(third)) == "a1"
