"""Reading and cancelling orders: positions, ETags, and nothing of another customer's."""

from typing import Any

import pytest

from activities.aggregates import Committed
from api import positions
from domain.errors import NotAllowed, NotFound
from domain.orders.events import OrderStepStalled
from readmodels.views import TimelineEntry
from tests.api.world import World, order_view, problem
from tests.support import samples

PATH = f"/v1/orders/{samples.ORDER}"
STALLED = OrderStepStalled("authorize#1", "Unknown", "no answer")
POSITION = positions.encode(Committed(f"order/{samples.ORDER}", 4))


async def test_an_order_reads_in_full(world: World) -> None:
    world.knows(order_view(*samples.AUTHORIZED, samples.booked()))
    response = await world.call("GET", PATH)
    order = response.json()
    assert response.headers["etag"] == '"4"'
    assert positions.decode(order["position"]) == Committed(f"order/{samples.ORDER}", 4)
    assert response.headers["waybill-position"] == order["position"]
    assert (order["order_number"], order["customer_id"], order["version"]) == (samples.NUMBER, "c-1", 4)
    assert (order["payment_status"], order["fulfilment_status"]) == ("authorized", "unfulfilled")
    assert order["amounts"]["authorized"] == {"amount": "35.70", "currency": "EUR"}
    assert order["amounts"]["due"] == {"amount": "35.70", "currency": "EUR"}
    assert order["lines"][0]["unit_price"] == {"amount": "10.00", "currency": "EUR"}
    assert order["placed_at"] == order["updated_at"] == "2026-03-01T12:00:00Z"
    assert order["shipping_address"]["country"] == "GB"
    assert order["shipments"] == [
        {
            "shipment_id": "s-1",
            "warehouse": "BER",
            "status": "booked",
            "tracking_number": "T1",
            "items": [{"sku": "MUG", "quantity": 3}],
        }
    ]


async def test_why_a_step_is_stalled_is_for_operators(world: World) -> None:
    world.knows(order_view(STALLED))
    shown, internal = await world.call("GET", PATH), await world.call("GET", PATH, role="operator")
    assert shown.json()["attention"] is internal.json()["attention"] is True
    assert shown.json()["stalled"] is None
    assert internal.json()["stalled"] == [{"step": "authorize#1", "error_type": "Unknown", "error": "no answer"}]


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', "*"])
async def test_a_version_already_known_is_not_sent_again(world: World, tag: str) -> None:
    world.knows()
    response = await world.call("GET", PATH, headers={"If-None-Match": tag})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"1"')
    assert (await world.call("GET", PATH, headers={"If-None-Match": '"2"'})).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/v1/orders/42", f"/v1/orders/{samples.OTHER_ORDER}", "/v1/orders/%01", f"/v1/orders/{{{samples.ORDER}}}"],
)
async def test_an_unknown_order_is_not_found(world: World, path: str) -> None:
    world.knows()
    problem(await world.call("GET", path), 404, "order-not-found")


async def test_a_read_waits_for_its_position(world: World) -> None:
    world.knows()
    for suffix, projection in (("", "orders"), ("/events", "timeline"), ("/saga", "saga_steps")):
        response = await world.call("GET", f"{PATH}{suffix}", params={"min_position": POSITION})
        assert response.status_code == 200
        assert world.queries.waited[-1] == (projection, f"order/{samples.ORDER}", 4)


async def test_a_read_that_has_not_caught_up_says_when_to_repeat(world: World) -> None:
    world.queries.behind = True
    response = await world.call("GET", PATH, params={"min_position": POSITION})
    problem(response, 503, "read-not-caught-up")
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "token", ["x", "é", "bnVsbA", "W10", "WyJhIiwtMV0", "WyJhIiwxZTldXQ", "W1tdLDFd", "A" * 300]
)
async def test_a_position_that_is_none_is_refused(world: World, token: str) -> None:
    problem(await world.call("GET", PATH, params={"min_position": token}), 422, "invalid-position")


async def test_an_order_placed_a_moment_ago_is_waited_for(world: World) -> None:
    await world.call("GET", PATH)
    assert world.queries.waited == [("orders", f"order/{samples.ORDER}", 1)]


