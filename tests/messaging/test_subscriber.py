"""The subscriber against a real Redis: order, outages, poison, owners that die, and a Redis that is emptied."""

import asyncio

import pytest
from redis.asyncio import Redis

from domain.errors import NotAllowed
from messaging.dead_letters import DeadLetters
from messaging.effects import Effect
from messaging.inbound import InboundEvent
from messaging.owned_stream import NotOwner, OwnedStream
from messaging.subscriber import Subscriber
from messaging.subscriptions import Subscriptions, inbound_streams
from messaging.tasks import end
from tests.messaging.consuming import (
    STREAM,
    Away,
    NoLetters,
    Told,
    limits,
    numbers,
    pending,
    pending_is,
    publish,
    running,
    settled,
    subscriber,
    until,
)


async def test_each_lane_is_handled_in_its_order_and_lanes_side_by_side(redis: Redis) -> None:
    gate = asyncio.Event()

    async def held(event: InboundEvent) -> None:
        if event.subject == "slow":
            await gate.wait()

    effect = Told(held)
    for number in range(40):
        await publish(redis, number, ("slow", "a", "b", "c")[number % 4])
    async with running(subscriber(redis, effect)):
        try:
            await until(lambda: pending_is(redis, 10))
            assert len(effect.seen) == 30
        finally:
            gate.set()
        await until(lambda: settled(redis))
    for rest, subject in enumerate(("slow", "a", "b", "c")):
        assert numbers(effect, subject) == list(range(rest, 40, 4))


async def test_two_subscribers_keep_the_order_and_one_takes_over_when_the_other_is_stopped(redis: Redis) -> None:
    first, second = Told(), Told()
    for number in range(200):
        await publish(redis, number, "ab"[number % 2])
    async with running(subscriber(redis, second)):
        async with running(subscriber(redis, first)):
            await until(lambda: settled(redis))
        for number in range(200, 400):
            await publish(redis, number, "ab"[number % 2])
        await until(lambda: settled(redis))
    for rest, subject in enumerate("ab"):
        both = [*numbers(first, subject), *numbers(second, subject)]
        assert sorted(both) == list(range(rest, 400, 2))
        assert numbers(first, subject) == sorted(numbers(first, subject))
        assert numbers(second, subject) == sorted(numbers(second, subject))


async def test_what_nobody_wants_is_not_read_and_all_that_follows_the_first_who_does_is(redis: Redis) -> None:
    wants, asked, effect = asyncio.Event(), asyncio.Event(), Told()
    answers: list[bool | Exception] = [Away(), False]

    async def wanted() -> bool:
        asked.set()
        answer = answers.pop(0) if answers else wants.is_set()
        if isinstance(answer, Exception):
            raise answer
        return answer

    await publish(redis, 0)
    async with running(subscriber(redis, effect, wanted=wanted)):
        await until(lambda: not answers)
        await until(lambda: settled(redis))
        assert effect.seen == []
        await asyncio.wait_for(asked.wait(), 30)
        wants.set()
        for number in (1, 2):
            await publish(redis, number)
        await until(lambda: len(effect.seen) == 2)
    assert numbers(effect) == [1, 2]


async def test_what_a_dead_owner_read_is_handled_by_the_next_before_what_is_new(redis: Redis) -> None:
    stuck = asyncio.Event()

    async def never(event: InboundEvent) -> None:
        stuck.set()
        await asyncio.Event().wait()

    dead = asyncio.create_task(subscriber(redis, Told(never), lease=1.0).run(asyncio.Event()))
    for number in range(5):
        await publish(redis, number)
    await stuck.wait()
    await until(lambda: pending_is(redis, 5))
    await end([dead])  # as if killed: nothing is acknowledged, and the lease runs out by itself
    await publish(redis, 5)
    effect = Told()
    async with running(subscriber(redis, effect)):
        await until(lambda: settled(redis))
    assert numbers(effect) == [0, 1, 2, 3, 4, 5]


async def test_who_does_not_own_a_stream_reads_nothing_of_it(redis: Redis) -> None:
    await publish(redis, 1)
    owner, other = OwnedStream(redis, STREAM, lease=30), OwnedStream(redis, STREAM, lease=30)
    assert len([*await owner.fetch(10), *await owner.fetch(10)]) == 1
    with pytest.raises(NotOwner):
        await other.fetch(10)
    with pytest.raises(NotOwner):
        await other.hold()
    await other.release()
    await owner.hold()
    await owner.release()
    assert len(await other.fetch(10)) == 1


async def test_an_outage_is_waited_out_and_buries_nothing(redis: Redis) -> None:
    away = 30

    async def failing(event: InboundEvent) -> None:
        nonlocal away
        if away:
            away -= 1
            raise Away

    effect = Told(failing)
    await publish(redis, 1)
    async with running(subscriber(redis, effect, attempts=2)):
        await until(lambda: settled(redis))
    assert (away, numbers(effect)) == (0, [1])
    [standing] = await Subscriptions(redis, ["tests"]).list()
    assert (standing.handled, standing.retried, standing.dead, standing.lag) == (1, 30, 0, 0)
    assert not standing.consumed


