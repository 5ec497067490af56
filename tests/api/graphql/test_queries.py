"""Reading the graph: the documents of REST, with their neighbours; what a caller may not see is not there."""

import pytest

from api.rest.order_search import CONDITIONS
from readmodels.views import TimelineEntry
from tests.api.graphql.asking import ask, data, refusal
from tests.api.world import World, order_view
from tests.support import samples

ORDER = """query ($id: UUID!) { order(id: $id) {
  orderNumber status paymentStatus version totals { total { amount currency } }
  lines { sku quantity product { name stock { available } } }
  events { type data position } saga { step state error }
} }"""
LIST = """query ($first: Int!) { orders(first: $first) {
  edges { cursor node { orderId } } pageInfo { hasNextPage endCursor }
} }"""


async def test_an_order_and_its_neighbours(world: World) -> None:
    view = world.knows()
    world.queries.entries = [
        TimelineEntry(2**40, 1, "OrderPlaced", samples.NOON, "place#0", "system", '{"reason": "x"}')
    ]
    rest = (await world.call("GET", f"/v1/orders/{view.order_id}")).json()
    order = (await data(world, ORDER, id=str(view.order_id)))["order"]
    assert order["orderNumber"] == rest["order_number"]
    assert (order["status"], order["paymentStatus"]) == (rest["status"].upper(), rest["payment_status"].upper())
    assert order["totals"]["total"] == rest["totals"]["total"]
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [
        (line["sku"], line["quantity"]) for line in rest["lines"]
    ]
    assert order["events"] == [{"type": "OrderPlaced", "data": {"reason": "x"}, "position": 2**40}]
    assert order["saga"] == [{"step": "authorize#1", "state": "stalled", "error": None}]


async def test_operators_see_why_a_step_is_stalled(world: World) -> None:
    view = world.knows()
    order = (await data(world, ORDER, id=str(view.order_id), role="operator"))["order"]
    assert order["saga"][0]["error"] == "no answer"


async def test_another_customers_order_is_null(world: World) -> None:
    view = world.knows()
    assert await data(world, ORDER, id=str(view.order_id), subject="somebody-else") == {"order": None}


async def test_the_next_page_begins_where_the_last_ended(world: World) -> None:
    world.knows()
    page = (await data(world, LIST, first=1))["orders"]
    (edge,) = page["edges"]
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": edge["cursor"]}
    where, limit, cursor = world.queries.listed[-1]
    assert (where.customer_id, limit, cursor) == ("c-1", 1, None)


async def test_a_customer_lists_nobody_elses_orders(world: World) -> None:
    world.knows()
    listed = 'query { orders(where: {customerId: "c-2"}) { nodes { orderId } } customer(id: "c-2") { id } }'
    assert await data(world, listed) == {"orders": {"nodes": []}, "customer": None}


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_a_page_has_bounds(world: World, first: int) -> None:
    assert await refusal(world, LIST, first=first) in ("invalid-limit", "too-costly")


async def test_who_does_not_say_who_it_is_reads_products_only(world: World) -> None:
    shown = 'query { product(sku: "MUG") { name prices { amount } } }'
    assert (await data(world, shown, role=None))["product"]["name"] == "Mug"
    assert await refusal(world, "query { orders { nodes { orderId } } }", role=None) == "unauthenticated"
    assert (
        await refusal(world, 'query { product(sku: "MUG") { stock { onHand } } }', role=None) == "unauthenticated"
    )


async def test_a_token_that_does_not_verify_ends_the_request(world: World) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    response = await world.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (401, "invalid-token")


async def test_operators_find_what_is_stalled(world: World) -> None:
    view = world.knows(order_view())
    asked = "query { stalledSteps { nodes { step error order { version } } } }"
    (step,) = (await data(world, asked, role="operator"))["stalledSteps"]["nodes"]
    assert step == {"step": "authorize#1", "error": "no answer", "order": {"version": view.version}}
    assert await refusal(world, asked) == "forbidden"


async def test_a_fault_tells_nothing_of_itself(world: World) -> None:
    world.queries.fails = RuntimeError("secret")
    answer = await ask(world, 'query { order(id: "00000000-0000-4000-8000-000000000001") { version } }')
    (error,) = answer["errors"]
    assert "secret" not in str(answer)
    assert error["extensions"] == {"code": "internal-error", "status": 500}


async def test_the_read_waits_for_a_position(world: World) -> None:
    view = world.knows()
    placed = (await world.call("GET", f"/v1/orders/{view.order_id}")).json()
    asked = "query ($id: UUID!, $seen: String) { order(id: $id, minPosition: $seen) { version } }"
    world.queries.behind = True
    code = await refusal(world, asked, id=str(view.order_id), seen=placed["position"])
    assert code == "read-not-caught-up"


async def test_mutations_are_not_taken_from_a_link(world: World) -> None:
    changes = 'mutation { publishProduct(sku: "MUG") { __typename } }'
    response = await world.call("GET", "/graphql", params={"query": changes}, role="operator")
    assert response.status_code == 400
    assert world.gateway.calls == []


async def test_lists_have_the_filters_and_sorts_of_rest(world: World) -> None:
    view = world.knows()
    where = {
        "status": "PLACED",
        "customerId": "c-1",
        "paymentStatus": "PENDING",
        "fulfilmentStatus": "UNFULFILLED",
        "placedAfter": "2026-01-01T00:00:00+02:00",
        "placedBefore": "2027-01-01T00:00:00Z",
        "attention": False,
        "sku": "MUG",
        "currency": "EUR",
        "minTotal": "1.00",
        "maxTotal": "99.00",
        "q": "c-",
    }
    asked = "query ($where: OrderWhere) { orders(where: $where, sort: GREATEST) { nodes { orderId } } }"
    await data(world, asked, where=where, role="operator")
    rest = {_snake(name): value.lower() if value in ENUMS else value for name, value in where.items()}
    listed = await world.call("GET", "/v1/orders", params={**rest, "sort": "-total"}, role="operator")
    assert [item["order_id"] for item in listed.json()["items"]] == [str(view.order_id)]
    (graph, *_), (over_rest, *_) = world.queries.listed
    assert graph == over_rest
    assert world.queries.sorted_by == "-total"
    assert set(rest) == set(CONDITIONS)


ENUMS = ("PLACED", "PENDING", "UNFULFILLED")


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


@pytest.mark.parametrize(
    "where",
    [
        {"placedAfter": "2026-01-01T00:00:00"},
        {"placedBefore": "0001-01-01T00:00:00+14:00"},
        {"minTotal": "1.00"},
        {"q": "x" * 201},
    ],
)
async def test_conditions_that_cannot_be_met_are_refused(world: World, where: dict[str, str]) -> None:
    asked = "query ($where: OrderWhere) { orders(where: $where) { nodes { orderId } } }"
    assert await refusal(world, asked, where=where) == "invalid-filter"
    assert world.queries.listed == []


async def test_stalled_steps_are_found_by_whose_they_are(world: World) -> None:
    world.knows()
    asked = 'query { stalledSteps(assignee: "operator:eve", errorType: "E") { nodes { step } } }'
    await data(world, asked, role="operator")
    assert world.queries.filtered == ("operator:eve", "E", 20)