@pytest.mark.parametrize(
    ("method", "suffix", "json"),
    [("GET", "", None), ("GET", "/events", None), ("GET", "/saga", None), ("POST", "/cancel", {"reason": "r"})],
)
async def test_another_customers_order_is_not_found(world: World, method: str, suffix: str, json: Any) -> None:
    theirs = await world.call(method, PATH + suffix, json=json, subject="c-2")
    world.knows()
    mine = await world.call(method, PATH + suffix, json=json, subject="c-2")
    assert problem(theirs, 404, "order-not-found") == problem(mine, 404, "order-not-found")
    assert not world.gateway.calls


async def test_events_are_objects_and_can_be_followed(world: World) -> None:
    world.knows()
    world.queries.entries = [
        TimelineEntry(9, 1, "OrderPlaced", samples.NOON, None, "customer:c-1", '{"lines":[]}'),
        TimelineEntry(12, 2, "OrderStepStalled", samples.NOON, "authorize#1", "system", '{"error":"e"}'),
        TimelineEntry(15, 3, "OrderStepResolved", samples.NOON, "r", "operator:eve", '{"reason":"r"}'),
    ]
    first, *rest = (await world.call("GET", f"{PATH}/events", role="operator")).json()["items"]
    assert first == {
        "position": 9,
        "version": 1,
        "type": "OrderPlaced",
        "recorded_at": "2026-03-01T12:00:00Z",
        "step": None,
        "actor": "customer:c-1",
        "data": {"lines": []},
    }
    assert [event["data"] for event in rest] == [{"error": "e"}, {"reason": "r"}]
    shown = (await world.call("GET", f"{PATH}/events", params={"after": 1})).json()["items"]
    assert [(event["actor"], event["data"]) for event in shown] == [("system", {}), (None, {})]


async def test_a_customer_sees_steps_without_their_errors(world: World) -> None:
    world.knows()
    shown, internal = [
        (await world.call("GET", f"{PATH}/saga", role=role)).json()["items"][0]
        for role in ("customer", "operator")
    ]
    assert (shown["step"], shown["state"], shown["error"]) == ("authorize#1", "stalled", None)
    assert (internal["error_type"], internal["error"]) == ("Unknown", "no answer")


# Lists


async def test_a_list_passes_its_conditions_on(world: World) -> None:
    world.knows()
    query = {
        "status": "placed",
        "customer_id": "c-9",
        "placed_after": "2026-01-01T00:00:00+02:00",
        "attention": "true",
        "q": " c-",
        "limit": "7",
        "cursor": "abc",
    }
    response = await world.call("GET", "/v1/orders", role="operator", params=query)
    where, limit, cursor = world.queries.listed[0]
    assert (where.status, where.customer_id, where.attention, where.q) == ("placed", "c-9", True, "c-")
    assert where.placed_after is not None
    assert where.placed_after.isoformat() == "2025-12-31T22:00:00+00:00"
    assert (limit, cursor) == (7, "abc")
    assert response.json()["next_cursor"] == "more"
    assert response.json()["items"][0]["total"] == {"amount": "35.70", "currency": "EUR"}


async def test_a_customers_list_is_its_own(world: World) -> None:
    world.knows()
    await world.call("GET", "/v1/orders")
    assert world.queries.listed[0][0].customer_id == "c-1"
    other = await world.call("GET", "/v1/orders", params={"customer_id": "c-2"})
    assert other.json() == {"items": [], "next_cursor": None}
    assert len(world.queries.listed) == 1


async def test_an_order_number_is_found_as_people_type_it(world: World) -> None:
    await world.call("GET", "/v1/orders", params={"q": samples.NUMBER.lower().replace("-", "")})
    where, limit, _ = world.queries.listed[0]
    assert (where.q, limit) == (samples.NUMBER, 50)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "many"},
        {"status": "lost"},
        {"placed_after": "2026-01-01T00:00:00"},
        {"placed_after": "0001-01-01T00:00:00+14:00"},
        {"attention": "perhaps"},
    ],
)
async def test_a_bad_parameter_is_named(world: World, query: dict[str, str]) -> None:
    document = problem(await world.call("GET", "/v1/orders", params=query), 422, "invalid-request")
    assert [error["parameter"] for error in document["errors"]] == list(query)


# Cancelling


