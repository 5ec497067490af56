"""Holds over HTTP: who may place them, what they say, and screening at placing."""

from datetime import datetime

import pytest

from domain.orders.events import HoldPlaced, HoldScope
from tests.api.world import BODY, World, order_view
from tests.support.samples import ORDER, eur

PATH = f"/v1/orders/{ORDER}/holds"
BY_HAND = {"scope": "line", "subject": "MUG", "reason": "a recall", "expires_at": "2030-01-01T00:00:00+01:00"}
HOLD = HoldPlaced("h-1", HoldScope.ORDER, None, "looks odd", "operator:eve", None)


async def test_an_operator_places_and_releases_a_hold(world: World) -> None:
    world.knows(order_view(HOLD))
    placed = await world.call("POST", PATH, role="operator", json=BY_HAND, headers={"If-Match": '"2"'})
    assert placed.status_code == 200
    shown = placed.json()
    assert (shown["status"], shown["holds"][0]["reason"]) == ("on_hold", "looks odd")
    released = await world.call("POST", f"{PATH}/h-1/release", role="operator", json={"reason": "fine"})
    assert released.status_code == 200
    (_, hold), (_, release) = world.gateway.calls
    assert (hold["scope"], hold["subject"], hold["expected_version"]) == (HoldScope.LINE, "MUG", 2)
    assert hold["expires_at"] == datetime.fromisoformat("2029-12-31T23:00:00Z")
    assert (release["hold_id"], release["reason"]) == ("h-1", "fine")


@pytest.mark.parametrize("role", ["customer", "service"])
async def test_others_may_not(world: World, role: str) -> None:
    world.knows(order_view(HOLD))
    for path, body in ((PATH, BY_HAND), (f"{PATH}/h-1/release", {"reason": "fine"})):
        assert (await world.call("POST", path, role=role, json=body)).status_code == 403


async def test_a_customer_sees_that_its_order_is_held_and_not_why(world: World) -> None:
    world.knows(order_view(HOLD))
    shown = (await world.call("GET", f"/v1/orders/{ORDER}")).json()
    assert shown["holds"] == [
        {
            "hold_id": "h-1",
            "scope": "order",
            "subject": None,
            "expires_at": None,
            "reason": None,
            "placed_by": None,
        }
    ]


@pytest.mark.parametrize("body", [{"scope": "parcel", "reason": "r"}, {**BY_HAND, "expires_at": "2030-01-01"}])
async def test_a_malformed_hold_is_refused(world: World, body: dict[str, str]) -> None:
    world.knows()
    answer = await world.call("POST", PATH, role="operator", json=body)
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (422, "invalid-request")


async def test_an_order_is_screened_by_what_the_customer_did_before(screening: World) -> None:
    screening.knows()  # 35.70 to GB, still open
    await screening.place({**BODY, "customer_id": "c-1"})
    (_, placed) = screening.gateway.calls[-1]
    assert placed["command"].screening == (
        "the customer's open orders come to 77.23 EUR",
        "the customer never had a parcel to DE",
    )


async def test_another_customers_orders_do_not_count(screening: World) -> None:
    screening.knows()
    await screening.place({**BODY, "customer_id": "c-2"}, subject="c-2")
    (_, placed) = screening.gateway.calls[-1]
    assert placed["command"].screening == ()
    assert placed["command"].totals.total < eur("76.00")
