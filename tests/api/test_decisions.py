"""What is short over HTTP: the customer is asked, staff offer a substitute, the customer decides."""

from datetime import timedelta

from domain.inventory.events import Backorder, StockBackordered
from domain.orders.events import CustomerDecisionRequested, Decision, SubstitutionOffered
from tests.api.world import World, order_view, product
from tests.support.samples import LINES, NOON, ORDER

PATH = f"/v1/orders/{ORDER}"
SHORT = StockBackordered((Backorder("MUG", 1),))
ASKED = CustomerDecisionRequested("reserve#0", Decision.CANCEL, NOON + timedelta(days=2))


async def test_an_order_says_what_its_customer_can_choose(world: World) -> None:
    world.knows(order_view(SHORT, ASKED))
    shown = (await world.call("GET", PATH)).json()
    assert shown["status"] == "awaiting_customer"
    assert shown["decision"] == {
        "options": ["wait", "drop", "cancel"],
        "default": "cancel",
        "deadline": "2026-03-03T12:00:00Z",
        "offers": [],
    }
    assert [line["quantities"]["backordered"] for line in shown["lines"]] == [1, 0]


async def test_an_offer_adds_a_choice(world: World) -> None:
    world.knows(order_view(SHORT, ASKED, SubstitutionOffered("MUG", LINES[1], "operator:eve")))
    asked = (await world.call("GET", PATH)).json()["decision"]
    assert asked["options"][-1] == "substitute"
    assert asked["offers"][0]["substitute"]["unit_price"]["amount"] == "5.00"


async def test_the_customer_decides_and_others_do_not_learn_of_the_order(world: World) -> None:
    world.knows(order_view(SHORT, ASKED))
    assert (await world.call("POST", f"{PATH}/decisions", json={"decision": "drop"})).status_code == 200
    (name, given) = world.gateway.calls[-1]
    assert (name, given["decision"], given["actor"]) == ("decide", Decision.DROP, "customer:c-1")
    other = await world.call("POST", f"{PATH}/decisions", subject="c-2", json={"decision": "drop"})
    assert other.status_code == 404


async def test_an_offer_is_priced_from_the_catalogue_for_as_many_pieces(world: World) -> None:
    world.knows(order_view(SHORT, ASKED))
    world.queries.catalogue["CUP"] = product("CUP", amount="12.00")
    body = {"sku": "MUG", "substitute": "CUP"}
    assert (await world.call("POST", f"{PATH}/offers", role="operator", json=body)).status_code == 200
    (_, given) = world.gateway.calls[-1]
    assert (given["sku"], given["substitute"].quantity, str(given["substitute"].unit_price)) == (
        "MUG",
        2,
        "12.00 EUR",
    )


async def test_an_offer_for_no_line_or_of_no_product_is_refused(world: World) -> None:
    world.knows(order_view(SHORT, ASKED))
    for body, code in (
        ({"sku": "JAR", "substitute": "MUG"}, "line-not-short"),
        ({"sku": "MUG", "substitute": "NONE"}, "unknown-sku"),
        ({"sku": "MUG", "substitute": "no sku"}, "invalid-sku"),
    ):
        answer = await world.call("POST", f"{PATH}/offers", role="operator", json=body)
        assert answer.json()["type"].endswith(code)