async def cancel(world: World, **headers: str) -> Any:
    return await world.call(
        "POST",
        f"{PATH}/cancel",
        json={"reason": "ordered twice"},
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def test_cancelling_answers_with_the_order(world: World) -> None:
    world.knows()
    response = await cancel(world)
    assert response.status_code == 200
    assert response.json()["order_id"] == str(samples.ORDER)
    assert world.queries.waited[-1] == ("orders", f"order/{samples.ORDER}", 7)
    given = world.gateway.calls[0][1]
    assert (given["reason"], given["actor"], given["expected_version"]) == ("ordered twice", "customer:c-1", None)


async def test_cancelling_does_not_wait_for_long(world: World) -> None:
    world.knows()
    world.queries.behind = True
    response = await cancel(world)
    assert response.status_code == 202
    assert response.json()["version"] == 7
    assert response.headers["waybill-position"] == response.json()["position"]


@pytest.mark.parametrize(("tag", "version"), [('"5"', 5), ('W/"5"', 5), ("*", None)])
async def test_if_match_is_the_expected_version(world: World, tag: str, version: int | None) -> None:
    world.knows()
    await cancel(world, If_Match=tag)
    assert world.gateway.calls[0][1]["expected_version"] == version


async def test_if_match_that_names_no_version_is_refused(world: World) -> None:
    problem(await cancel(world, If_Match='"abc"'), 412, "version-mismatch")
    problem(await cancel(world, If_Match='"1", "2"'), 400, "invalid-if-match")


async def test_the_same_key_is_the_same_command_and_only_for_one_caller(world: World) -> None:
    world.knows()
    for _ in range(2):
        await cancel(world, Idempotency_Key="k")
    await cancel(world)
    key, reason = {"Idempotency-Key": "k"}, {"reason": "r"}
    await world.call("POST", f"{PATH}/cancel", role="operator", subject="o-1", json=reason, headers=key)
    first, again, without, other = (given["key"] for _, given in world.gateway.calls)
    assert first == again
    assert len({first, without, other}) == 3


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (
            NotAllowed("too late", code="too-late-to-cancel", details={"status": "fulfilling"}),
            409,
            "too-late-to-cancel",
        ),
        (NotAllowed("no", code="version-mismatch", details={"version": 9}), 412, "version-mismatch"),
        (NotAllowed("no", code="order-closed", details={"status": "cancelled"}), 409, "order-closed"),
        (NotFound("no", code="order-not-found"), 404, "order-not-found"),
    ],
)
async def test_a_refused_cancellation_says_why(world: World, refusal: Exception, status: int, code: str) -> None:
    world.knows()
    world.gateway.fails = refusal
    document = problem(await cancel(world), status, code)
    if code == "too-late-to-cancel":
        assert document["current_status"] == "fulfilling"
    if code == "version-mismatch":
        assert document["version"] == 9


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "a\0b"}, {"reason": "x" * 501}, [], None]
)
async def test_a_cancellation_needs_a_reason(world: World, body: Any) -> None:
    world.knows()
    response = await world.call("POST", f"{PATH}/cancel", json=body)
    problem(response, 422, "invalid-request")


async def test_lists_take_filters_sorts_and_fields(world: World) -> None:
    world.knows()
    path = (
        "/v1/orders?payment_status=captured&fulfilment_status=delivered&sku=MUG&currency=EUR&min_total=10"
        "&max_total=20.50&placed_before=2026-03-02T00:00:00Z&sort=-total&fields=order_id,status"
    )
    page = (await world.call("GET", path, role="admin")).json()
    (item,) = page["items"]
    assert set(item) == {"order_id", "status"}
    assert page["next_cursor"] == "more"
    where, _, _ = world.queries.listed[0]
    assert (where.payment_status, where.fulfilment_status, where.sku) == ("captured", "delivered", "MUG")
    assert (where.currency, where.least_total, where.most_total) == ("EUR", 1000, 2050)
    assert world.queries.sorted_by == "-total"


async def test_an_order_shows_the_fields_asked_for(world: World) -> None:
    world.knows()
    answer = await world.call("GET", f"{PATH}?fields=totals,version")
    assert set(answer.json()) == {"totals", "version"}
    assert answer.headers["etag"]
    refused = problem(await world.call("GET", f"{PATH}?fields=totals,password"), 422, "invalid-fields")
    assert "'password'" in refused["detail"]


async def test_a_range_of_totals_needs_its_currency(world: World) -> None:
    problem(await world.call("GET", "/v1/orders?min_total=1", role="admin"), 422, "invalid-filter")
    problem(await world.call("GET", "/v1/orders?min_total=x&currency=EUR", role="admin"), 422, "invalid-amount")
