"""Orders by the line: each is placed once per key, answers for itself, and comes out again."""

import json
from typing import Any

from tests.api.world import BODY, World, problem

LINES = {"Content-Type": "application/jsonl"}


def line(key: str | None = None, **changes: Any) -> str:
    return json.dumps({**({"key": key} if key else {}), **BODY, **changes})


async def imported(world: World, *lines: str, role: str = "service") -> list[dict[str, Any]]:
    answer = await world.call(
        "POST", "/v1/orders/import", role=role, subject="c-1", content="\n".join(lines), headers=LINES
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/jsonl")
    return [json.loads(each) for each in answer.text.splitlines()]


async def test_each_line_is_an_order_in_the_lines_order(world: World) -> None:
    results = await imported(world, line("a"), "", line("b"), line("c"))
    assert [(result["line"], result["key"], result["status"]) for result in results] == [
        (1, "a", 201),
        (2, "b", 201),
        (3, "c", 201),
    ]
    assert len({result["order_id"] for result in results}) == 3
    assert len(world.gateway.placed) == 3


async def test_an_import_sent_again_places_nothing_twice(world: World) -> None:
    first = await imported(world, line("a"), line("b"))
    again = await imported(world, line("a"), line("b"))
    assert [result["order_id"] for result in again] == [result["order_id"] for result in first]
    assert len(world.gateway.placed) == 2
    alone = await world.place(key="a", role="service")
    assert alone.json()["order_id"] == first[0]["order_id"]


async def test_a_refused_line_stops_no_other(world: World) -> None:
    results = await imported(
        world,
        "{",
        "[1]",
        line(),
        line("k e y"),
        line("unknown", lines=[{"sku": "NONE", "quantity": 1}]),
        line("extra", colour="red"),
        line("good"),
    )
    codes = [result["problem"]["type"].rpartition("/")[2] for result in results[:-1]]
    assert codes == [
        "malformed-json",
        "invalid-request",
        "idempotency-key-required",
        "invalid-idempotency-key",
        "unknown-sku",
        "invalid-request",
    ]
    assert results[5]["problem"]["detail"].startswith("/colour") or "#/colour" in results[5]["problem"]["detail"]
    assert all(result["status"] == result["problem"]["status"] for result in results[:-1])
    assert results[-1]["status"] == 201


async def test_customers_import_their_own_orders_only(world: World) -> None:
    own, other = await imported(world, line("a"), line("b", customer_id="c-2"), role="customer")
    assert own["status"] == 201
    assert other["problem"]["type"].endswith("/customer-mismatch")


async def test_what_is_no_import_is_refused(world: World) -> None:
    plain = await world.call("POST", "/v1/orders/import", json={})
    problem(plain, 415, "unsupported-media-type")
    empty = await world.call("POST", "/v1/orders/import", content="\n\n", headers=LINES)
    problem(empty, 422, "invalid-lines")


async def test_orders_come_out_a_line_each(world: World) -> None:
    world.knows()
    world.queries.last_page = True
    answer = await world.call("GET", "/v1/orders/export?status=placed", role="customer", subject="c-1")
    (order,) = [json.loads(each) for each in answer.text.splitlines()]
    assert order["customer_id"] == "c-1"
    where, _, _ = world.queries.listed[0]
    assert (where.customer_id, where.status) == ("c-1", "placed")
    assert world.queries.sorted_by == "placed_at"
