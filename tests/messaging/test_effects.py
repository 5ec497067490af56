"""Effects that are taken once: SQL with its inbox, and commands under the event's id."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.errors import InvalidValue
from messaging import inbox
from messaging.dead_letters import DeadLetters
from messaging.effects import CommandEffect, SqlEffect
from messaging.inbound import InboundEvent, Rejected, event_id
from messaging.routing import ROUTES, Route, Routes
from messaging.tasks import end
from tests.messaging.consuming import publish, running, settled, subscriber, until

EVENT = InboundEvent(event_id("/tests", "1"), "/tests", "tests.happened", "a", None, b"1")


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE tally (number integer)"))
    yield engine
    await engine.dispose()


async def count(connection: AsyncConnection, event: InboundEvent) -> None:
    await connection.execute(text("INSERT INTO tally VALUES (:number)"), {"number": int(event.data)})


async def tally(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("SELECT number FROM tally ORDER BY number"))).scalars())


@dataclass
class Sender:
    """Notes the commands, each key once, as the streams do."""

    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        async def send(*given: object, key: str = "", **more: object) -> None:
            if not key or key not in self.keys:
                self.sent.append((name, {"given": given, "key": key, **more}))
            self.keys.add(key)

        return send


async def test_sql_and_its_inbox_row_commit_together(engine: AsyncEngine) -> None:
    async def fails(connection: AsyncConnection, event: InboundEvent) -> None:
        await count(connection, event)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await SqlEffect(engine, "tests", fails).apply(EVENT)
    assert await tally(engine) == []

    effect = SqlEffect(engine, "tests", count)
    await asyncio.gather(*(effect.apply(EVENT) for _ in range(5)))
    await SqlEffect(engine, "others", count).apply(EVENT)
    assert await tally(engine) == [1, 1]


async def test_a_consumer_killed_between_effect_and_acknowledgement_has_one_effect(
    redis: Redis, engine: AsyncEngine
) -> None:
    effect = SqlEffect(engine, "tests", count)
    killed = subscriber(redis, effect, lease=1.0)
    reached = asyncio.Event()

    async def stop_here(*entries: tuple[bytes, str]) -> None:
        reached.set()
        await asyncio.Event().wait()

    killed.stream.acknowledge = stop_here  # type: ignore[method-assign]
    task = asyncio.create_task(killed.run(asyncio.Event()))
    await publish(redis, 1)
    await reached.wait()
    await end([task])
    assert await tally(engine) == [1]

    async with running(subscriber(redis, effect)):
        await until(lambda: settled(redis))
    assert await tally(engine) == [1]


async def test_an_emptied_redis_whose_events_come_again_changes_nothing(redis: Redis, engine: AsyncEngine) -> None:
    effect = SqlEffect(engine, "tests", count)
    async with running(subscriber(redis, effect)):
        for number in range(10):
            await publish(redis, number, id=f"e-{number}")
        await until(lambda: settled(redis))
        await redis.flushdb()
        for number in range(12):
            await publish(redis, number, id=f"e-{number}")
        await until(lambda: settled(redis))
    assert await tally(engine) == list(range(12))


async def test_a_command_is_sent_under_the_events_id_and_remembered(engine: AsyncEngine) -> None:
    sender = Sender()
    effect = CommandEffect(engine, "tests", Routes(), sender)
    data = b'{"sku":"MUG","price":{"amount":"9.99","currency":"EUR"},"more":1}'
    event = InboundEvent(event_id("/erp", "1"), "/erp", "products.price-changed", None, None, data)

    await effect.apply(event)
    await effect.apply(event)

    [(name, given)] = sender.sent
    assert (name, given["key"], given["actor"]) == ("change_price", event.event_id.hex, "event:/erp")
    sender.keys.clear()  # a command that had nothing to write left nothing in its stream: the inbox remembers
    await effect.apply(event)
    assert len(sender.sent) == 1


async def test_a_command_whose_inbox_row_was_lost_is_sent_under_the_same_id(engine: AsyncEngine) -> None:
    sender = Sender()
    effect = CommandEffect(engine, "tests", Routes(), sender)
    event = InboundEvent(
        *(event_id("/erp", "1"), "/erp", "inventory.adjusted", None, None),
        b'{"sku":"MUG","quantity":-1,"reason":"broken"}',
    )
    await effect.apply(event)
    async with engine.begin() as connection:
        assert await inbox.prune(connection, datetime.now(UTC) - timedelta(days=1)) == 0
        assert await inbox.prune(connection, datetime.now(UTC) + timedelta(days=1)) == 1
    await effect.apply(event)
    assert len(sender.sent) == 1


def test_an_event_is_named_by_source_and_id() -> None:
    names = [("/a", "b"), ("/a|", "b"), ("/a", "|b"), ("/b", "b")]
    assert len({event_id(source, identity) for source, identity in names}) == len(names)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_each_example_is_sent_as_its_command(route: Route[Any]) -> None:
    sender = Sender()
    event = InboundEvent(UUID(int=1), "/tests", route.name, None, None, orjson.dumps(route.example))
    parsed = Routes().parse(event)
    await parsed.send(sender, key="k", actor="event:/tests")
    assert len(sender.sent) == 1
    assert "/" in parsed.key


@pytest.mark.parametrize(
    ("kind", "data", "code", "named"),
    [
        ("products.renamed", b"{}", "unknown-type", "products.price-changed"),
        ("products.price-changed", b"{}", "malformed", "sku"),
        (
            "products.price-changed",
            b'{"sku":"MUG","price":{"amount":1,"currency":"EUR"}}',
            "malformed",
            "price.amount",
        ),
        ("inventory.adjusted", b'{"sku":"MUG","quantity":1.5,"reason":"r"}', "malformed", "quantity"),
        ("inventory.adjusted", b"[]", "malformed", "data"),
        (
            "shipping.tracking-updated",
            b'{"order_id":"x","shipment_id":"s","status":"lost?"}',
            "malformed",
            "status",
        ),
    ],
)
def test_what_no_route_takes_is_named(kind: str, data: bytes, code: str, named: str) -> None:
    with pytest.raises(Rejected) as rejected:
        Routes().parse(InboundEvent(UUID(int=1), "/tests", kind, None, None, data))
    assert rejected.value.code == code
    assert named in rejected.value.detail


async def test_values_that_the_domain_refuses_are_refused(engine: AsyncEngine, redis: Redis) -> None:
    effect = CommandEffect(engine, "tests", Routes(), Sender())
    data = '{"sku":"no such!","reason":"r"}'
    event = InboundEvent(UUID(int=1), "/t", "products.discontinued", None, None, data.encode())
    with pytest.raises(InvalidValue):
        await effect.apply(event)
    letters = DeadLetters(redis, engine)
    await publish(redis, 1, type="products.discontinued", data=data)
    async with running(subscriber(redis, effect, letters)):
        await until(letters.count)
    [letter] = await letters.page()
    assert letter.code == "invalid-sku"
