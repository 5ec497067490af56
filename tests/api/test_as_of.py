"""`as_of` takes a time, a version or a position; `explain` names what each event changed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from activities.aggregates import Committed
from api import positions
from domain.orders.events import OrderConfirmed
from eventstore.store import Expected, NewEvent, StreamWrite
from tests.api.world import World, order_view, problem
from tests.support import samples

PATH = f"/v1/orders/{samples.ORDER}"
STREAM = f"order/{samples.ORDER}"
EVENTS = (samples.PLACED, *samples.AUTHORIZED, OrderConfirmed())


@pytest.fixture
async def lived(world: World) -> World:
    """An order of four events; beside it stock of two, the first written between the order's second and third."""
    for event in EVENTS:
        await append(world, STREAM, event)
    for _ in range(2):
        await append(world, "stock/BER/MUG", samples.PLACED)
    order = {(STREAM, version): at for version, at in enumerate((10, 20, 30, 40), 1)}
    world.history.positions = {**order, ("stock/BER/MUG", 1): 25}
    world.knows(order_view(*EVENTS[1:]))
    return world


async def append(world: World, stream: str, event: object) -> None:
    step = NewEvent(uuid4(), event, {"step": "s#0", "actor": "operator:eve"})
    await world.store.append((StreamWrite(stream, Expected.ANY, (step,)),))
    last = world.store.streams[stream].pop()
    at = samples.NOON + timedelta(minutes=last.version)  # the memory is quicker than a clock
    world.store.streams[stream].append(last._replace(recorded_at=at))


def token(stream: str, version: int) -> str:
    return positions.encode(Committed(stream, version))


def recorded(world: World, version: int) -> str:
    return world.store.streams[STREAM][version - 1].recorded_at.isoformat()


@pytest.mark.parametrize(
    ("as_of", "version"),
    [("1", 1), ("3", 3), (token(STREAM, 2), 2), (token(STREAM, 4), 4), (token("stock/BER/MUG", 1), 2)],
)
async def test_a_version_or_a_position(lived: World, as_of: str, version: int) -> None:
    response = await lived.call("GET", PATH, params={"as_of": as_of})
    order = response.json()
    assert (order["version"], response.headers["etag"]) == (version, f'"{version}"')
    assert order["payment_status"] == {1: "pending", 2: "pending", 3: "authorized", 4: "authorized"}[version]
    assert order["updated_at"] == recorded(lived, version).replace("+00:00", "Z")


@pytest.mark.parametrize("version", [1, 3, 4])
async def test_a_time(lived: World, version: int) -> None:
    at = recorded(lived, version)
    for written in (at, at.replace("+00:00", "Z")):
        assert (await lived.call("GET", PATH, params={"as_of": written})).json()["version"] == version


async def test_now_is_what_is_shown_without_it(lived: World) -> None:
    now, then = await lived.call("GET", PATH), await lived.call("GET", PATH, params={"as_of": "4"})
    differing = {name for name, value in now.json().items() if then.json()[name] != value}
    assert differing == {"updated_at"}, "which the view of this test makes up"


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("0", "versions count from 1"),
        ("5", "its version is 4"),
        ("999999999999999", "its version is 4"),
        ("yesterday", "RFC 3339"),
        ("", "RFC 3339"),
        ("-1", "RFC 3339"),
        ("2026-03-01", "RFC 3339"),
        ("2026-03-01T12:00:00", "RFC 3339"),
        ("2026-02-30T12:00:00Z", "no such time"),
        ("0001-01-01T00:00:00+23:00", "no such time"),
        ("9999-12-31T23:59:59-23:00", "no such time"),
        ("2999-01-01T00:00:00Z", "not reached yet"),
        ("٣", "RFC 3339"),
        (token("stock/BER/MUG", 9), "no such event"),
        (token("nothing", 1), "no such event"),
    ],
)
async def test_what_names_nothing_is_refused(lived: World, as_of: str, told: str) -> None:
    response = await lived.call("GET", PATH, params={"as_of": as_of})
    assert told in problem(response, 422, "invalid-as-of")["detail"]


async def test_before_it_was_placed_there_is_no_order(lived: World) -> None:
    early = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    problem(await lived.call("GET", PATH, params={"as_of": early}), 404, "order-not-placed-then")
    lived.history.positions["stock/BER/MUG", 1] = 5
    before = {"as_of": token("stock/BER/MUG", 1)}
    problem(await lived.call("GET", PATH, params=before), 404, "order-not-placed-then")


async def test_a_position_that_the_log_has_not_reached_is_asked_for_again(lived: World) -> None:
    response = await lived.call("GET", PATH, params={"as_of": token("stock/BER/MUG", 2)})
    problem(response, 503, "read-not-caught-up")


@pytest.mark.parametrize("suffix", ["?as_of=1", "?as_of=nonsense", "/explain"])
async def test_another_customers_past_is_not_found(lived: World, suffix: str) -> None:
    problem(await lived.call("GET", PATH + suffix, subject="c-2"), 404, "order-not-found")


async def test_each_event_is_explained(lived: World) -> None:
    response = await lived.call("GET", f"{PATH}/explain")
    placed, requested, authorized, confirmed = response.json()["items"]
    assert [change(placed, "status"), change(placed, "lines[0].sku")] == [(None, "placed"), (None, "MUG")]
    assert (requested["type"], requested["changes"]) == ("PaymentRequested", [])
    assert change(authorized, "payment_status") == ("pending", "authorized")
    assert change(authorized, "amounts.authorized.amount") == ("0.00", "35.70")
    assert confirmed["changes"] == [{"path": "status", "before": "placed", "after": "confirmed"}]
    assert (confirmed["version"], confirmed["step"], confirmed["actor"]) == (4, "s#0", None)
    internal = (await lived.call("GET", f"{PATH}/explain", role="operator")).json()["items"]
    assert internal[3]["actor"] == "operator:eve"


def change(event: dict[str, Any], path: str) -> tuple[Any, Any]:
    (found,) = [each for each in event["changes"] if each["path"] == path]
    return found["before"], found["after"]