async def test_poison_is_buried_with_its_reason_and_replayed_after_the_fix(
    redis: Redis, letters: DeadLetters
) -> None:
    broken = True

    async def fragile(event: InboundEvent) -> None:
        if broken and event.data == b"1":
            raise KeyError("a defect")

    effect = Told(fragile)
    _, poison, _ = [await publish(redis, number) for number in range(3)]
    async with running(subscriber(redis, effect, letters, attempts=3)):
        await until(lambda: settled(redis))
        assert numbers(effect) == [0, 2]
        [letter] = await letters.page()
        assert (letter.code, letter.attempts, letter.stream) == ("failed", 4, STREAM)
        assert "KeyError" in letter.detail
        assert (letter.fields["id"], letter.fields["data"]) == (poison, "1")

        broken = False
        assert await letters.replay(letter.id, reason="mended", actor="operator:eve")
        assert not await letters.replay(letter.id, reason="mended", actor="operator:eve")
        await until(lambda: len(effect.seen) == 3)
        await until(lambda: settled(redis))
    assert numbers(effect) == [0, 2, 1]
    assert await letters.count() == 0


async def test_a_refusal_is_buried_at_once_and_can_be_dropped(redis: Redis, letters: DeadLetters) -> None:
    async def refused(event: InboundEvent) -> None:
        raise NotAllowed("the product is discontinued", code="product-discontinued")

    await publish(redis, 1)
    async with running(subscriber(redis, Told(refused), letters)):
        await until(letters.count)
    [letter] = await letters.page()
    assert (letter.code, letter.detail, letter.attempts) == (
        "product-discontinued",
        "the product is discontinued",
        1,
    )
    assert await letters.page(after=letter.id) == []
    assert await letters.drop(letter.id, reason="never mind", actor="operator:eve")
    assert await letters.count() == 0
    assert await redis.xlen(STREAM) == 1


async def test_full_dead_letters_hold_the_lane_and_lose_nothing(redis: Redis, letters: DeadLetters) -> None:
    async def refused(event: InboundEvent) -> None:
        raise NotAllowed("no")

    letters._limit = 1
    given = subscriber(redis, Told(refused), letters)
    await publish(redis, 1)
    await publish(redis, 2)
    async with running(given):
        await until(letters.count)
        await until(lambda: redis.hget("waybill:subscriber:counts", f"{STREAM}|retried"))
        assert (await pending(redis), await letters.count()) == (1, 1)
        [letter] = await letters.page()
        await letters.drop(letter.id, reason="room", actor="operator:eve")
        await until(lambda: settled(redis))
    [letter] = await letters.page()
    assert letter.fields["data"] == "2"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id is missing"),
        ({"time": "yesterday"}, "time"),
        ({"datacontenttype": "text/xml"}, "application/json"),
        ({"data": "{"}, "JSON"),
        ({"Upper": "x"}, "Upper"),
        ({"subject": "x" * 1001}, "subject"),
    ],
)
async def test_what_is_no_cloud_event_is_buried_with_what_is_wrong(
    redis: Redis, letters: DeadLetters, changes: dict[str, str], named: str
) -> None:
    await publish(redis, 1, **changes)
    async with running(subscriber(redis, Told(), letters)):
        await until(letters.count)
    [letter] = await letters.page()
    assert letter.code == "malformed"
    assert named in letter.detail


async def test_an_emptied_redis_is_gone_on_with(redis: Redis) -> None:
    effect = Told()
    async with running(subscriber(redis, effect)):
        await publish(redis, 1)
        await until(lambda: settled(redis))
        await redis.flushdb()
        await publish(redis, 2)
        await until(lambda: len(effect.seen) == 2)
        await until(lambda: settled(redis))
    assert numbers(effect) == [1, 2]


async def test_what_is_handled_is_trimmed_and_what_is_not_stays(redis: Redis) -> None:
    for number in range(300):
        await publish(redis, number)
    effect = Told()
    async with running(subscriber(redis, effect, keep=100)):
        await until(lambda: settled(redis))
        await publish(redis, 300)
        await until(lambda: len(effect.seen) == 301)
    assert await redis.xlen(STREAM) < 200  # Redis trims by whole nodes


async def test_streams_are_found_as_they_come_and_everything_ends_when_told(redis: Redis) -> None:
    effect: Effect = Told()
    stop = asyncio.Event()
    await publish(redis, 1)
    assert await inbound_streams(redis, ["products"]) == ["waybill.inbound.products", STREAM]
    given = Subscriber(redis, lambda: inbound_streams(redis, ["products"]), "tests", effect, NoLetters(), limits())
    task = asyncio.create_task(given.run(stop))
    await until(lambda: settled(redis))
    stop.set()
    await task
    assert not await redis.exists(f"waybill:owner:waybill:{STREAM}")
