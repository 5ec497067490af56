"""Dead letters outlive Redis, keep their message as it was, and are settled by one person at a time."""

import asyncio
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from messaging.dead_letters import Burial, DeadLetters
from messaging.inbound import InboundEvent, Rejected
from messaging.subscriptions import Subscriptions
from tests.messaging.consuming import (
    STREAM,
    NoLetters,
    Told,
    pending,
    publish,
    running,
    settled,
    subscriber,
    until,
)

WHY = Burial("tests", "failed", "a reason", 1)


async def refuse(event: InboundEvent) -> None:
    raise Rejected("refused", "for ever")


async def test_an_emptied_redis_takes_no_letter_along(redis: Redis, letters: DeadLetters) -> None:
    identity = await publish(redis, 1)
    async with running(subscriber(redis, Told(refuse), letters)):
        await until(letters.count)
    await redis.flushdb()
    [letter] = await letters.page()
    assert (letter.code, letter.fields["id"]) == ("refused", identity)

    mended = Told()
    async with running(subscriber(redis, mended)):
        assert await letters.replay(letter.id, reason="mended", actor="operator:eve")
        await until(lambda: settled(redis))
    assert mended.seen == [("a", "1")]
    assert await letters.page() == []


async def test_a_consumer_that_dies_before_it_acknowledges_buries_its_message_once(
    redis: Redis, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(redis, 1)
    dying, buried = subscriber(redis, Told(refuse), letters, lease=1.0), asyncio.Event()

    async def dies(*_: object) -> None:
        buried.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(dying.stream, "give_up", dies)
    task = asyncio.create_task(dying.run(asyncio.Event()))
    await until(buried.is_set)
    task.cancel()
    await asyncio.wait([task])
    assert (await letters.count(), await pending(redis)) == (1, 1), "a letter already, and not acknowledged yet"
    async with running(subscriber(redis, Told(refuse), letters)):
        await until(lambda: settled(redis))
    assert await letters.count() == 1


async def test_while_postgres_is_away_nothing_is_acknowledged(redis: Redis) -> None:
    class Away(NoLetters):
        tried = 0

        async def bury(self, *args: Any) -> bool:
            self.tried += 1
            raise ConnectionRefusedError("PostgreSQL is away")

    away = Away()
    await publish(redis, 1)
    async with running(subscriber(redis, Told(refuse), away)):
        await until(lambda: away.tried >= 10)
        assert await pending(redis) == 1


async def test_a_message_is_published_again_byte_for_byte(redis: Redis, letters: DeadLetters) -> None:
    message: dict[Any, Any] = {b"id": b"\xff\x00", b"\x00": b"", b"data": "\u00e9".encode()}
    odd = Burial("tests", "malformed", "\0 and \ud800 are quoted", 1)
    assert await letters.bury(STREAM, "waybill", b"1-0", message, odd)
    [letter] = await letters.page()
    assert letter.detail == "\N{REPLACEMENT CHARACTER} and ? are quoted"
    assert await letters.replay(letter.id, reason="\0", actor="operator:eve")
    entries: Any = await redis.xrange(STREAM)
    assert [fields for _, fields in entries] == [{b"id": b"\xff\x00", b"\x00": b"", b"data": b"\xc3\xa9"}]


async def test_an_id_that_an_emptied_redis_gives_again_is_another_letter(letters: DeadLetters) -> None:
    for data in (b"1", b"1", b"2"):
        assert await letters.bury(STREAM, "waybill", b"1-0", {b"data": data}, WHY)
    first, second = await letters.page()
    assert (first.fields["data"], second.fields["data"]) == ("1", "2")
    assert await letters.page(after=first.id) == [second]
    assert [letter.id for letter in await letters.page(limit=1)] == [first.id]


async def test_who_settles_first_settles_it_and_it_stays_on_record(
    redis: Redis, letters: DeadLetters, module_database: str
) -> None:
    assert await letters.bury(STREAM, "waybill", b"1-0", {b"data": b"1"}, WHY)
    [letter] = await letters.page()
    done = await asyncio.gather(
        *(letters.replay(letter.id, reason="mended", actor=f"operator:{nr}") for nr in range(5))
    )
    assert sorted(done) == [False] * 4 + [True]
    assert await redis.xlen(STREAM) == 1
    connection = await asyncpg.connect(module_database)
    [row] = await connection.fetch("SELECT action, reason, actor FROM dead_letter")
    await connection.close()
    assert (row["action"], row["reason"], row["actor"]) == ("replayed", "mended", f"operator:{done.index(True)}")
    assert await letters.bury(STREAM, "waybill", b"1-0", {b"data": b"1"}, WHY), "delivered late once more"
    assert await letters.count() == 0


async def test_a_replay_that_redis_does_not_take_leaves_the_letter(
    redis: Redis, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise RedisError("away")

    assert await letters.bury(STREAM, "waybill", b"1-0", {b"data": b"1"}, WHY)
    [letter] = await letters.page()
    with monkeypatch.context() as patch:
        patch.setattr(redis, "xadd", away)
        with pytest.raises(RedisError):
            await letters.replay(letter.id, reason="mended", actor="operator:eve")
    assert await letters.page() == [letter]
    for unknown in ("1-0", f"1-{2**63}", f"1-{'9' * 20}", "x"):
        assert not await letters.drop(unknown, reason="r", actor="a")


async def test_what_is_settled_is_forgotten_in_the_end(
    letters: DeadLetters, module_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.dead_letters.MAX_SETTLED", 2)
    for data in (b"1", b"2", b"3", b"4"):
        assert await letters.bury(STREAM, "waybill", b"1-0", {b"data": data}, WHY)
    *settling, last = await letters.page()
    for letter in settling:
        assert await letters.drop(letter.id, reason=letter.fields["data"], actor="operator:eve")
    connection = await asyncpg.connect(module_database)
    rows = await connection.fetch("SELECT reason FROM dead_letter ORDER BY number")
    await connection.close()
    assert [row["reason"] for row in rows] == ["2", "3", None]
    assert await letters.page() == [last]


async def test_what_becomes_of_events_is_counted_by_type(redis: Redis, letters: DeadLetters) -> None:
    failing = 2

    async def act(event: InboundEvent) -> None:
        nonlocal failing
        if event.type == "tests.refused":
            raise Rejected("refused", "for ever")
        if failing:
            failing -= 1
            raise KeyError("a defect")

    for kind in ("tests.one", "tests.one", "tests.refused"):
        await publish(redis, 1, type=kind)
    await publish(redis, 1, specversion="0.3", type="made.up")
    async with running(subscriber(redis, Told(act), letters)):
        await until(lambda: settled(redis))
    found = {(each.type, each.outcome): each.count for each in await Subscriptions(redis, []).routes()}
    assert found == {
        ("tests.one", "handled"): 2,
        ("tests.one", "retried"): 2,
        ("tests.refused", "dead"): 1,
        ("", "dead"): 1,
    }
    assert await letters.by_stream() == {STREAM: 2}
