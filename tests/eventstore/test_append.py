"""The contract of `append` and `read_stream`: expected versions, atomicity, idempotence, neighbours."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from eventstore.append import APPEND, arguments, prepare
from eventstore.codec import Codec
from eventstore.connections import open_pool
from eventstore.postgres import PostgresEventStore
from eventstore.store import (
    Appended,
    Expected,
    ExpectedVersion,
    NewEvent,
    PartialRepeat,
    StreamWrite,
    WrongExpectedVersion,
)
from tests.eventstore.samples import Colour, Noted, Ordered, new, text_of, write


async def texts(store: PostgresEventStore, stream_id: str) -> list[str]:
    return [text_of(recorded) for recorded in await store.read_stream(stream_id)]


async def test_what_was_appended_is_read_in_order(store: PostgresEventStore) -> None:
    first = NewEvent(uuid4(), Noted("a"), {"cause": "tést", "by": 'q"uote'})
    assert await store.append([write("order/1", 0, first, new("b"))]) == Appended({"order/1": 2})
    read = await store.read_stream("order/1")
    assert [(r.version, r.type, r.event, r.position) for r in read] == [
        (1, "Noted", Noted("a"), None),
        (2, "Noted", Noted("b"), None),
    ]
    assert read[0].event_id == first.event_id
    assert read[0].metadata == first.metadata
    assert read[1].metadata == {}
    assert read[0].recorded_at.tzinfo is not None


async def test_a_stream_is_read_after_a_version_and_up_to_a_limit(store: PostgresEventStore) -> None:
    await store.append([write("order/1", 0, *(new(str(n)) for n in range(5)))])
    assert [r.version for r in await store.read_stream("order/1", after=1, limit=2)] == [2, 3]
    assert await store.read_stream("order/1", after=5) == []
    assert await store.read_stream("order/unknown") == []


HOLDS: dict[
    ExpectedVersion, tuple[bool, bool]
] = {  # per expected version: on a stream without events, on one at version 1
    Expected.ANY: (True, True),
    Expected.NO_STREAM: (True, False),
    Expected.EXISTS: (False, True),
    0: (True, False),
    1: (False, True),
    2: (False, False),
}


@pytest.mark.parametrize("events", [0, 1])
async def test_expected_versions(store: PostgresEventStore, events: int) -> None:
    for nr, (expected, holds) in enumerate(HOLDS.items()):
        await store.append([write(f"old/{nr}", 0, new())])
        for stream_id, version, allowed in zip((f"young/{nr}", f"old/{nr}"), (0, 1), holds, strict=True):
            append = store.append([write(stream_id, expected, *(new() for _ in range(events)))])
            if allowed:
                assert await append == Appended({stream_id: version + events} if events else {})
                continue
            with pytest.raises(WrongExpectedVersion) as caught:
                await append
            refused = caught.value
            assert (refused.stream_id, refused.expected, refused.actual) == (stream_id, expected, version)


async def test_several_streams_are_written_together_or_not_at_all(store: PostgresEventStore) -> None:
    await store.append([write("stock/1", 0, new("a"))])
    with pytest.raises(WrongExpectedVersion) as caught:
        await store.append([write("order/1", 0, new("b")), write("stock/1", 0, new("c")), write("x", 0, new("d"))])
    assert caught.value.stream_id == "stock/1"
    assert await texts(store, "order/1") == await texts(store, "x") == []
    done = await store.append([write("order/1", 0, new("b")), write("stock/1", 1, new("c"), new("d"))])
    assert done.versions == {"order/1": 1, "stock/1": 3}


async def test_a_check_only_stream_guards_the_others_and_is_not_written(store: PostgresEventStore) -> None:
    await store.append([write("product/1", 0, new())])
    with pytest.raises(WrongExpectedVersion, match="product/1 is at version 1, expected 2"):
        await store.append([write("order/1", 0, new()), write("product/1", 2)])
    assert await store.append([write("order/1", 0, new()), write("product/1", 1)]) == Appended({"order/1": 1})
    assert len(await store.read_stream("product/1")) == 1


async def test_a_repeat_gives_the_first_result_whatever_it_expects(store: PostgresEventStore) -> None:
    a, b, c = new("a"), new("b"), new("c")
    first = await store.append([write("order/1", 0, a, b), write("stock/1", 0, c)])
    await store.append([write("order/1", 2, new("later"))])
    for expected in (0, 7, *Expected):
        again = await store.append([write("order/1", expected, a, b), write("stock/1", expected, c)])
        assert again == Appended(first.versions, repeated=True)
    assert await texts(store, "order/1") == ["a", "b", "later"]


async def test_a_part_of_an_append_is_refused(store: PostgresEventStore) -> None:
    a, b = new("a"), new("b")
    await store.append([write("order/1", 0, a)])
    for writes in (
        [write("order/1", Expected.ANY, a, b)],
        [write("order/1", Expected.ANY, b), write("order/2", 0, a)],
        [write("order/2", 0, a)],
    ):
        with pytest.raises(PartialRepeat):
            await store.append(writes)
    assert await texts(store, "order/1") == ["a"]
    assert await texts(store, "order/2") == []


async def test_a_refused_append_leaves_its_neighbours_alone(
    store: PostgresEventStore, connection: asyncpg.Connection
) -> None:
    known = new("known")
    await store.append([write("old", 0, known)])
    good, conflict, partial, also_good = await asyncio.gather(
        store.append([write("good/1", 0, new())]),
        store.append([write("old", 0, new())]),
        store.append([write("good/2", 0, new()), write("good/3", 0, known)]),
        store.append([write("good/4", 0, new())]),
        return_exceptions=True,
    )
    assert good == Appended({"good/1": 1})
    assert isinstance(conflict, WrongExpectedVersion)
    assert isinstance(partial, PartialRepeat)
    assert also_good == Appended({"good/4": 1})
    assert await texts(store, "good/2") == []
    together = "SELECT count(DISTINCT xid) FROM event WHERE stream_id IN ('good/1', 'good/4')"
    assert await connection.fetchval(together) == 1


@pytest.mark.parametrize("expected", [0, Expected.ANY], ids=["short cut", "looked up"])
async def test_every_event_of_a_batch_keeps_what_is_its_own(
    store: PostgresEventStore, expected: ExpectedVersion
) -> None:
    order = Ordered(uuid4(), datetime.now(UTC), (), Colour.RED, Decimal("1.5"))
    kinds: list[tuple[object, dict[str, str]]] = [
        (Noted("line one\nline two"), {}),
        (order, {}),
        (Noted("a"), {"by": "one"}),
        (Noted(""), {"by": "other"}),
        (order, {"by": "one"}),
    ]
    given = {
        f"s/{nr}": [NewEvent(uuid4(), event, metadata) for event, metadata in kinds[nr % 5 :] + kinds[: nr % 3]]
        for nr in range(12)
    }
    names = sorted(given)
    await asyncio.gather(
        *(
            store.append([StreamWrite(name, expected, given[name]) for name in names[at : at + 3]])
            for at in (0, 3)
        ),
        *(store.append([write(name, expected, *given[name]), write(f"{name}/unborn", 0)]) for name in names[6:]),
    )
    for name in names:
        read = await store.read_stream(name)
        assert [(r.version, r.event_id, r.event, dict(r.metadata)) for r in read] == [
            (version, each.event_id, each.event, dict(each.metadata))
            for version, each in enumerate(given[name], 1)
        ]


async def test_data_of_more_than_a_line_is_refused(connection: asyncpg.Connection, codec: Codec) -> None:
    request = prepare([write("order/1", 0, new(), new())], codec)
    request.data[0] = request.data[0].replace(":", ":\n")
    with pytest.raises(Exception, match="2 ids, 2 kinds and 3 lines"):
        await connection.fetch(APPEND, *arguments([request]))


async def test_the_isolation_guard(connection: asyncpg.Connection, codec: Codec) -> None:
    request = arguments([prepare([write("order/1", 0, new())], codec)])
    for isolation in ("repeatable_read", "serializable"):
        with pytest.raises(Exception, match="read committed"):
            async with connection.transaction(isolation=isolation):
                await connection.fetch(APPEND, *request)
    async with connection.transaction():
        await connection.execute("SELECT pg_current_xact_id()")
        with pytest.raises(Exception, match="before anything that writes"):
            async with connection.transaction():
                await connection.fetch(APPEND, *request)
    async with connection.transaction():
        await connection.fetch(APPEND, *request)


async def test_a_stream_stands_once_in_a_batch(connection: asyncpg.Connection, codec: Codec) -> None:
    one, two = (prepare([write("order/1", Expected.ANY, new())], codec) for _ in range(2))
    with pytest.raises(Exception, match="twice in one batch"):
        await connection.fetch(APPEND, *arguments([one, two]))


async def test_the_pool_asks_for_the_isolation_it_needs(
    database: str, codec: Codec, connection: asyncpg.Connection
) -> None:
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    async with await open_pool(database, size=2) as pool:
        store = PostgresEventStore(pool, codec)
        assert (await store.append([write("order/1", 0, new())])).versions == {"order/1": 1}
        await store.close()
