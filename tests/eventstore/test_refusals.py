"""What the store refuses: a typed error that names the stream, what was expected and what was there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from eventstore.append import APPEND, arguments, prepare
from eventstore.codec import Codec, CodecError, InvalidEvent, PayloadTooLarge, UnknownEventType
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.store import (
    Appended,
    BadStreamId,
    Expected,
    InvalidAppend,
    NewEvent,
    PartialRepeat,
    StoreError,
    StoreOverloaded,
    StreamClosed,
    StreamWrite,
    WrongExpectedVersion,
)
from tests.eventstore.samples import Noted, new, stream_held, until, until_blocked, write

TWIN = new()
BLOCKED = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"


@pytest.fixture(autouse=True)
async def nothing_is_written(store: PostgresEventStore, connection: asyncpg.Connection, request: object) -> object:
    """Whatever a test here is refused, it leaves no event behind beyond those it says it wrote."""
    written: list[int] = []
    yield written
    assert await connection.fetchval("SELECT count(*) FROM event") == sum(written)


UNSTORABLE: list[tuple[NewEvent, type[CodecError], str]] = [
    (NewEvent(uuid4(), object()), UnknownEventType, "append to stream s: object is not a registered event"),
    (new("x" * 300_000), PayloadTooLarge, "append to stream s: Noted takes 300011 bytes, at most 262144"),
    (new("nul\0"), InvalidEvent, "append to stream s: Noted holds a NUL"),
    (new("\ud800"), InvalidEvent, "append to stream s: Noted cannot be written"),
    (NewEvent(uuid4(), Noted("x"), {"k": "\0"}), InvalidEvent, "append to stream s: metadata holds a NUL"),
    (NewEvent(uuid4(), Noted("x"), {"$closes": "x"}), InvalidEvent, r"s: metadata key '\$closes'"),
]


async def test_an_event_that_cannot_be_stored(store: PostgresEventStore) -> None:
    for event, error, says in UNSTORABLE:
        with pytest.raises(error, match=says) as caught:
            await store.append([write("fine", 0, new()), write("s", 0, event)])
        assert caught.value.stream_id == "s"


async def test_a_payload_over_the_limit_says_by_how_much(store: PostgresEventStore) -> None:
    with pytest.raises(PayloadTooLarge) as caught:
        await store.append([write("s", 0, new("x" * 262_144))])
    assert (caught.value.limit, caught.value.size) == (262_144, 262_144 + len('{"text":""}'))


async def test_a_bad_stream_id(store: PostgresEventStore) -> None:
    for stream_id in ("", "a\0b", "a\nb", "x" * 256):
        with pytest.raises(BadStreamId, match="1 to 255 printable characters are taken") as caught:
            await store.append([write("fine", 0, new()), write(stream_id, 0, new())])
        assert (caught.value.stream_id, caught.value.expected) == (stream_id, "1 to 255 printable characters")


SENSELESS: list[tuple[list[StreamWrite], str]] = [
    ([], "not 0 streams"),
    ([write("a", 0, new()), write("a", 1, new())], "a stream stands twice in one append: a, a"),
    ([write("a", 0, TWIN), write("b", 0, TWIN)], "an event id stands twice in one append to a, b"),
    ([write("a", -1, new())], "stream a: expected version -1"),
    ([write("a", 2**63, new())], "stream a: expected version 9223372036854775808"),
    ([write("a", 0, *(new() for _ in range(1001)))], "1 streams and 1001 events"),
    ([StreamWrite("a", 0, closes=True)], "stream a is closed by an event, and none is given"),
]


async def test_an_append_that_makes_no_sense(store: PostgresEventStore) -> None:
    for writes, says in SENSELESS:
        with pytest.raises(InvalidAppend, match=says) as caught:
            await store.append(writes)
        assert isinstance(caught.value, StoreError)


async def test_a_closed_stream_takes_no_more(store: PostgresEventStore, nothing_is_written: list[int]) -> None:
    last = new("last")
    closing = [StreamWrite("s", 1, [new("last but one"), last], closes=True)]
    await store.append([write("s", 0, new())])
    assert await store.append(closing) == Appended({"s": 3})
    for expected in (3, 0, *Expected):
        with pytest.raises(StreamClosed, match="stream s was closed at version 3") as caught:
            await store.append([write("other", 0, new()), write("s", expected, new())])
        assert (caught.value.stream_id, caught.value.expected, caught.value.actual) == ("s", expected, 3)
    assert await store.append(closing) == Appended({"s": 3}, repeated=True), "a repeat is answered as always"
    assert await store.append([write("guarded", 0, new()), write("s", 3)]) == Appended({"guarded": 1})
    assert [recorded.metadata for recorded in await store.read_stream("s")] == [{}, {}, {"$closes": "true"}]
    nothing_is_written.append(4)


async def test_the_closing_event_keeps_its_metadata_and_no_value_closes(
    store: PostgresEventStore, nothing_is_written: list[int]
) -> None:
    sly = NewEvent(uuid4(), Noted("x"), {"note": '"$closes":"true"', "more": '{"$closes":"true"}'})
    await store.append([write("s", 0, sly)])
    await store.append([StreamWrite("s", 1, [NewEvent(uuid4(), Noted("x"), {"by": "ada"})], closes=True)])
    assert (await store.read_stream("s"))[-1].metadata == {"by": "ada", "$closes": "true"}
    nothing_is_written.append(2)


async def test_a_stream_closed_while_an_append_waits_for_it(
    store: PostgresEventStore, pool: asyncpg.Pool, codec: Codec, nothing_is_written: list[int]
) -> None:
    closing = StreamWrite("s", 0, [new()], closes=True)
    async with rival_append(pool, codec, closing):
        late = asyncio.create_task(store.append([write("other", 0, new()), write("s", Expected.ANY, new())]))
    with pytest.raises(StreamClosed):
        await late
    nothing_is_written.append(1)


async def test_a_full_queue_refuses_with_numbers_and_recovers(
    database: str, codec: Codec, connection: asyncpg.Connection, nothing_is_written: list[int]
) -> None:
    async with await open_pool(database, size=2) as pool:
        store = PostgresEventStore(pool, codec, append_queue=3, in_flight=1)
        async with stream_held(connection, "s/0"):
            taken = [asyncio.create_task(store.append([write(f"s/{n}", 0, new())])) for n in range(3)]
            await until_blocked(connection)
            with pytest.raises(
                StoreOverloaded, match="3 appends wait or are being written, and at most 3"
            ) as caught:
                await store.append([write("s/9", 0, new())])
        assert (caught.value.waiting, caught.value.limit) == (3, 3)
        await asyncio.gather(*taken)
        await store.append([write("s/9", 0, new())])
        await store.close()
    nothing_is_written.append(4)


async def test_a_known_id_on_a_version_that_holds_costs_only_its_own_append(
    store: PostgresEventStore, connection: asyncpg.Connection, nothing_is_written: list[int]
) -> None:
    """The short cut does not look ids up: the unique index refuses the batch, which is then looked through."""
    a, b = new("a"), new("b")
    await store.append([write("s", 0, a)])
    await store.append([write("t", 0, b)])
    outcomes = await asyncio.gather(
        store.append([write("s", 1, a)]),  # a repeat that expects where the stream is now
        store.append([write("u", 0, b)]),  # an id of another stream
        store.append([write("v", 0, new())]),
        store.append([write("w", Expected.ANY, new()), write("v/checked", 0)]),
        store.append([write("x", 1, new())]),
        return_exceptions=True,
    )
    assert outcomes[0] == Appended({"s": 1}, repeated=True)
    assert isinstance(outcomes[1], PartialRepeat)
    assert list(outcomes[2:4]) == [Appended({"v": 1}), Appended({"w": 1})]
    assert isinstance(outcomes[4], WrongExpectedVersion)
    assert await connection.fetchval("SELECT count(DISTINCT xid) FROM event WHERE stream_id IN ('v', 'w')") == 1
    nothing_is_written.append(4)


async def test_a_check_only_stream_that_moves_while_the_append_waits(
    store: PostgresEventStore, pool: asyncpg.Pool, codec: Codec, nothing_is_written: list[int]
) -> None:
    """The guard is looked at under its lock, however long ago the append began."""
    async with rival_append(pool, codec, write("guard", 0, new())):
        late = asyncio.create_task(store.append([write("order/1", 0, new()), write("guard", 0)]))
        later = asyncio.create_task(store.append([write("order/2", 0, new()), write("guard", 1)]))
    with pytest.raises(WrongExpectedVersion) as caught:
        await late
    assert (caught.value.stream_id, caught.value.expected, caught.value.actual) == ("guard", 0, 1)
    assert await later == Appended({"order/2": 1})
    nothing_is_written.append(2)


async def test_a_check_only_stream_cannot_move_under_an_append(
    store: PostgresEventStore, pool: asyncpg.Pool, codec: Codec, nothing_is_written: list[int]
) -> None:
    """Until the guarded append commits, the guard's own writer waits: check and write are one moment."""
    async with rival_append(pool, codec, write("order/1", 0, new()), write("guard", 0)):
        moving = asyncio.create_task(store.append([write("guard", 0, new())]))
    assert await moving == Appended({"guard": 1})
    nothing_is_written.append(2)


@asynccontextmanager
async def rival_append(pool: asyncpg.Pool, codec: Codec, *writes: StreamWrite) -> AsyncIterator[None]:
    """Append in a transaction that commits once something waits for it."""
    async with pool.acquire() as rival:
        transaction = rival.transaction()
        await transaction.start()
        await rival.fetch(APPEND, *arguments([prepare(writes, codec)]))
        yield
        await until(lambda: pool.fetchval(BLOCKED))
        await transaction.commit()
