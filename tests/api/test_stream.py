"""The live feed over server-sent events: all of it, in order, once, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import pytest

from api.auth import Principal, Role
from api.graphql.context import Context
from api.graphql.schema import new_schema
from api.live import Feed, FellBehind
from api.owners import LiveEvent, Owners
from api.rest.stream import encode, wanted_by
from domain.orders.events import OrderCancellationRequested, OrderConfirmed
from tests.api.world import World, problem, token
from tests.readmodels.memory_log import MemoryLog
from tests.support.histories import Happened, completed, shop
from tests.support.samples import ORDER, OTHER_ORDER, PLACED

CUSTOMER = Principal("iss", PLACED.customer_id, Role.CUSTOMER)
STRANGER = Principal("iss", "somebody-else", Role.CUSTOMER)
OPERATOR = Principal("iss", "op-1", Role.OPERATOR)


@asynccontextmanager
async def feeding(log: MemoryLog, **given: Any) -> AsyncIterator[Feed]:
    feed = Feed(log, Owners(log), **given)
    running = asyncio.create_task(feed.run())
    yield feed
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def take(events: AsyncIterator[LiveEvent], count: int) -> list[int]:
    async with asyncio.timeout(10):
        return [(await anext(events)).position for _ in range(count)]


def everything(event: LiveEvent) -> bool:
    return True


async def test_the_past_and_the_present_meet_without_a_gap() -> None:
    log = MemoryLog([*shop(), *completed(ORDER)])
    past = len(log.events)
    async with feeding(log) as feed:
        events = feed.after(3, everything)
        assert await take(events, past - 3) == list(range(4, past + 1))
        log.append(*completed(OTHER_ORDER))
        assert await take(events, len(log.events) - past) == list(range(past + 1, len(log.events) + 1))


async def test_what_happens_while_the_past_is_read_comes_once() -> None:
    log = MemoryLog(completed(ORDER))
    async with feeding(log) as feed:
        present = feed.after(None, everything)
        waiting = asyncio.ensure_future(take(present, 1))
        events = feed.after(0, everything)
        first = await take(events, 2)
        log.append(Happened(f"order/{ORDER}", OrderConfirmed(), "confirm#9"))
        assert await waiting == [len(log.events)]  # the reader is beyond what this follower still reads
        assert first + await take(events, len(log.events) - 2) == list(range(1, len(log.events) + 1))


async def test_who_names_no_position_gets_what_is_new() -> None:
    log = MemoryLog(completed(ORDER))
    async with feeding(log) as feed:
        waiting = asyncio.ensure_future(take(feed.after(None, everything), 1))
        while not feed.followers:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        log.append(Happened(f"order/{ORDER}", OrderConfirmed(), "confirm#9"))
        assert await waiting == [len(log.events)]


async def test_who_is_too_slow_is_cut_off_and_holds_nobody_up() -> None:
    log = MemoryLog()
    async with feeding(log, queue=3) as feed:
        slow, quick = feed.after(0, everything), feed.after(0, everything)
        began = [asyncio.ensure_future(take(each, 1)) for each in (slow, quick)]
        while feed.followers < 2:
            await asyncio.sleep(0)
        log.append(Happened(f"order/{ORDER}", PLACED, "place#0"))
        await asyncio.gather(*began)
        for n in range(6):
            log.append(Happened(f"order/{ORDER}", OrderConfirmed(), f"confirm#{n}"))
            assert await take(quick, 1) == [n + 2]
        assert await take(slow, 3) == [2, 3, 4]
        with pytest.raises(FellBehind):
            await take(slow, 1)


async def test_nothing_is_read_for_nobody() -> None:
    log = MemoryLog(completed(ORDER))
    async with feeding(log) as feed:
        events = feed.after(0, everything)
        await take(events, 1)
        await events.aclose()  # type: ignore[attr-defined]
        assert feed.followers == 0
        again = feed.after(0, everything)
        assert await take(again, 2) == [1, 2]


async def test_a_customer_gets_its_own_orders_only() -> None:
    log = MemoryLog([*shop(), *completed(ORDER)])
    owners = Owners(log)
    events = [await owners.live(event) for event in log.events]

    def seen(caller: Principal, **given: Any) -> set[str]:
        wanted = wanted_by(caller, **{"order_id": None, "customer_id": None, **given})
        return {event.recorded.stream_id.partition("/")[0] for event in events if wanted(event)}

    assert seen(CUSTOMER) == {"order"}
    assert seen(STRANGER) == set()
    assert seen(OPERATOR) == {"order", "stock", "product"}
    assert seen(OPERATOR, order_id=ORDER) == {"order"}
    assert seen(OPERATOR, order_id=OTHER_ORDER) == set()
    assert seen(OPERATOR, customer_id="c-none") == set()
    assert seen(OPERATOR, types=frozenset({"StockReceived"})) == {"stock"}


async def test_whose_an_order_is_is_read_from_its_first_event() -> None:
    log = MemoryLog([*completed(ORDER)])
    assert (await Owners(log).live(log.events[-1])).customer_id == PLACED.customer_id


async def test_operators_share_what_is_sent_and_customers_learn_no_names() -> None:
    log = MemoryLog()
    requested = OrderCancellationRequested("twice", "operator:1")
    log.append(Happened(f"order/{ORDER}", PLACED, "place#0"), Happened(f"order/{ORDER}", requested, "cancel:k"))
    event = await Owners(log).live(log.events[1])
    assert encode(event, OPERATOR) is encode(event, OPERATOR)
    lines = dict(line.split(": ", 1) for line in encode(event, CUSTOMER).decode().strip().split("\n"))
    shown = orjson.loads(lines["data"])
    assert (lines["id"], lines["event"]) == ("2", "OrderCancellationRequested")
    assert (shown["order_id"], shown["version"], shown["actor"]) == (str(ORDER), 2, None)
    assert (
        orjson.loads(encode(event, OPERATOR).decode().split("data: ")[1].split("\n")[0])["actor"] == "operator:1"
    )


async def test_a_bad_position_is_refused(world: World) -> None:
    for given in ("x", "-1", "1.5", str(2**63)):
        response = await world.call("GET", "/v1/stream", headers={"Last-Event-ID": given})
        problem(response, 400 if response.status_code == 400 else 422, "invalid-position")


async def test_it_needs_a_token(world: World) -> None:
    problem(await world.call("GET", "/v1/stream", role=None), 401, "unauthenticated")


async def test_the_subscription_tells_the_same(world: World) -> None:
    world.log.append(*completed(ORDER))
    schema = new_schema(introspection=True)
    context = Context(world.app.state.dependencies, token("customer", PLACED.customer_id)["Authorization"])
    running = asyncio.create_task(world.feed.run())
    events = await schema.subscribe(
        "subscription { orderChanged(after: 0) { event { position type orderId } order { version } } }",
        context_value=context,
    )
    view = world.knows()
    assert isinstance(events, AsyncIterator)
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while len(seen) < 3:
            answer = await anext(events)
            assert answer.data, answer.errors
            seen.append(answer.data["orderChanged"])
    running.cancel()
    orders = [event.position for event in world.log.events if event.stream_id == f"order/{ORDER}"]
    assert [change["event"]["position"] for change in seen] == orders[:3]
    assert {change["event"]["orderId"] for change in seen} == {str(ORDER)}
    assert {change["order"]["version"] for change in seen} == {view.version}
